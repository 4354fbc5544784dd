"""What the ledger keeps: accounts with their balances, the journal of entries, and each account's chain of lines.

The journal and the lines are never changed: the application's role may only add to them. Both are partitioned by hash,
so that no index grows without end, and no key, lock or reference goes across.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.ledger.bank_models import Comparison as Comparison
from anlan.ledger.bank_models import Payout as Payout
from anlan.ledger.limits import KEY_LENGTH, LARGEST_AMOUNT, TEXT_LENGTH


class Account(models.Model):
    """Whose money it is, and how much. The balance is credits minus debits, in fen.

    `posted` has been booked, `reserved` of it is promised to pending transfers. `seq` and `head` are the number and the
    hash of the account's newest line; before the first one `head` is the digest of the account itself.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=TEXT_LENGTH, blank=True)
    currency = models.CharField(max_length=3)
    may_overdraw = models.BooleanField(help_text=_("stands for the world outside: a bank, a payer"))
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text=_("of the newest line"))
    posted = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0)
    head = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["kind", "currency"], name="account_kind")]
        constraints = [
            models.CheckConstraint(
                condition=Q(may_overdraw=True) | Q(posted__gte=F("reserved")), name="account_not_overdrawn"
            ),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="account_reserved"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.id}"


class Entry(models.Model):
    """One fact of the journal: money moved or held, or what became of held money.

    The key is the sender's: it makes that nothing is booked twice. `digest` is of what was ordered, so that the same
    key with other content is found out. `settles` is the id of the hold that a later entry ends.
    """

    class Kind(models.TextChoices):
        MOVED = "moved", _("booked at once")
        HELD = "held", _("held back")
        POSTED = "posted", _("held, then moved")
        VOIDED = "voided", _("held, then released")
        EXPIRED = "expired", _("held until its time was over")

    key = models.CharField(primary_key=True, max_length=KEY_LENGTH, db_collation="C")
    id = models.UUIDField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=7, choices=Kind.choices)
    debit = models.UUIDField()
    credit = models.UUIDField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=TEXT_LENGTH, blank=True)
    about = models.CharField(max_length=TEXT_LENGTH, blank=True)
    pending_until = models.DateTimeField(null=True)
    settles = models.UUIDField(null=True)
    digest = models.BinaryField(max_length=32)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="entry_id"),
            models.Index(fields=["settles"], name="entry_settles", condition=Q(settles__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, amount__lte=LARGEST_AMOUNT), name="entry_amount"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="entry_two_accounts"),
        ]

    def __str__(self) -> str:
        return self.key


class Line(models.Model):
    """What an entry did to one account, and how the account stood afterwards.

    `at` never runs backwards within an account. `hash` ends a link of the chain: it covers all lines since the link
    before (those that one statement wrote) and is empty on the others.
    """

    pk = models.CompositePrimaryKey("account", "seq")
    account = models.UUIDField()
    seq = models.BigIntegerField()
    entry = models.UUIDField()
    at = models.DateTimeField()
    posted = models.BigIntegerField(help_text=_("change of what is booked"))
    reserved = models.BigIntegerField(help_text=_("change of what is promised"))
    posted_after = models.BigIntegerField()
    reserved_after = models.BigIntegerField()
    hash = models.BinaryField(max_length=32, null=True)

    def __str__(self) -> str:
        return f"{self.account} {self.seq}"


class Hold(models.Model):
    """A pending transfer, until it is posted, voided or expired: what may happen once only begins by removing it."""

    entry = models.UUIDField(primary_key=True)
    debit = models.UUIDField()
    credit = models.UUIDField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["until"], name="hold_until")]

    def __str__(self) -> str:
        return str(self.entry)
