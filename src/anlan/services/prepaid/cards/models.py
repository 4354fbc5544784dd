"""Cards, the payments into them, what they were used for, and everything that happened to them.

The money of a card lies in an escrow account of its own in the ledger, so that `paid in = escrow + used + refunded`
holds for each card alone. A use takes money out only when the consumer has confirmed it: the constraint
`prepaid_use_confirmed_is_posted` ties the one to the other.

Who sees a row (second lock, the row policy): the holder, the staff of the merchant, and whoever holds a posting over
the shop's area. `area`, `merchant_id` and `holder_id` are kept in each table so that the policy needs no second one.
"""

from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.city.people.models import Account
from anlan.foundation.identifiers import new_id
from anlan.foundation.ltree import LTreeField
from anlan.foundation.sealing.fields import SealedTextField
from anlan.services.prepaid.merchants.models import Merchant, Shop, Taking
from anlan.services.prepaid.offers.models import Offer


class Card(models.Model):
    """A card, in somebody's telephone or in their hand.

    `number` is printed and read aloud; a reissue gives a new one and counts `generation` up, so that the old plastic
    and every QR code made for it are worth nothing, while the money stays where it is.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for the guardian")
        ACTIVE = "active", _("in use")
        FROZEN = "frozen", _("reported lost")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(max_length=16, unique=True)
    generation = models.PositiveIntegerField(default=0)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="cards")
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="cards", help_text=_("where it was bought"))
    area = LTreeField()
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Offer.Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    named = models.BooleanField(default=True)
    holder = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="+")
    holder_name = SealedTextField(null=True, blank=True)
    holder_phone = SealedTextField(null=True, blank=True)
    holder_phone_index = models.BinaryField(max_length=32, null=True, blank=True, db_index=True)
    holder_id_number = SealedTextField(null=True, blank=True)
    guardian_name = SealedTextField(null=True, blank=True)
    guardian_phone = SealedTextField(null=True, blank=True)
    escrow = models.UUIDField(unique=True, help_text=_("ledger account"))
    pin = models.CharField(max_length=128, blank=True, help_text=_("hashed; empty: no PIN"))
    pin_failures = models.PositiveSmallIntegerField(default=0)
    pin_locked_until = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField()
    expires_on = models.DateField(null=True, blank=True, help_text=_("last day of use; empty: never"))
    closed_at = models.DateTimeField(null=True, blank=True)

    merchant_id: UUID
    shop_id: UUID
    offer_id: UUID
    holder_id: UUID | None

    class Meta:
        indexes = [
            models.Index(fields=["shop", "-made_at"], name="prepaid_card_of_shop"),
            models.Index(fields=["holder", "-made_at"], name="prepaid_card_of_holder"),
        ]
        constraints = [
            models.CheckConstraint(
                name="prepaid_card_closed_has_moment",
                condition=Q(state="closed", closed_at__isnull=False) | (~Q(state="closed") & Q(closed_at=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"····{self.number[-4:]}"


class Lot(models.Model):
    """One payment into a card, with the contract it was made under; lots are used first in, first out.

    `paid` is P and `gift` G of the refund rules, both fen. What can be used is counted in `face`: fen of P + G, or
    sessions, or the days of a term. `drawn` of it has been used, and `released` fen of P went to the merchant for it:
    always round_half_up(P x drawn / face), so that the last fen goes with the last use and splitting a use into two
    changes nothing.
    """

    class Standing(models.TextChoices):
        VALID = "valid", _("valid")
        WAITING = "waiting", _("waits for the guardian")
        VOID = "void", _("void")
        ENDED = "ended", _("ended")

    class PaidBy(models.TextChoices):
        PLATFORM = "platform", _("payment platform")
        TRANSFER = "transfer", _("bank transfer")
        CARD = "card", _("bank card")
        CASH = "cash", _("cash")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    card = models.ForeignKey(Card, models.PROTECT, related_name="lots")
    number = models.PositiveSmallIntegerField(help_text=_("1, 2, … within the card"))
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="lots")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    holder = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    area = LTreeField()
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+", db_index=False)
    standing = models.CharField(max_length=8, choices=Standing.choices, default=Standing.VALID)
    paid = models.PositiveBigIntegerField(help_text=_("fen"))
    gift = models.PositiveBigIntegerField(default=0, help_text=_("fen"))
    discount_percent = models.PositiveSmallIntegerField(default=100)
    face = models.PositiveBigIntegerField(help_text=_("what it holds: fen, sessions or days, by the kind of card"))
    drawn = models.PositiveBigIntegerField(default=0)
    released = models.PositiveBigIntegerField(default=0, help_text=_("fen paid to the merchant"))
    refunded = models.PositiveBigIntegerField(default=0, help_text=_("fen paid back to the payer"))
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text=_("last day of a term"))
    paid_at = models.DateTimeField()
    paid_by = models.CharField(max_length=8, choices=PaidBy.choices)
    payer = SealedTextField(null=True, blank=True, help_text=_("the account the money came from"))
    taking = models.OneToOneField(Taking, models.PROTECT, related_name="+")
    transfer = models.UUIDField(unique=True, help_text=_("ledger: the money coming in"))
    refund_at_used_price = models.BooleanField(default=False)
    agreed_rate = models.DecimalField(max_digits=7, decimal_places=5, null=True, blank=True, help_text=_("a year"))
    # Had the consumer had the same goods or service before? Then the seven days do not hold (法释〔2025〕4号 14).
    had_before = models.BooleanField(default=False)
    contract = models.JSONField(help_text=_("what was agreed, as it was shown"))
    contract_digest = models.BinaryField(max_length=32)
    key = models.CharField(max_length=200, help_text=_("idempotency key"))

    card_id: UUID
    shop_id: UUID
    merchant_id: UUID
    holder_id: UUID | None
    offer_id: UUID

    class Meta:
        indexes = [models.Index(fields=["shop", "-paid_at"], name="prepaid_lot_of_shop")]
        constraints = [
            models.UniqueConstraint(fields=["card", "number"], name="prepaid_lot_numbered"),
            models.UniqueConstraint(fields=["shop", "key"], name="prepaid_lot_once"),
            models.CheckConstraint(name="prepaid_lot_paid", condition=Q(paid__gt=0, face__gt=0)),
            models.CheckConstraint(name="prepaid_lot_not_overdrawn", condition=Q(drawn__lte=F("face"))),
            models.CheckConstraint(name="prepaid_lot_money_kept", condition=Q(paid__gte=F("released") + F("refunded"))),
            models.CheckConstraint(name="prepaid_lot_waiting_is_unused", condition=~Q(standing="waiting") | Q(drawn=0)),
        ]

    def __str__(self) -> str:
        return f"{self.card_id} {self.number}"

    @property
    def promised(self) -> int:
        """Fen that may be spent beyond what was paid: the gift, and what a discount saves."""
        return self.gift + self.paid * (100 - self.discount_percent) // self.discount_percent


class Use(models.Model):
    """What a merchant proposes to take off a card, and what became of it.

    `list_price` is u of the refund rules (before discount), `price` d, `face` f: what is taken off the card, in fen of
    a stored value, in sessions, or 0 of a term. `money` fen went to the merchant when the consumer confirmed.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("waits for confirmation")
        CONFIRMED = "confirmed", _("confirmed")
        REFUSED = "refused", _("refused by the consumer")
        WITHDRAWN = "withdrawn", _("withdrawn by the merchant")
        LAPSED = "lapsed", _("not confirmed in time")

    class How(models.TextChoices):
        TAP = "tap", _("one tap")
        CODE = "code", _("one-time code")
        PIN = "pin", _("card and PIN")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    card = models.ForeignKey(Card, models.PROTECT, related_name="uses")
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="uses")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    holder = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    area = LTreeField()
    item = models.CharField(max_length=120)
    list_price = models.PositiveBigIntegerField(help_text=_("fen, before discount"))
    price = models.PositiveBigIntegerField(help_text=_("fen, after discount"))
    face = models.PositiveBigIntegerField(help_text=_("taken off the card"))
    money = models.PositiveBigIntegerField(default=0, help_text=_("fen paid to the merchant"))
    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED)
    proposed_at = models.DateTimeField()
    proposed_by = models.UUIDField(help_text=_("account or till"))
    lapses_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    confirmed_how = models.CharField(max_length=4, choices=How.choices, blank=True)
    confirmed_by = models.UUIDField(null=True, blank=True, help_text=_("account; empty at the counter"))
    transfer = models.UUIDField(null=True, blank=True, unique=True, help_text=_("ledger; empty where it cost nothing"))
    key = models.CharField(max_length=200, help_text=_("idempotency key"))

    card_id: UUID
    shop_id: UUID
    merchant_id: UUID
    holder_id: UUID | None

    class Meta:
        indexes = [
            models.Index(fields=["card", "-proposed_at"], name="prepaid_use_of_card"),
            models.Index(fields=["shop", "-settled_at"], name="prepaid_use_of_shop", condition=Q(state="confirmed")),
            models.Index(fields=["lapses_at"], name="prepaid_use_waiting", condition=Q(state="proposed")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["shop", "key"], name="prepaid_use_once"),
            models.CheckConstraint(name="prepaid_use_not_above_list", condition=Q(price__lte=F("list_price"))),
            models.CheckConstraint(
                name="prepaid_use_confirmed_is_posted",
                condition=Q(state="confirmed", settled_at__isnull=False, confirmed_how__gt="")
                & (Q(money=0, transfer=None) | Q(money__gt=0, transfer__isnull=False))
                | (~Q(state="confirmed") & Q(confirmed_how="", confirmed_by=None, transfer=None, money=0)),
            ),
            models.CheckConstraint(
                name="prepaid_use_settled_has_moment",
                condition=Q(state="proposed", settled_at=None) | (~Q(state="proposed") & Q(settled_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.item


class Drawn(models.Model):
    """What one confirmed use took from one lot: its share of u, d and f, and of the money. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    use = models.ForeignKey(Use, models.PROTECT, related_name="drawn")
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="uses")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    holder = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    area = LTreeField()
    list_price = models.PositiveBigIntegerField()
    price = models.PositiveBigIntegerField()
    face = models.PositiveBigIntegerField()
    money = models.PositiveBigIntegerField()

    use_id: UUID
    lot_id: UUID

    class Meta:
        constraints = [models.UniqueConstraint(fields=["use", "lot"], name="prepaid_drawn_once")]


class CardEvent(models.Model):
    """One line of a card's history, also of what was refused. Append-only; names nobody but accounts by number."""

    class Kind(models.TextChoices):
        BOUGHT = "bought", _("bought")
        TOPPED_UP = "topped_up", _("topped up")
        CONSENTED = "consented", _("guardian consented")
        VOIDED = "voided", _("contract void")
        TRANSFERRED = "transferred", _("transferred")
        LOST = "lost", _("reported lost")
        FOUND = "found", _("found again")
        REISSUED = "reissued", _("reissued")
        EXTENDED = "extended", _("activated again")
        PIN_SET = "pin_set", _("PIN set")
        PIN_LOCKED = "pin_locked", _("PIN locked")
        REFUSED = "refused", _("attempt refused")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    card = models.ForeignKey(Card, models.PROTECT, related_name="events")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    holder = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    area = LTreeField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.UUIDField(null=True, help_text=_("account or till; empty: the program"))
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["card", "-at"], name="prepaid_event_of_card")]


class ConfirmationCode(models.Model):
    """A code sent to the holder's telephone for one use; only its keyed digest is kept, for minutes and a few tries."""

    use = models.OneToOneField(Use, models.CASCADE, primary_key=True, related_name="code")
    code = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    use_id: UUID


class SpentToken(models.Model):
    """A QR code that was shown and read: each is good for one reading. Kept until it would have run out anyway."""

    nonce = models.CharField(primary_key=True, max_length=32)
    until = models.DateTimeField(db_index=True)
