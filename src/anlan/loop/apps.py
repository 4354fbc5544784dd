from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from anlan.foundation import rules


class LoopConfig(AppConfig):
    name = "anlan.loop"
    label = "loop"
    verbose_name = _("The closed loop")

    def ready(self) -> None:
        from anlan.city.people.access import DISPATCHER, SUPERVISOR, Role
        from anlan.ledger import moments
        from anlan.loop import clock, rooms
        from anlan.loop.notice_centre import TOLD

        desk = DISPATCHER | SUPERVISOR | Role.ADMINISTRATOR | Role.AUDITOR
        rooms.register(rooms.Room("matters", _("Matters"), desk, general=True))
        rooms.register(rooms.Room("notices", _("Notices"), TOLD, general=True))
        rules.register(self.name)
        moments.provide(clock.now)
