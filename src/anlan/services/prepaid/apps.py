from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from anlan.foundation import rules


class PrepaidConfig(AppConfig):
    name = "anlan.services.prepaid"
    label = "prepaid"
    verbose_name = _("Prepaid cards")

    def ready(self) -> None:
        from anlan.loop import rooms, worker
        from anlan.services.prepaid.audit.pages import AUDITORS
        from anlan.services.prepaid.cards.capacity import let_unanswered_go
        from anlan.services.prepaid.cards.numbers import forget_spent
        from anlan.services.prepaid.cards.using import lapse_due
        from anlan.services.prepaid.colour.recolouring import judge_nightly, judge_stale
        from anlan.services.prepaid.desk.access import DESK
        from anlan.services.prepaid.merchants import paying_out
        from anlan.services.prepaid.merchants.machines import send_due
        from anlan.services.prepaid.supervision import carrying_out, closings, holders, model_night, warnings

        rules.register(self.name)
        worker.register(worker.Job("prepaid-proposals", lapse_due, pause=5))
        worker.register(worker.Job("prepaid-guardians", let_unanswered_go, pause=600))
        worker.register(worker.Job("prepaid-codes", forget_spent, pause=600))
        worker.register(worker.Job("prepaid-colours", judge_stale, pause=0.25))
        worker.register(worker.Job("prepaid-colours-nightly", judge_nightly, pause=600))
        worker.register(worker.Job("prepaid-webhooks", send_due, pause=2))
        worker.register(worker.Job("prepaid-earnings", paying_out.pay_out_merchants, pause=3600))
        worker.register(worker.Job("prepaid-bank", paying_out.send_to_bank, pause=5))
        worker.register(worker.Job("prepaid-warnings", warnings.raise_due, pause=1))
        worker.register(worker.Job("prepaid-decisions", carrying_out.carry_out_due, pause=0.5))
        worker.register(worker.Job("prepaid-closings", closings.repay_due, pause=2))
        worker.register(worker.Job("prepaid-model", model_night.look_tonight, pause=600))
        worker.register(worker.Job("prepaid-holders", holders.send_due, pause=5))
        rooms.register(rooms.Room("prepaid", _("Prepaid cards"), DESK, general=True))
        rooms.register(rooms.Room("books", _("Books"), AUDITORS, general=True, the_city=True))
