"""Money that goes back to whoever paid it."""

from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.city.people.models import Account
from anlan.foundation.identifiers import new_id
from anlan.foundation.ltree import LTreeField
from anlan.services.prepaid.cards.models import Card
from anlan.services.prepaid.merchants.models import Merchant


class Repayment(models.Model):
    """One refund of a card, with its working as it was shown. Append-only.

    What is owed (`principal` and `interest`) is met from the card's escrow, then from what lies ready for the merchant;
    what neither covers is the `shortfall`, a claim of the holder against the merchant. All in fen.
    """

    class Cause(models.TextChoices):
        SEVEN_DAYS = "seven_days", _("within seven days, without a reason")
        CONSUMER = "consumer", _("for the consumer's reasons")
        OPERATOR = "operator", _("for the merchant's reasons")
        VOID = "void", _("the contract is void")
        CLOSED = "closed", _("the shop has closed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    card = models.ForeignKey(Card, models.PROTECT, related_name="repayments")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    holder = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    area = LTreeField()
    cause = models.CharField(max_length=10, choices=Cause.choices)
    principal = models.PositiveBigIntegerField()
    interest = models.PositiveBigIntegerField(default=0)
    from_escrow = models.PositiveBigIntegerField()
    from_merchant = models.PositiveBigIntegerField(default=0)
    shortfall = models.PositiveBigIntegerField(default=0)
    working = models.JSONField()
    at = models.DateTimeField()
    by = models.UUIDField(null=True, help_text=_("account; empty: the program"))
    key = models.CharField(max_length=200, unique=True, help_text=_("idempotency key"))

    card_id: UUID
    merchant_id: UUID
    holder_id: UUID | None

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="prepaid_repayment_adds_up",
                condition=Q(principal=F("from_escrow") + F("from_merchant") + F("shortfall") - F("interest")),
            )
        ]
