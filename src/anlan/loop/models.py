"""The loop's nouns. Only the engine writes matters, events and deadlines.

Every table carries the matter's area, because the row policies read it from the row itself; a hand-over moves
it along, except in the history, which keeps where each line was written.
"""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from anlan.city.people.models import Account, Organisation, Unit
from anlan.foundation.identifiers import new_id
from anlan.foundation.ltree import LTreeArrayField, LTreeField
from anlan.foundation.sealing.fields import SealedTextField
from anlan.loop import clock
from anlan.loop.list_models import Export as Export
from anlan.loop.list_models import SavedFilter as SavedFilter
from anlan.loop.notice_models import NoticesRead as NoticesRead
from anlan.loop.procedures import Procedure, State, procedure

if TYPE_CHECKING:
    _Number = models.BigIntegerField[int, int]
else:  # Django's fields can't be subscripted at run time.
    _Number = models.BigIntegerField


CITY_LEVEL = 3
"""Community 0, town 1, district 2, city 3: an area's path is city.district.town.community.grid."""


class Channel(models.TextChoices):
    """How a matter came in."""

    WEB = "web", _("web")
    CODE = "code", _("code")
    SNAP = "snap", _("snap")
    HOTLINE = "hotline", _("hotline")
    POLICE = "police", _("police hand-over")
    PATROL = "patrol", _("patrol")
    WINDOW = "window", _("window")
    COURT = "court", _("court")
    API = "api", _("API")
    FILE = "file", _("file import")


class Rating(models.IntegerChoices):
    """The five levels of satisfaction (GB/T 39735; field rules 7.5). Silence is not a rating."""

    VERY_DISSATISFIED = 1, _("very dissatisfied")
    DISSATISFIED = 2, _("dissatisfied")
    FAIRLY_SATISFIED = 3, _("fairly satisfied")
    SATISFIED = 4, _("satisfied")
    VERY_SATISFIED = 5, _("very satisfied")


class Outcome(models.TextChoices):
    """Settled is not yet solved: both are counted (field rules, K03)."""

    SOLVED = "solved", _("solved")
    EXPLAINED = "explained", _("explained, nothing to be done")
    UNSOLVED = "unsolved", _("not solved")


def _label_of_path(level: int) -> models.GeneratedField:
    """The code at one level of `area`: the plain column that ordinary queries are scoped and sorted by."""
    return models.GeneratedField(
        expression=Func(
            F("area"),
            template=f"nullif(split_part(ltree2text(%(expressions)s), '.', {level}), '')",
            output_field=models.CharField(max_length=17),
        ),
        output_field=models.CharField(max_length=17),
        db_persist=True,
    )


