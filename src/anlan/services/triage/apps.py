from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TriageConfig(AppConfig):
    name = "anlan.services.triage"
    label = "triage"
    verbose_name = _("Triage")

    def ready(self) -> None:
        from anlan.loop import suggestions
        from anlan.services.triage.city import category_tree, triage_here

        suggestions.provide_triage(triage_here)
        suggestions.provide_categories(category_tree)
