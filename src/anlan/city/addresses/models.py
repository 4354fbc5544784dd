"""The city's one list of addresses: what there is, what else it is called, and what has become of it.

An address is a row at any level, from the district down to a room. Every row carries the keys of all its levels (road,
number, compound, building, unit, room …) in their canonical form, so that one exact question to an index finds it,
whichever way of naming it somebody has used: `文一西路98号` and `德加公寓` are two columns of the same row.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from anlan.foundation.identifiers import new_id
from anlan.foundation.ltree import LTreeField


class Level(models.IntegerChoices):
    """The levels of GB/T 39609-2020 (area; street and compound; building and gate; unit and room) one by one, with
    points of interest. The first three are those of `areas.Area`, by the same numbers."""

    DISTRICT = 2, _("district")
    TOWN = 3, _("town or street")
    COMMUNITY = 4, _("community or village")
    ROAD = 5, _("road")
    NUMBER = 6, _("road number")
    COMPOUND = 7, _("compound or hamlet")
    BUILDING = 8, _("building")
    UNIT = 9, _("unit")
    FLOOR = 10, _("floor")
    ROOM = 11, _("room")
    POI = 12, _("point of interest")


PLACED = (Level.NUMBER, Level.COMPOUND, Level.BUILDING, Level.POI)
"""What is found from a position: floors and rooms stand where their building does."""


class Address(models.Model):
    """One coded address.

    `parent` is the nearest level above: a road's is its district, a number's the road, a compound's the community, a
    building's the compound (or the number), a room's the unit (or the building …), never a floor. One parent has one
    address in use of each level and canonical name. A rename keeps the code; what has ended keeps it too, and
    `ended_by` leads on to what has taken its place.
    """

    class Status(models.TextChoices):
        IN_USE = "in_use", _("in use")
        MERGED = "merged", _("merged into another")
        SPLIT = "split", _("split into others")
        DEMOLISHED = "demolished", _("demolished")

    id = models.UUIDField(primary_key=True, default=new_id)
    code = models.CharField(max_length=20, help_text=_("see codes.py; never changes"))
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    # Children in use are found by the unique index, the others by what has ended them.
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", db_index=False)
    name = models.CharField(max_length=100, help_text=_("its own part, as it is officially written: 12幢"))
    canonical = models.CharField(max_length=100, help_text=_("the same for comparing: 12"))
    text = models.CharField(max_length=400, help_text=_("the whole address, as it is officially written"))

    area = LTreeField(help_text=_("down to the community where it is known; a road's ends with its district"))
    district = models.CharField(max_length=6, help_text=_("official codes, empty where not known"))
    town = models.CharField(max_length=9, blank=True)
    community = models.CharField(max_length=12, blank=True)
    grid = models.CharField(max_length=17, blank=True, help_text=_("the grid that its position lies in"))

    road = models.CharField(max_length=100, blank=True, help_text=_("canonical names of the levels, or empty"))
    number = models.CharField(max_length=100, blank=True)
    compound = models.CharField(max_length=100, blank=True)
    building = models.CharField(max_length=100, blank=True)
    unit = models.CharField(max_length=100, blank=True)
    floor = models.CharField(max_length=100, blank=True)
    room = models.CharField(max_length=100, blank=True)
    poi = models.CharField(max_length=100, blank=True)

    lon = models.FloatField(null=True, blank=True, help_text=_("WGS-84"))
    lat = models.FloatField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.IN_USE)
    ended_by = models.ForeignKey(
        "AddressChange", models.PROTECT, null=True, blank=True, related_name="ended", db_index=False
    )
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=100)
    checked_on = models.DateField(null=True, blank=True, help_text=_("last seen to be right on the spot"))

    class Meta:
        indexes = [
            # A resolver knows the names of each district by heart and asks for them with the numbers it has read.
            # Where the name isn't a constant in the query, say `road <> ''` too, or the planner can't use the index.
            models.Index(
                fields=["district", "road", "number", "building", "unit", "room"],
                name="address_by_road",
                condition=~Q(road=""),
            ),
            models.Index(
                fields=["district", "compound", "building", "unit", "room"],
                name="address_by_compound",
                condition=~Q(compound=""),
            ),
            models.Index(fields=["district", "poi"], name="address_by_poi", condition=~Q(poi="")),
            # A community's own: lists, inspection, its map, and villages whose houses have a number and no road.
            models.Index(fields=["community", "level", "canonical"], name="address_in_community"),
            # `ORDER BY point(lon, lat) <-> point(…)` walks it from the nearest on.
            GistIndex(
                Func(F("lon"), F("lat"), function="point"),
                name="address_near",
                condition=Q(level__in=PLACED, lon__isnull=False, status="in_use"),
            ),
            models.Index(fields=["ended_by"], name="address_ended", condition=Q(ended_by__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["code"], name="address_code_once"),
            models.UniqueConstraint(
                fields=["parent", "level", "canonical"],
                name="address_once_below_parent",
                condition=Q(status="in_use"),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="address_has_whole_position",
                condition=Q(lon__isnull=True, lat__isnull=True) | Q(lon__isnull=False, lat__isnull=False),
            ),
            models.CheckConstraint(
                name="address_ended_with_day",
                condition=Q(status="in_use", valid_until__isnull=True, ended_by__isnull=True)
                | (~Q(status="in_use") & Q(valid_until__isnull=False, ended_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="address_below_something", condition=Q(level=Level.DISTRICT) | Q(parent__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Alias(models.Model):
    """Another name of an address: a secondary address (主辅地址, GB/T 39609-2020), an old or a colloquial name.

    It counts once a person has accepted it.
    """

    class Kind(models.TextChoices):
        SECONDARY = "secondary", _("secondary address")
        FORMER = "former", _("former name")
        COLLOQUIAL = "colloquial", _("colloquial name")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.UUIDField(primary_key=True, default=new_id)
    address = models.ForeignKey(Address, models.PROTECT, related_name="aliases")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=200, help_text=_("the other name of this level, or a whole other address"))
    canonical = models.CharField(max_length=200)
    district = models.CharField(max_length=6)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_at = models.DateTimeField()
    proposed_by = models.UUIDField(null=True, help_text=_("account; empty for the program"))
    reason = models.CharField(max_length=200, help_text=_("why this name"))
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    decision = models.CharField(max_length=200, blank=True, help_text=_("why accepted or refused"))

    class Meta:
        indexes = [
            models.Index(fields=["district", "canonical"], name="alias_by_name", condition=Q(state="accepted")),
            models.Index(fields=["proposed_at"], name="alias_to_review", condition=Q(state="proposed")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["address", "canonical"],
                name="alias_once",
                condition=Q(state__in=["proposed", "accepted"]),
            )
        ]

    def __str__(self) -> str:
        return self.name


class AddressChange(models.Model):
    """History of an address: what was decided, from when, by whom and why. Append-only; `undoes` is a counter-entry.

    `into` are the addresses that take its place. `part_of` is the change that made this one necessary: a compound
    that is merged merges its buildings of the same number.
    """

    class Kind(models.TextChoices):
        CREATED = "created", _("created")
        RENAMED = "renamed", _("renamed")
        MERGED = "merged", _("merged")
        SPLIT = "split", _("split")
        DEMOLISHED = "demolished", _("demolished")
        UNDONE = "undone", _("undone")

    address = models.ForeignKey(Address, models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.UUIDField(null=True, help_text=_("account; empty for the program"))
    reason = models.CharField(max_length=200)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    into = ArrayField(models.UUIDField(), default=list)
    part_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="parts")
    undoes = models.OneToOneField("self", models.PROTECT, null=True, related_name="undone_by")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["address", "-id"], name="address_history")]


class Sequence(models.Model):
    """The last number given in an area to addresses of a level. Its row is locked while numbers are taken."""

    area = models.CharField(max_length=12, help_text=_("twelve digits"))
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    last = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["area", "level"], name="address_sequence_once")]