class TransactionField(_Number):
    """The number of the transaction that wrote a row, as the database counts them; it never starts over."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "xid8"


class Matter(models.Model):
    """One thing to be settled, from first word to rating."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.BigIntegerField(
        unique=True,
        editable=False,
        db_default=Func(template="nextval('loop_matter_number')", output_field=models.BigIntegerField()),
    )
    procedure = models.CharField(max_length=40)
    state = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=1, help_text=_("events so far; the lock of a stale page"))
    head = models.BinaryField(help_text=_("hash of the latest event"))

    channel = models.CharField(max_length=10, choices=Channel.choices)
    source_id = models.CharField(max_length=80, blank=True, help_text=_("its number in the system it came from"))
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    klass = models.CharField(max_length=10)
    category = models.CharField(max_length=60)
    severity = models.PositiveSmallIntegerField()

    area = LTreeField()
    district = _label_of_path(2)
    town = _label_of_path(3)
    community = _label_of_path(4)
    shared_with = LTreeArrayField(default=list)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    address = models.CharField(max_length=200, blank=True)

    # Every index costs each new matter; these have partial ones below, or are never looked up.
    responsible = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="matters", db_index=False)
    reporter = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+", db_index=False)
    tracking_index = models.BinaryField(null=True, unique=True)
    tracking = SealedTextField(null=True)

    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children", db_index=False)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged", db_index=False)
    returns = models.PositiveSmallIntegerField(default=0)
    reopened = models.PositiveSmallIntegerField(default=0)
    escalation = models.PositiveSmallIntegerField(default=0)
    rating = models.PositiveSmallIntegerField(null=True, choices=Rating.choices)
    outcome = models.CharField(max_length=10, blank=True, choices=Outcome.choices)

    opened_at = models.DateTimeField()
    state_since = models.DateTimeField()
    suspended_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    unit_id: UUID | None
    reporter_id: UUID | None
    responsible_id: UUID | None
    parent_id: UUID | None
    merged_into_id: UUID | None

    class Meta:
        indexes = [
            models.Index(fields=["-opened_at"], name="matter_newest"),
            models.Index(fields=["district", "-opened_at"], name="matter_newest_district"),
            models.Index(fields=["town", "-opened_at"], name="matter_newest_town"),
            models.Index(fields=["community", "-opened_at"], name="matter_newest_community"),
            # What is open is a hundredth of what there is: a desk finds its own by the first, what it helps with by the
            # second.
            models.Index(fields=["district", "town"], name="matter_open_place", condition=Q(closed_at=None)),
            models.Index(
                fields=["area"], name="matter_open_shared", condition=Q(closed_at=None, shared_with__empty=False)
            ),
            models.Index(fields=["unit"], name="matter_in_hand", condition=Q(closed_at=None, unit__isnull=False)),
            models.Index(fields=["reporter"], name="matter_reported_by", condition=Q(reporter__isnull=False)),
            models.Index(fields=["parent"], name="matter_children", condition=Q(parent__isnull=False)),
            models.Index(fields=["merged_into"], name="matter_merged", condition=Q(merged_into__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="matter_rating_five_levels", condition=Q(rating=None) | Q(rating__range=(1, 5))
            ),
            models.CheckConstraint(name="matter_severity_four", condition=Q(severity__range=(1, 4))),
            models.CheckConstraint(name="matter_not_merged_into_itself", condition=~Q(merged_into=F("id"))),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """The short number that is read aloud: day of opening and running number."""
        return f"{clock.local(self.opened_at):%y%m%d}-{self.number}"

    @property
    def town_path(self) -> str:
        """The path of the town it lies in; of the wider area where no town is known."""
        return ".".join(self.area.split(".")[:3])

    @property
    def level(self) -> int:
        """How high it has come: 0 with the community, 1 with the town, 2 with the district, 3 with the city."""
        return max(self.escalation, CITY_LEVEL - self.area.count("."), 0)

    @property
    def desk_path(self) -> str:
        """The path of the area whose command centre answers for it at its level; a community's is the town's."""
        labels = self.area.split(".")
        return ".".join(labels[: min(CITY_LEVEL + 1 - self.level, CITY_LEVEL)])

    @property
    def rules(self) -> type[Procedure]:
        """The procedure this matter follows."""
        return procedure(self.procedure)

    @property
    def stands(self) -> State:
        """The declared state this matter is in."""
        return self.rules.states[self.state]


class Event(models.Model):
    """One line of a matter's history. Append-only; each line holds the hash of the line before it."""

    pk = models.CompositePrimaryKey("matter_id", "seq")
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=40, help_text=_("a transition of the procedure, or one of the engine's verbs"))
    from_state = models.CharField(max_length=40, blank=True)
    to_state = models.CharField(max_length=40)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    actor_role = models.CharField(max_length=16, blank=True)
    area = LTreeField()
    data = models.JSONField()
    suite = models.PositiveSmallIntegerField(help_text=_("which hash function"))
    previous = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        ordering = ["matter_id", "seq"]


class Deadline(models.Model):
    """A running or ended clock of a matter, with the rule it came from as it stood on that day."""

    class Kind(models.TextChoices):
        STATUTORY = "statutory", _("statutory")
        LOCAL_POLICY = "local_policy", _("local policy")
        SERVICE_TARGET = "service_target", _("service target")
        SETTING = "setting", _("house setting")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="deadlines")
    area = LTreeField()
    # Lists read clocks without naming each matter: an area that helps must find them by the row itself.
    shared_with = LTreeArrayField(default=list)
    name = models.CharField(max_length=40)
    rule = models.CharField(max_length=60)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    source = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    provisional = models.BooleanField(default=False, help_text=_("counts days whose holidays are not yet published"))
    held_since = models.DateTimeField(null=True, help_text=_("suspended since"))
    extensions = models.PositiveSmallIntegerField(default=0)
    missed_at = models.DateTimeField(null=True, help_text=_("when the sweep found it overdue"))
    ended_at = models.DateTimeField(null=True)
    met = models.BooleanField(null=True, help_text=_("how it ended: fulfilled, or no longer owed"))

    matter_id: UUID

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                name="deadline_due",
                condition=Q(ended_at=None, held_since=None, missed_at=None),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["matter", "name"], condition=Q(ended_at=None), name="deadline_runs_once"),
            models.CheckConstraint(
                name="deadline_end_is_explained",
                condition=Q(ended_at=None, met=None) | Q(ended_at__isnull=False, met__isnull=False),
            ),
        ]

    @property
    def in_time(self) -> bool | None:
        """Fulfilled before the due moment (an exclusive bound); None while it runs or where it fell away."""
        return self.ended_at < self.due_at if self.met and self.ended_at else None

    def late_at(self, moment: datetime) -> bool:
        return self.ended_at is None and self.held_since is None and moment >= self.due_at


