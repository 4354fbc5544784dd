from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from anlan.foundation import rules


class DispatchConfig(AppConfig):
    name = "anlan.services.dispatch"
    label = "dispatch"
    verbose_name = _("Dispatch")

    def ready(self) -> None:
        from anlan.city.areas import grid_changes
        from anlan.city.people.access import DISPATCHER, RESPONDER, SUPERVISOR, Role
        from anlan.loop import rooms, worker
        from anlan.services.dispatch import (
            grid_following,
            procedure,  # noqa: F401 - declaring it registers it
        )
        from anlan.services.dispatch.actions import direct_waiting

        rules.register(self.name)
        grid_changes.follow_with(grid_following.follow)
        worker.register(worker.Job("dispatch", direct_waiting, pause=1))
        rooms.register(rooms.Room("board", _("Command board"), DISPATCHER | SUPERVISOR))
        rooms.register(rooms.Room("tasks", _("My tasks"), RESPONDER))
        inside = "administration"
        rooms.register(rooms.Room("routes", _("Routing table"), Role.ADMINISTRATOR, inside=inside))
