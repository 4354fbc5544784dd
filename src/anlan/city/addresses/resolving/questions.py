"""The one question that tells equals apart: the widest level at which they differ, with what there is to choose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from anlan.city.addresses.codes import official
from anlan.city.addresses.models import Level
from anlan.city.addresses.resolving.lookups import Found
from anlan.city.areas.atlas import atlas

QUESTIONS: Final = {
    "district": _("Which district?"),
    "town": _("Which town or street?"),
    "community": _("Which community or village?"),
    "road": _("Which road?"),
    "compound": _("Which compound?"),
    "poi": _("Which place?"),
    "number": _("Which road number?"),
    "building": _("Which building?"),
    "unit": _("Which unit?"),
    "floor": _("Which floor?"),
    "room": _("Which room?"),
    "text": _("Which of these?"),
}
_LEVELS: Final = {
    "number": Level.NUMBER,
    "building": Level.BUILDING,
    "unit": Level.UNIT,
    "floor": Level.FLOOR,
    "room": Level.ROOM,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer, and the code of the address that it leads to; "" where several would still be left."""

    label: str
    code: str


@dataclass(frozen=True, slots=True)
class Question:
    level: str
    choices: tuple[Choice, ...]

    def __str__(self) -> str:
        return str(QUESTIONS[self.level])


def question_between(equals: Sequence[Found]) -> Question:
    """What to ask where several addresses fit alike."""
    for level in QUESTIONS:
        values: dict[str, list[Found]] = {}
        for each in equals:
            values.setdefault(getattr(each, level), []).append(each)
        # Where one has no value at this level, asking for it would not find that one.
        if len(values) > 1 and "" not in values:
            choices = (
                Choice(_label(level, value), found[0].code if len(found) == 1 else "")
                for value, found in values.items()
            )
            return Question(level, tuple(choices))
    return Question("text", tuple(Choice(each.text, each.code) for each in equals))


def _label(level: str, value: str) -> str:
    if level in ("district", "town", "community"):
        return atlas().names.get(value, value)
    return official(_LEVELS[level], value) if level in _LEVELS else value
