from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegulationsConfig(AppConfig):
    name = "anlan.city.regulations"
    label = "regulations"
    verbose_name = _("The city's own rules")

    def ready(self) -> None:
        from anlan.city.regulations.versions import of_the_city
        from anlan.foundation import rules

        rules.provide(of_the_city)
