from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from anlan.foundation import rules


class AddressingConfig(AppConfig):
    name = "anlan.services.addressing"
    label = "addressing"
    verbose_name = _("Addresses")

    def ready(self) -> None:
        from anlan.loop import rooms, worker
        from anlan.services.addressing import batch_work
        from anlan.services.addressing.pages import READERS

        rules.register(self.name)
        rooms.register(rooms.Room("addresses", _("Addresses"), READERS, general=True))
        worker.register(worker.Job("addresses", batch_work.work, pause=1))
