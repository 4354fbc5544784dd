"""Whether two addresses are the same place by rules, pair by pair, with the reasons that decided."""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rapidfuzz import fuzz

from anlan.city.addresses.likeness import Side
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.parts import Parsed


class Verdict(StrEnum):
    """The values are those under which pairs have been labelled in public (CCKS 2021)."""

    EXACT = "完全匹配"
    PARTIAL = "部分匹配"
    NONE = "不匹配"


class Reason(StrEnum):
    """What the rules saw that decided."""

    AREA_DIFFERS = "area_differs"
    NAME_DIFFERS = "name_differs"
    NUMBER_DIFFERS = "number_differs"
    ROAD_DIFFERS = "road_differs"
    LESS_EXACT = "less_exact"
    NEARBY = "nearby"
    SAME_NAME = "same_name"

    @property
    def label(self) -> str | Promise:
        return _REASONS[self]


_REASONS: Final[dict[Reason, str | Promise]] = {
    Reason.AREA_DIFFERS: _("They lie in different areas"),
    Reason.NAME_DIFFERS: _("They name different places"),
    Reason.NUMBER_DIFFERS: _("A number differs"),
    Reason.ROAD_DIFFERS: _("They name different roads"),
    Reason.LESS_EXACT: _("One is less exact than the other"),
    Reason.NEARBY: _("One says only what is near"),
    Reason.SAME_NAME: _("They name the same place"),
}

Read = Callable[[str], Parsed]
ALIKE: Final = 75.0
"""From here on (rapidfuzz, 0 to 100) two names of areas or roads are taken for the same: a setting of ours."""
NAMED: Final = 0.5
"""More than this share of what is special in a name must stand in the other address: a setting of ours."""
_AREAS: Final = ("city", "district")
_UNITS: Final = ("houseno", "cellno", "floorno", "roomno")
_MARK: Final = re.compile(r"[^\w]|_")
_COMMON_ENDING: Final = re.compile(
    r"(?:第?[一二三四五六七八九十0-9]+[期区]|[东南西北][区苑]|小区|花园|大厦|公寓|宿舍|广场|工业园|工业区|科技园|商场|市场|花苑|家园|"
    r"中心|新村|有限责任公司|有限公司|公司|酒店|宾馆|医院|学校|小学|中学|大学|幼儿园|超市|饭店|苑|园|村|城|厦)+$"
)
"""What so many names end with that it tells no two of them apart: 锦阳宿舍 and 九阳宿舍 are different places."""


def compare(a: str, b: str, *, read: Read = parse) -> tuple[Verdict, tuple[Reason, ...]]:
    """The verdict on two addresses by rules, and why; the same whichever of them comes first.

    Different areas, names or roads make no match. The same road with a number in common is partly the same place; so is
    the same name where a number differs or stands on one side only.
    """
    here, there = Side(read(a)), Side(read(b))
    if not here.text or not there.text:
        return Verdict.NONE, (Reason.NAME_DIFFERS,)
    if here.text == there.text:
        return Verdict.EXACT, (Reason.SAME_NAME,)
    if any(_conflict(here.joined(label), there.joined(label)) for label in _AREAS):
        return Verdict.NONE, (Reason.AREA_DIFFERS,)
    shares_number = not here.numbers.isdisjoint(there.numbers)
    if not _same_name(here, there):
        verdict = Verdict.PARTIAL if shares_number and _road_stands(here, there) else Verdict.NONE
        return verdict, (Reason.NAME_DIFFERS,)
    against = []
    if _conflict(here.joined("road"), there.joined("road")) and not _road_stands(here, there):
        against.append(Reason.ROAD_DIFFERS)
        if not shares_number:
            return Verdict.NONE, tuple(against)
    agreed = [(here.number(label), there.number(label)) for label in _UNITS]
    if any(one and other and one != other for one, other in agreed):
        against.append(Reason.NUMBER_DIFFERS)
    elif not any(one and one == other for one, other in agreed) and not _ends_alike(here, there):
        against.append(Reason.LESS_EXACT)
    if here.is_near != there.is_near:
        against.append(Reason.NEARBY)
    if Reason.NUMBER_DIFFERS in against or Reason.LESS_EXACT in against:
        return Verdict.PARTIAL, tuple(against)
    return Verdict.EXACT, (Reason.SAME_NAME, *against)


def verdicts(query: str, candidates: Sequence[str]) -> list[Verdict]:
    """The rules' verdict on each candidate, whatever the others are."""
    return [compare(query, candidate)[0] for candidate in candidates]


def _same_name(here: Side, there: Side) -> bool:
    return any(_share(special(one.name), _bare(other.text)) > NAMED for one, other in ((here, there), (there, here)))


def special(name: str) -> str:
    """A name without its common ending, as long as two characters are left."""
    name = _bare(name)
    without = _COMMON_ENDING.sub("", name)
    return without if len(without) > 1 else name


def _bare(text: str) -> str:
    return _MARK.sub("", text)


def _share(name: str, text: str) -> float:
    """How many of the name's pairs of characters stand in the text."""
    pairs = {name[i : i + 2] for i in range(len(name) - 1)}
    return sum(pair in text for pair in pairs) / len(pairs) if pairs else 0.0


def _road_stands(here: Side, there: Side) -> bool:
    """Does the road of one stand in the other, however that one was read?"""
    return any(
        (road := one.joined("road")) and road in _bare(other.text) for one, other in ((here, there), (there, here))
    )


def _ends_alike(here: Side, there: Side) -> bool:
    """Does each say what the other ends with, and neither name a house that the other leaves open?"""
    if bool(here.number("houseno")) != bool(there.number("houseno")):
        return False
    return here.text[-2:] in there.text and there.text[-2:] in here.text


def _conflict(one: str, other: str) -> bool:
    return bool(one and other) and fuzz.partial_ratio(one, other) < ALIKE
