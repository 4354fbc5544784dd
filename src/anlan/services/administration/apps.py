from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AdministrationConfig(AppConfig):
    name = "anlan.services.administration"
    label = "administration"
    verbose_name = _("Administration")

    def ready(self) -> None:
        from anlan.city.areas import grid_changes
        from anlan.city.areas.changes import carry_out
        from anlan.city.people.access import Role
        from anlan.loop import clock, rooms, worker
        from anlan.loop.administering import ADMINISTRATION
        from anlan.services.administration import grid_following
        from anlan.services.administration.log import READERS

        worker.register(worker.Job("areas", lambda: carry_out(clock.today()), pause=600))
        worker.register(worker.Job("grids", lambda: grid_changes.carry_out(clock.today(), clock.now()), pause=60))
        grid_changes.follow_with(grid_following.follow)
        administrator = Role.ADMINISTRATOR
        rooms.register(rooms.Room(ADMINISTRATION, _("Administration"), administrator, general=True))
        rooms.register(rooms.Room("audit-log", _("Audit log"), Role.AUDITOR, general=True))
        inside = (
            (ADMINISTRATION, _("Overview"), administrator),
            ("areas", _("Areas"), administrator),
            ("organisations", _("Organisations"), administrator),
            ("units", _("Units"), administrator),
            ("accounts", _("Accounts"), administrator),
            ("rules", _("Deadlines and rules"), administrator),
            ("audit-log", _("Audit log"), READERS),
        )
        for name, label, roles in inside:
            rooms.register(rooms.Room(name, label, roles, inside=ADMINISTRATION))
