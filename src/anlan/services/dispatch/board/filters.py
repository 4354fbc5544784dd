"""What a board's address asks for: the lane, the filters, the search. Each filter in force can be taken away alone."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field

from anlan.city.areas.atlas import Atlas, atlas
from anlan.city.people.access import covers
from anlan.city.people.models import Unit
from anlan.foundation.language import said
from anlan.loop.answers import category_label, klass_label
from anlan.loop.models import Channel
from anlan.loop.queries import path_of
from anlan.loop.refusals import BadInput
from anlan.loop.schemas import Line, Told
from anlan.loop.suggestions import KLASS_LABELS, SEVERITY_LABELS, Klass, Severity, categories
from anlan.services.dispatch.board.lanes import LANES

_NUMBER = re.compile(r"(?:\d{6}-)?(\d{1,18})")
_FLAGS = {
    "escalated": gettext_lazy("escalated"),
    "shared": gettext_lazy("co-handled"),
    "reopened": gettext_lazy("reopened"),
}
Choices = list[tuple[str, "str | Promise"]]


class Asked(Told):
    """What a board's address asks for; everything given must hold. `found` keeps to what a search by phone found."""

    lane: Annotated[str, Field(pattern=f"^({'|'.join(LANES)})$")] = "to_assign"
    klass: Klass | None = None
    category: Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,60}$")] | None = None
    severity: Annotated[int, Field(ge=Severity.BLUE, le=Severity.RED)] | None = None
    area: Annotated[str, Field(pattern=r"^[0-9]{4,15}$")] | None = None
    unit: UUID | None = None
    channel: Channel | None = None
    escalated: bool = False
    shared: bool = False
    reopened: bool = False
    found: bool = False
    q: Line = ""
    matter: UUID | None = None

    def query(self, **changes: Any) -> str:
        """This address with changes, as a query string; the chosen matter only where it is given."""
        given = {**self.model_dump(mode="json", exclude={"matter"}), **changes}
        plain = {name: "true" if value is True else value for name, value in given.items() if value}
        return urlencode(plain)

    @property
    def narrowed(self) -> bool:
        """Is anything but the lane asked for?"""
        return bool(self.model_dump(exclude={"lane", "matter"}, exclude_defaults=True))


@dataclass(frozen=True)
class Chip:
    """A filter in force, and the board's address without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True)
class Offer:
    """One filter that can be set, with what may be chosen."""

    name: str
    label: str
    choices: Choices
    chosen: str


def narrowed_to(asked: Asked, areas: tuple[str, ...]) -> tuple[str, ...]:
    """The areas to look at: the desk's own, or the one in them that is asked for. Raises BadInput."""
    if asked.area is None:
        return areas
    path = path_of(asked.area, "area")
    if not any(covers(area, path) for area in areas):
        raise BadInput(_("it does not lie in your area"), field="area")
    return (path,)


def fitting(asked: Asked, found: Iterable[UUID]) -> Q:
    """What the filters let through."""
    condition = Q(**asked.model_dump(include={"klass", "severity", "channel"}, exclude_none=True))
    if asked.category:
        condition &= Q(category=asked.category) | Q(category__startswith=f"{asked.category}.")
    if asked.unit:
        condition &= Q(unit_id=asked.unit)
    if asked.escalated:
        condition &= Q(escalation__gt=0)
    if asked.shared:
        condition &= Q(shared_with__empty=False)
    if asked.reopened:
        condition &= Q(reopened__gt=0)
    if asked.found:
        condition &= Q(id__in=list(found))
    if asked.q:
        words = Q(title__icontains=asked.q) | Q(address__icontains=asked.q) | Q(description__icontains=asked.q)
        if number := _NUMBER.fullmatch(asked.q):
            words |= Q(number=int(number[1]))
        condition &= words
    return condition


def chips(asked: Asked, units: Mapping[UUID, str], phone: str) -> list[Chip]:
    """The filters in force, as a person reads them; `phone` is the masked number of a search by phone."""
    said_of: dict[str, tuple[str, str]] = {
        "q": (_("Words"), asked.q),
        "found": (_("Phone"), phone),
        "klass": (_("Class"), klass_label(asked.klass) if asked.klass else ""),
        "category": (_("Category"), category_label(asked.category or "")),
        "severity": (_("Severity"), str(SEVERITY_LABELS[Severity(asked.severity)]) if asked.severity else ""),
        "area": (_("Area"), atlas().full_name(atlas().path(asked.area))),
        "unit": (_("Unit"), _unit_name(asked.unit, units) if asked.unit else ""),
        "channel": (_("Channel"), str(Channel(asked.channel).label) if asked.channel else ""),
        **{name: (_("Only"), str(label)) for name, label in _FLAGS.items()},
    }
    return [
        Chip(label, value, asked.query(**{name: None}))
        for name, (label, value) in said_of.items()
        if getattr(asked, name)
    ]


def offers(asked: Asked, units: Mapping[UUID, str], areas: tuple[str, ...]) -> list[Offer]:
    """The filters that can be set; the units are those with something in this lane."""
    families = [slug for slug in categories() if "." not in slug]
    area: Choices = [(code, atlas().full_name(atlas().paths[code])) for code in _codes_below(asked, areas)]
    return [
        Offer("klass", _("Class"), [(klass.value, name) for klass, name in KLASS_LABELS.items()], asked.klass or ""),
        Offer("category", _("Category"), [(slug, category_label(slug)) for slug in families], asked.category or ""),
        Offer(
            "severity",
            _("Severity"),
            [(str(int(each)), name) for each, name in SEVERITY_LABELS.items()],
            str(asked.severity or ""),
        ),
        Offer("area", _("Area"), area, asked.area or ""),
        Offer("unit", _("Unit"), [(str(id), name) for id, name in units.items()], str(asked.unit or "")),
        Offer("channel", _("Channel"), list(Channel.choices), asked.channel or ""),
    ]


def flags(asked: Asked) -> list[tuple[str, "str | Promise", bool]]:
    """The filters that are on or off: name, label, whether it is on."""
    return [(name, label, getattr(asked, name)) for name, label in _FLAGS.items()]


def below(path: str) -> list[str]:
    """The codes of the areas directly below a path."""
    return _children(atlas()).get(path, [])


@lru_cache(maxsize=1)
def _children(here: Atlas) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code, path in sorted(here.paths.items()):
        found.setdefault(path.rpartition(".")[0], []).append(code)
    return found


def _codes_below(asked: Asked, areas: tuple[str, ...]) -> list[str]:
    """The area asked for and those below it; without one those below the desk's own."""
    roots = [atlas().path(asked.area)] if asked.area else list(areas)
    return [*([asked.area] if asked.area else []), *(code for root in roots for code in below(root))]


def _unit_name(id: UUID, known: Mapping[UUID, str]) -> str:
    return known.get(id) or Unit.objects.filter(id=id).values_list("name", flat=True).first() or said("未知", "unknown")
