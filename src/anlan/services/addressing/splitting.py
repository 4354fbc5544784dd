"""The form by which an address is split: what its parts are called, and to which of them each address below goes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from anlan.city.addresses.changes import Part
from anlan.city.addresses.models import Address
from anlan.loop.refusals import BadInput

MOST_PARTS: Final = 6
MOST_CHILDREN: Final = 200
"""More than these nobody gives out one by one."""


@dataclass(frozen=True, slots=True)
class Split:
    """The form as it stands: (field, name) of each part, and each address below with its field and what is chosen."""

    parts: list[tuple[str, str]]
    children: list[tuple[Address, str, str]]

    @property
    def numbers(self) -> list[str]:
        return [str(n) for n in range(1, len(self.parts) + 1)]


def split_form(own: Address, children: Iterable[Address], typed: QueryDict | None) -> Split:
    """What was typed before it was refused, or the form with the first part called as the address is."""
    told: Mapping[str, Any] = typed if typed is not None else {"part-1": own.name}
    return Split(
        [(name, str(told.get(name, ""))) for name in _fields()],
        [(each, f"child-{each.id}", str(told.get(f"child-{each.id}", ""))) for each in children],
    )


def parts_told(typed: QueryDict, children: Collection[Address]) -> list[Part]:
    """The parts with what goes to each. Raises BadInput."""
    if len(children) > MOST_CHILDREN:
        raise BadInput(_("more than %(n)d addresses lie right below; change some of them first") % {"n": MOST_CHILDREN})
    below: dict[str, list[UUID]] = {str(n): [] for n in range(1, MOST_PARTS + 1)}
    for each in children:
        number = typed.get(f"child-{each.id}", "")
        if number not in below:
            raise BadInput(_("choose a part for %(name)s") % {"name": each.name})
        below[number].append(each.id)
    parts = []
    for (number, ids), field in zip(below.items(), _fields(), strict=True):
        name = typed.get(field, "").strip()
        if ids and not name:
            raise BadInput(_("part %(n)s has addresses and no name") % {"n": number})
        if name:
            parts.append(Part(name, tuple(ids)))
    return parts


def _fields() -> list[str]:
    return [f"part-{n}" for n in range(1, MOST_PARTS + 1)]
