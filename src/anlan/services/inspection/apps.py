from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from anlan.foundation import rules


class InspectionConfig(AppConfig):
    name = "anlan.services.inspection"
    label = "inspection"
    verbose_name = _("Address inspection")

    def ready(self) -> None:
        from anlan.loop import rooms, worker
        from anlan.services.inspection import procedure  # noqa: F401 - declaring it registers it
        from anlan.services.inspection.access import INSPECTORS
        from anlan.services.inspection.detection import inspect_nightly
        from anlan.services.inspection.rounds import send_waiting

        rules.register(self.name)
        worker.register(worker.Job("address-inspection", inspect_nightly, pause=600))
        worker.register(worker.Job("spot-checks", send_waiting, pause=5))
        rooms.register(rooms.Room("inspection", _("Address inspection"), INSPECTORS, general=True))
