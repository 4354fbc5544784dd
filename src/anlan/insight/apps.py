from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InsightConfig(AppConfig):
    name = "anlan.insight"
    label = "insight"
    verbose_name = _("Insight")

    def ready(self) -> None:
        from anlan.city.people.access import DISPATCHER, SUPERVISOR
        from anlan.foundation import rules
        from anlan.insight.topics.counting import count_asked
        from anlan.insight.topics.night import look_tonight
        from anlan.loop import rooms, worker

        rules.register("anlan.insight.topics")
        rooms.register(rooms.Room("overview", _("Overview"), DISPATCHER | SUPERVISOR))
        rooms.register(rooms.Room("topics", _("Topics"), DISPATCHER | SUPERVISOR))
        worker.register(worker.Job("topics", look_tonight, pause=600))
        worker.register(worker.Job("topics-asked", count_asked, pause=2))
