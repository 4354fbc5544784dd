from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out


class WebConfig(AppConfig):
    name = "anlan.web"
    label = "web"

    def ready(self) -> None:
        from anlan.loop import worker
        from anlan.web.account import forget_ended_sessions
        from anlan.web.live.viewers import tell_of_sign_out

        worker.register(worker.Job("sessions", forget_ended_sessions, pause=3600))
        user_logged_out.connect(tell_of_sign_out)
