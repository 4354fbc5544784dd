from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from anlan.foundation import rules


class LoopConfig(AppConfig):
    name = "anlan.loop"
    label = "loop"
    verbose_name = _("The closed loop")

    def ready(self) -> None:
        rules.register(self.name)
