from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InsightConfig(AppConfig):
    name = "anlan.insight"
    label = "insight"
    verbose_name = _("Insight")

    def ready(self) -> None:
        from anlan.city.people.access import DISPATCHER, SUPERVISOR
        from anlan.foundation import rules
        from anlan.loop import rooms

        rules.register("anlan.insight.topics")
        rooms.register(rooms.Room("overview", _("Overview"), DISPATCHER | SUPERVISOR))