class Party(models.Model):
    """A person in a matter. Personal fields are sealed; a look at them is recorded."""

    class Part(models.TextChoices):
        REPORTER = "reporter", _("reporter")
        AFFECTED = "affected", _("affected")
        OTHER = "other", _("other")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="parties")
    area = LTreeField()
    part = models.CharField(max_length=10, choices=Part.choices)
    name = SealedTextField(null=True)
    phone = SealedTextField(null=True)
    phone_index = models.BinaryField(null=True)
    address = SealedTextField(null=True)
    # By these a person other than the reporter acts: an account, or a code.
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+", db_index=False)
    code = SealedTextField(null=True)
    code_index = models.BinaryField(null=True, unique=True)
    language = models.CharField(max_length=10, default="zh-hans")

    matter_id: UUID
    account_id: UUID | None

    class Meta:
        indexes = [
            models.Index(fields=["phone_index"], name="party_by_phone", condition=Q(phone_index__isnull=False)),
            models.Index(fields=["account"], name="party_by_account", condition=Q(account__isnull=False)),
        ]


class Look(models.Model):
    """Someone on staff has opened a person's data: who, when, why. Append-only; shown to the person concerned."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="looks")
    area = LTreeField()
    party = models.ForeignKey(Party, models.PROTECT, related_name="looks")
    account_id = models.UUIDField()
    role = models.CharField(max_length=16)
    at = models.DateTimeField()
    purpose = models.CharField(max_length=200)


class Attachment(models.Model):
    """A file of a matter; the bytes lie in the content-addressed store under `digest`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="attachments")
    area = LTreeField()
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=80)
    size = models.PositiveBigIntegerField()
    evidence = models.BooleanField(default=False, help_text=_("kept byte for byte, location data included"))
    added_at = models.DateTimeField()
    event_seq = models.PositiveIntegerField()


class Notice(models.Model):
    """Something to tell somebody: an outbox row whose state is seen, retried with growing pauses."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("given up")

    class To(models.TextChoices):
        REPORTERS = "reporters", _("all reporters")
        REPORTER = "reporter", _("reporter")
        UNIT = "unit", _("unit")
        DESK = "desk", _("command centre")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="notices")
    area = LTreeField()
    to = models.CharField(max_length=10, choices=To.choices)
    party = models.ForeignKey(Party, models.PROTECT, null=True, db_index=False)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, db_index=False)
    desk = models.CharField(max_length=80, blank=True, help_text=_("path of the area whose command centre is told"))
    kind = models.CharField(max_length=40)
    event_seq = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    matter_id: UUID
    unit_id: UUID | None

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="notice_waiting", condition=Q(state="waiting")),
            models.Index(fields=["desk", "-due_at"], name="notice_to_desk", condition=Q(to="desk")),
            models.Index(fields=["unit", "-due_at"], name="notice_to_unit", condition=Q(to="unit")),
        ]


class Submission(models.Model):
    """An idempotency key that has been used: the same key and body give the same matter again."""

    key = models.BinaryField(primary_key=True, help_text=_("digest of sender and key"))
    body = models.BinaryField(help_text=_("digest of what was sent"))
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="+", db_index=False)
    area = LTreeField()
    at = models.DateTimeField(db_index=True)


class Announcement(models.Model):
    """A matter has changed: what live pages hear, and whom it concerns. Kept for a day, never altered.

    `left_areas` and `left_unit` are those that the change took the matter from: they hear of it a last time.
    """

    pk = models.CompositePrimaryKey("transaction", "matter_id", "version")
    transaction = TransactionField(
        editable=False, db_default=Func(template="pg_current_xact_id()", output_field=TransactionField())
    )
    # No foreign keys: it is written with every change, read within the second, and gone in a day.
    matter_id = models.UUIDField()
    version = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now(), editable=False)
    area = LTreeField()
    shared_with = LTreeArrayField(default=list)
    unit_id = models.UUIDField(null=True)
    reporter_id = models.UUIDField(null=True)
    tracking_index = models.BinaryField(null=True)
    left_areas = LTreeArrayField(default=list)
    left_unit_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=40, help_text=_("the latest event's"))
    state = models.CharField(max_length=40)


class DailyDigest(models.Model):
    """One hash over the heads of all chains at the end of a day; whoever keeps it can show a rewritten history."""

    day = models.DateField(primary_key=True)
    matters = models.PositiveBigIntegerField()
    events = models.PositiveBigIntegerField()
    root = models.BinaryField()
    entries = models.PositiveBigIntegerField(
        null=True, help_text=_("of the audit log; empty: made before it was part of the digest")
    )
    made_at = models.DateTimeField()
