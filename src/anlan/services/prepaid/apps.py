from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from anlan.foundation import rules


class PrepaidConfig(AppConfig):
    name = "anlan.services.prepaid"
    label = "prepaid"
    verbose_name = _("Prepaid cards")

    def ready(self) -> None:
        from anlan.ledger import moments
        from anlan.loop import clock, worker
        from anlan.services.prepaid.cards.capacity import let_unanswered_go
        from anlan.services.prepaid.cards.numbers import forget_spent
        from anlan.services.prepaid.cards.using import lapse_due
        from anlan.services.prepaid.colour.recolouring import judge_stale
        from anlan.services.prepaid.merchants.machines import send_due

        rules.register(self.name)
        moments.provide(clock.now)
        worker.register(worker.Job("prepaid-proposals", lapse_due, pause=5))
        worker.register(worker.Job("prepaid-guardians", let_unanswered_go, pause=600))
        worker.register(worker.Job("prepaid-codes", forget_spent, pause=600))
        worker.register(worker.Job("prepaid-colours", judge_stale, pause=0.25))
        worker.register(worker.Job("prepaid-webhooks", send_due, pause=2))
