"""Merchants, their shops and staff, what public registers say of them, and the machines at their counters.

Merchants and shops are public: anybody may look before paying ahead. Money is integer fen everywhere.
"""

from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.city.people.models import Account
from anlan.foundation.identifiers import new_id
from anlan.foundation.ltree import LTreeField
from anlan.foundation.sealing.fields import SealedTextField


class Colour(models.TextChoices):
    """The three-colour code of a shop. What each means is a setting of the city, no law names it."""

    GREEN = "green", _("green")
    YELLOW = "yellow", _("yellow")
    RED = "red", _("red")


class Treasury(models.Model):
    """The ledger's accounts that are nobody's own, for each currency: the bank outside, and refunds to be paid out."""

    currency = models.CharField(primary_key=True, max_length=3, default="CNY")
    bank = models.UUIDField()
    refunds = models.UUIDField()

    def __str__(self) -> str:
        return self.currency


class Merchant(models.Model):
    """A business that takes money ahead, as the market register knows it."""

    class Kind(models.TextChoices):
        ENTERPRISE = "enterprise", _("enterprise")
        OTHER = "other", _("other operator")

    class Issuer(models.TextChoices):
        """The classes of 单用途商业预付卡管理办法(试行); the escrow ratio depends on it."""

        GROUP = "group", _("group issuer")
        BRAND = "brand", _("brand issuer")
        SCALE = "scale", _("scale issuer")
        SMALL = "small", _("other issuer")

    class Trade(models.TextChoices):
        RETAIL = "retail", _("retail")
        CATERING = "catering", _("catering")
        LODGING = "lodging", _("accommodation")
        HAIR = "hair", _("hair and beauty")
        FITNESS = "fitness", _("fitness")
        TUTORING = "tutoring", _("off-campus tutoring (school pupils)")
        TRAINING = "training", _("other training")
        CARE = "care", _("care of the elderly")
        CHILDCARE = "childcare", _("childcare")
        HOUSEHOLD = "household", _("household and repair services")
        OTHER = "other", _("other trade")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    credit_code = models.CharField(max_length=18, unique=True, help_text=_("unified social credit code"))
    kind = models.CharField(max_length=10, choices=Kind.choices)
    trade = models.CharField(max_length=10, choices=Trade.choices)
    issuer = models.CharField(max_length=5, choices=Issuer.choices, default=Issuer.SMALL)
    area = LTreeField(help_text=_("where it is registered"))
    licensed_on = models.DateField()
    registered_capital = models.PositiveBigIntegerField(null=True, help_text=_("fen"))
    revenue_last_year = models.PositiveBigIntegerField(null=True, help_text=_("fen, main business"))
    # The money of every card is kept apart here; this says that a third party keeps it by contract, which lifts limits.
    third_party_custody = models.BooleanField(default=False)
    representative = SealedTextField(null=True, blank=True)
    contact_phone = SealedTextField(null=True, blank=True)
    payable = models.UUIDField(unique=True, help_text=_("ledger account that confirmed uses are paid to"))
    joined_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Taking(models.Model):
    """When a shop took money ahead, and the spans in which it must not: the database refuses that the two meet.

    A payment is a row whose span is one moment, a stop a row whose span is open until it is lifted. `stops` tells them
    apart, and the constraint forbids rows of different kinds to overlap within one shop. So no payment can slip in
    while a shop is red, whichever program writes it and however many do so at once.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    shop = models.ForeignKey("Shop", models.PROTECT, related_name="takings", db_index=False)
    span = DateTimeRangeField(default_bounds="[]")
    # A number, since an index over ranges knows numbers in every version.
    stops = models.PositiveSmallIntegerField(choices=((0, _("payment")), (1, _("stop"))))
    why = models.CharField(max_length=200, blank=True)

    shop_id: UUID

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="prepaid_taking_not_while_stopped",
                expressions=[
                    ("shop", RangeOperators.EQUAL),
                    ("span", RangeOperators.OVERLAPS),
                    ("stops", RangeOperators.NOT_EQUAL),
                ],
            ),
            models.CheckConstraint(name="prepaid_taking_is_payment_or_stop", condition=Q(stops__in=(0, 1))),
            models.CheckConstraint(name="prepaid_stop_says_why", condition=Q(stops=0) | Q(why__gt="")),
        ]


class Shop(models.Model):
    """A place of a merchant. Its colour is changed by `merchants.colours.set_colours` alone, which also writes the
    stop; a red shop without its stop is refused by constraint."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="shops")
    name = models.CharField(max_length=120)
    code = models.CharField(max_length=16, unique=True, help_text=_("on the door and in the QR code; public"))
    area = LTreeField()
    address = models.CharField(max_length=200, blank=True)
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    phone = models.CharField(max_length=30, blank=True, help_text=_("of the shop; public"))
    opened_on = models.DateField()
    # Announced when a closing is announced ahead, the last day of service; `closed_at` when it is found closed.
    closes_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    colour = models.CharField(max_length=6, choices=Colour.choices, default=Colour.GREEN)
    colour_since = models.DateTimeField()
    stop = models.OneToOneField(Taking, models.PROTECT, null=True, blank=True, related_name="+")

    merchant_id: UUID
    stop_id: UUID | None

    class Meta:
        indexes = [
            models.Index(fields=["area"], name="prepaid_shop_area"),
            models.Index(fields=["colour", "-colour_since"], name="prepaid_shop_colour", condition=~Q(colour="green")),
        ]
        constraints = [
            models.CheckConstraint(
                name="prepaid_red_shop_is_stopped",
                condition=Q(colour="red", stop__isnull=False) | (~Q(colour="red") & Q(stop=None)),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """Who works at a merchant's counter, from one moment to another; an owner at all its shops."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        CASHIER = "cashier", _("cashier")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="members")
    shop = models.ForeignKey(Shop, models.PROTECT, null=True, blank=True, help_text=_("empty: all shops"))
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    role = models.CharField(max_length=8, choices=Role.choices)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    merchant_id: UUID
    shop_id: UUID | None
    account_id: UUID

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "account"], condition=Q(until=None), name="prepaid_member_once_at_a_time"
            )
        ]


class RegisterEntry(models.Model):
    """What a public register says of a merchant or its representative, from a file or an adapter, with its source."""

    class Register(models.TextChoices):
        DISHONEST = "dishonest", _("judgment defaulters (失信被执行人)")
        ABNORMAL = "abnormal", _("abnormal operations (经营异常名录)")
        DEREGISTERING = "deregistering", _("being deregistered (注销)")
        PENALTY = "penalty", _("administrative penalty")
        OTHER = "other", _("other register")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="entries")
    register = models.CharField(max_length=14, choices=Register.choices)
    reference = models.CharField(max_length=80, help_text=_("the register's own number of the entry"))
    of_representative = models.BooleanField(default=False)
    entered_on = models.DateField()
    removed_on = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=200)
    read_at = models.DateTimeField()

    merchant_id: UUID

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["register", "reference"], name="prepaid_entry_once"),
            models.CheckConstraint(
                name="prepaid_entry_not_removed_before",
                condition=Q(removed_on=None) | Q(removed_on__gte=models.F("entered_on")),
            ),
        ]


class Till(models.Model):
    """A machine at a shop's counter, known by a key of which only a keyed digest is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="tills")
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="tills")
    name = models.CharField(max_length=60)
    key = models.BinaryField(max_length=32, unique=True, help_text=_("keyed digest"))
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    merchant_id: UUID
    shop_id: UUID

    def __str__(self) -> str:
        return self.name


class Webhook(models.Model):
    """Where a merchant's own system is told what happened to its cards."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="webhooks")
    area = LTreeField()
    address = models.URLField(max_length=300)
    secret = SealedTextField()
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    merchant_id: UUID

    def __str__(self) -> str:
        return self.address


class Delivery(models.Model):
    """One message to a webhook, until it has arrived or was given up. Carries no personal data."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="deliveries")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    area = LTreeField()
    kind = models.CharField(max_length=40)
    body = models.JSONField()
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, help_text=_("empty: arrived or given up"))
    tries = models.PositiveSmallIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    last_fault = models.CharField(max_length=200, blank=True)

    webhook_id: UUID
    merchant_id: UUID

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="prepaid_delivery_due", condition=Q(next_at__isnull=False))]
