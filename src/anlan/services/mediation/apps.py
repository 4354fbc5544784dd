from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from anlan.foundation import rules

EVENTS = {
    "conflict_found": ("发现利害关系", "Conflict of interest found"),
    "conflict_looked_for": ("已核查利害关系", "No conflict of interest found"),
    "conflict_declared": ("申报利害关系", "Conflict of interest declared"),
    "conflict_consented": ("当事人知情同意", "A party consented all the same"),
    "mediator_chosen": ("当事人选择调解员", "A party chose a mediator"),
    "service_rated": ("当事人评价", "A party rated the mediation"),
    "fee_accepted": ("确认调解费用", "Fee accepted"),
    "grade_suggested": ("提示风险等级", "Grade suggested"),
    "attempt_told": ("登记此前化解情况", "Earlier attempt told"),
}
"""What the lines are called that the dispute centre adds to a history besides its steps."""


class MediationConfig(AppConfig):
    name = "anlan.services.mediation"
    label = "mediation"
    verbose_name = _("Dispute centre")

    def ready(self) -> None:
        from anlan.loop import answers, store, worker
        from anlan.services.mediation import models
        from anlan.services.mediation.procedures import (  # noqa: F401 - declaring them registers them
            confirmation,
            court,
            mediation,
            petition,
        )
        from anlan.services.mediation.procedures.rising import raise_failed

        rules.register(self.name)
        answers.name_events(EVENTS)
        store.moves_along(
            *(models.Dispute, models.DisputeGrams, models.Disputant, models.Attempt, models.Conflict, models.Consent),
            *(models.Choice, models.Fee, models.ServiceRating),
        )
        worker.register(worker.Job("dispute-layers", raise_failed, pause=30))
