"""Which matter is about which shop, and what holders are told when a shop closes."""

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.foundation.identifiers import new_id
from anlan.foundation.ltree import LTreeField
from anlan.loop.models import Matter
from anlan.services.prepaid.cards.models import Card
from anlan.services.prepaid.merchants.models import Merchant, Shop


class ShopMatter(models.Model):
    """A matter about a shop: a complaint, or one of the procedures of `supervision`.

    `carried_out` is the last line of its history whose effect on money and colours the program has brought about;
    `ended_at` is set once the matter is closed and nothing is left to be done.
    """

    class Kind(models.TextChoices):
        COMPLAINT = "complaint", _("complaint")
        WARNING = "warning", _("warning")
        APPEAL = "appeal", _("appeal")
        CLOSING = "closing", _("closing")

    class Signal(models.TextChoices):
        """What it was opened by."""

        RULES = "rules", _("indicators and thresholds")
        MODEL = "model", _("the model")
        PERSON = "person", _("a person")

    matter = models.OneToOneField(Matter, models.PROTECT, primary_key=True, related_name="+")
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="matters")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    area = LTreeField()
    kind = models.CharField(max_length=9, choices=Kind.choices)
    signal = models.CharField(max_length=6, choices=Signal.choices)
    reasons = models.JSONField(default=list, help_text=_("as the colour's: indicator, value, threshold"))
    opened_at = models.DateTimeField()
    carried_out = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)

    matter_id: UUID
    shop_id: UUID
    merchant_id: UUID

    class Meta:
        indexes = [models.Index(fields=["kind", "-opened_at"], name="prepaid_matter_of_kind")]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "kind"],
                condition=Q(ended_at=None) & ~Q(kind="complaint"),
                name="prepaid_one_open_matter_of_kind",
            )
        ]


class HolderNotice(models.Model):
    """What the holder of a card is told about a closing, until it has arrived or was given up."""

    class About(models.TextChoices):
        CLOSING = "closing", _("the shop will close")
        REPAID = "repaid", _("paid back after the closing")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    card = models.ForeignKey(Card, models.PROTECT, related_name="notices")
    area = LTreeField()
    about = models.CharField(max_length=7, choices=About.choices)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text=_("empty: arrived or given up"))
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    card_id: UUID

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="prepaid_notice_due", condition=Q(due_at__isnull=False))]
        constraints = [models.UniqueConstraint(fields=["card", "about"], name="prepaid_holder_told_once")]
