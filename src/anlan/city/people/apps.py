from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from anlan.foundation import rules


class PeopleConfig(AppConfig):
    name = "anlan.city.people"
    label = "people"
    verbose_name = _("People, units and postings")

    def ready(self) -> None:
        from anlan.city.people import signed_in  # noqa: F401 - it listens for who signs in

        rules.register(self.name)
