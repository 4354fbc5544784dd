"""What a shop took, gave and paid back each day, and how its colour came about."""

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.foundation.identifiers import new_id
from anlan.services.prepaid.merchants.models import Colour, Shop


class TradingDay(models.Model):
    """The sums of one shop and one day of the city's calendar; money in fen.

    Kept by whatever moves money, in its transaction (`trading.note`), and told anew from the ledger and the cards by
    `trading.rebuild`: the two agree to the fen. A card's money counts for the shop that sold it.
    """

    pk = models.CompositePrimaryKey("shop_id", "day")
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    paid_in = models.BigIntegerField(default=0)
    payments = models.IntegerField(default=0)
    promised = models.BigIntegerField(default=0, help_text=_("may be spent beyond what was paid: gifts and discounts"))
    used = models.BigIntegerField(default=0)
    uses = models.IntegerField(default=0)
    paid_back = models.BigIntegerField(default=0)
    refunds = models.IntegerField(default=0)
    declined = models.IntegerField(default=0, help_text=_("uses that were refused or left unconfirmed"))
    complaints = models.IntegerField(default=0)

    shop_id: UUID


class Stale(models.Model):
    """Something has happened to a shop since its colour was last judged. Gone once it has been.

    A row each time, however often: a payment never waits for one that is just being judged.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+", db_index=False)

    shop_id: UUID


class ColourChange(models.Model):
    """One line of the history of a shop's colour. Append-only.

    By the program with its reasons (numbers, thresholds and what would turn it green), or by a person with a note: what
    a person has decided holds until its end, whatever the numbers say.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="colour_changes")
    before = models.CharField(max_length=6, choices=Colour.choices)
    colour = models.CharField(max_length=6, choices=Colour.choices)
    reasons = models.JSONField(default=list)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, help_text=_("holds until then"))
    by = models.UUIDField(null=True, help_text=_("account; empty: the program"))
    note = models.CharField(max_length=500, blank=True)

    shop_id: UUID

    class Meta:
        indexes = [models.Index(fields=["shop", "-at"], name="prepaid_change_of_shop")]
        constraints = [
            models.CheckConstraint(
                name="prepaid_change_by_person_says_why",
                condition=Q(by=None) | (Q(until__isnull=False) & Q(note__gt="")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.before} → {self.colour}"


class NightlyJudging(models.Model):
    """A night in which every shop was judged anew, and how many changed their colour."""

    day = models.DateField(primary_key=True)
    at = models.DateTimeField()
    changed = models.PositiveIntegerField()
