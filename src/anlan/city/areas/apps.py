from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from anlan.foundation import rules


class AreasConfig(AppConfig):
    name = "anlan.city.areas"
    label = "areas"
    verbose_name = _("Areas and grids")

    def ready(self) -> None:
        rules.register(self.name)
