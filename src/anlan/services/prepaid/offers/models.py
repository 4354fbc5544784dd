"""What a merchant sells ahead of time."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.foundation.identifiers import new_id
from anlan.services.prepaid.merchants.models import Merchant, Shop


class Offer(models.Model):
    """An offer with the terms a contract must have (消保法实施条例 22: content, price, refund way, breach liability).

    Once published it is never changed, only withdrawn: every contract made under it is a snapshot of it.
    `price` is P, what is paid ahead; `gift` is G, what may be spent beyond it. Of a discount card every use costs
    `discount_percent` of the list price (80 is 八折).
    """

    class Kind(models.TextChoices):
        STORED = "stored", _("stored value")
        GIFT = "gift", _("stored value with a gift")
        DISCOUNT = "discount", _("stored value with a discount")
        SESSIONS = "sessions", _("a number of sessions")
        TERM = "term", _("unlimited use for a term")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="offers")
    shop = models.ForeignKey(Shop, models.PROTECT, null=True, blank=True, help_text=_("empty: all shops"))
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=80)
    content = models.TextField(help_text=_("what is supplied, how much, of what quality"))
    price = models.PositiveBigIntegerField(help_text=_("fen"))
    gift = models.PositiveBigIntegerField(default=0, help_text=_("fen"))
    discount_percent = models.PositiveSmallIntegerField(default=100)
    sessions = models.PositiveSmallIntegerField(default=0)
    days = models.PositiveSmallIntegerField(default=0, help_text=_("of the term"))
    # What one session, or one visit within a term, costs whoever pays for it alone.
    session_price = models.PositiveBigIntegerField(default=0, help_text=_("fen"))
    named = models.BooleanField(default=True)
    valid_days = models.PositiveIntegerField(null=True, blank=True, help_text=_("empty: never runs out"))
    refund_way = models.TextField()
    breach_liability = models.TextField()
    further_terms = ArrayField(models.TextField(), default=list, blank=True)
    # More favourable to the consumer than the law asks: refunds at used prices whoever ends the contract (安心付).
    refund_at_used_price = models.BooleanField(default=False)
    agreed_rate = models.DecimalField(max_digits=7, decimal_places=5, null=True, blank=True, help_text=_("a year"))
    published_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    merchant_id: UUID
    shop_id: UUID | None

    class Meta:
        constraints = [
            models.CheckConstraint(name="prepaid_offer_costs", condition=Q(price__gt=0, price__lte=10**12)),
            models.CheckConstraint(
                name="prepaid_offer_fits_kind",
                condition=Q(kind="stored", gift=0, discount_percent=100, sessions=0, days=0)
                | Q(kind="gift", gift__gt=0, discount_percent=100, sessions=0, days=0)
                | Q(kind="discount", discount_percent__gt=0, discount_percent__lt=100, sessions=0, days=0)
                | Q(kind="sessions", gift=0, sessions__gt=0, days=0, session_price__gt=0)
                | Q(kind="term", gift=0, sessions=0, days__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return self.name
