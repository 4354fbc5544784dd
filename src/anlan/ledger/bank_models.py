"""Where the ledger meets the bank: money that leaves, and what the bank's own files say."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.foundation.identifiers import new_id
from anlan.ledger.limits import TEXT_LENGTH


class Payout(models.Model):
    """Money on its way out. Its id is that of the pending transfer, and the reference the bank knows it by.

    `to` is the payee as the adapter understands it, a token rather than an account number.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting for the bank")
        PAID = "paid", _("paid out")
        REFUSED = "refused", _("refused by the bank")

    id = models.UUIDField(primary_key=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    to = models.CharField(max_length=TEXT_LENGTH)
    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text=_("when it is tried next"))
    attempts = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=TEXT_LENGTH, blank=True, help_text=_("what the bank answered"))

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="payout_due", condition=Q(state="queued"))]

    def __str__(self) -> str:
        return str(self.id)


class Comparison(models.Model):
    """One line of a bank's file, or one of the ledger's, and whether the other side has it too.

    `row` tells the bank's lines apart: importing a file twice changes nothing. What does not match stays open until
    somebody settles it with a reason. Amounts are the bank's: what came in is above zero.
    """

    class Kind(models.TextChoices):
        MATCHED = "matched", _("the same on both sides")
        DIFFERENT = "different", _("another amount")
        ONLY_BANK = "only_bank", _("missing in the ledger")
        ONLY_LEDGER = "only_ledger", _("missing at the bank")

    id = models.UUIDField(primary_key=True, default=new_id)
    account = models.UUIDField()
    kind = models.CharField(max_length=11, choices=Kind.choices)
    row = models.BinaryField(max_length=32, null=True)
    day = models.DateField()
    reference = models.CharField(max_length=TEXT_LENGTH, blank=True)
    text = models.CharField(max_length=TEXT_LENGTH, blank=True)
    bank_amount = models.BigIntegerField(null=True)
    entry = models.UUIDField(null=True)
    ledger_amount = models.BigIntegerField(null=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.UUIDField(null=True)
    reason = models.CharField(max_length=TEXT_LENGTH, blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "day"], name="comparison_day")]
        constraints = [
            models.UniqueConstraint(fields=["account", "row"], name="comparison_row_once"),
            models.UniqueConstraint(fields=["account", "entry"], name="comparison_entry_once"),
            models.CheckConstraint(
                condition=~Q(kind="matched") | Q(bank_amount=F("ledger_amount")), name="comparison_matched"
            ),
            models.CheckConstraint(
                condition=Q(settled_at=None) | ~Q(reason=""), name="comparison_settled_with_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"
