"""The same deed for several matters at once. Each is a transaction of its own, guarded by the version that was shown:
one that is refused says why and does not hold up the others."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, covers, scope_of, scoped
from anlan.city.people.models import Unit
from anlan.city.people.queries import command_centres
from anlan.loop import engine, verbs
from anlan.loop.answers import category_label
from anlan.loop.forms import Choices, Form, form_of, told_in
from anlan.loop.models import Matter
from anlan.loop.queries import path_of
from anlan.loop.refusals import BadInput, Refused
from anlan.loop.schemas import Assignment, HandOver, Reason, Reclassification, Said, Told
from anlan.loop.suggestions import offered_categories
from anlan.services.dispatch.board.lanes import desk_areas

MOST = 50


class Note(Told):
    """A word for each of them."""

    text: Said
    public: bool = False


@dataclass(frozen=True)
class Picked:
    """A matter as it was chosen: with the version that the page had shown."""

    id: UUID
    version: int

    @classmethod
    def read(cls, text: str) -> "Picked":
        """From `id:version`. Raises BadInput."""
        id, _colon, version = text.partition(":")
        try:
            if not (version.isascii() and version.isdigit() and len(version) < 10):
                raise ValueError(version)
            return cls(UUID(id), int(version))
        except ValueError as error:
            raise BadInput(_("this is not a matter from the board"), field="chosen") from error

    def __str__(self) -> str:
        return f"{self.id}:{self.version}"


@dataclass(frozen=True)
class Done:
    """What came of one: the matter as it is now, or why nothing was done."""

    id: UUID
    reference: str
    title: str
    matter: Matter | None
    why: str = ""


@dataclass(frozen=True)
class Deed:
    """Something that can be done to many: what it asks, and how it is done to one."""

    name: str
    label: "str | Promise"
    asks: type[BaseModel]
    do: Callable[[Picked, dict[str, Any], Actor], Matter]


def _step(name: str) -> Callable[[Picked, dict[str, Any], Actor], Matter]:
    return lambda picked, told, by: engine.advance(picked.id, name, by=by, told=told, version=picked.version)


def _note(picked: Picked, told: dict[str, Any], by: Actor) -> Matter:
    # A note needs no version; with one, a form that is sent twice adds one note.
    return engine.note(picked.id, by=by, version=picked.version, **told)


def _reclassify(picked: Picked, told: dict[str, Any], by: Actor) -> Matter:
    return verbs.reclassify(picked.id, by=by, version=picked.version, **told)


def _hand_over(picked: Picked, told: dict[str, Any], by: Actor) -> Matter:
    area = path_of(told["to_area"], "to_area")
    return verbs.hand_over(picked.id, to_area=area, reason=told["reason"], by=by, version=picked.version)


DEEDS = {
    deed.name: deed
    for deed in (
        Deed("assign", gettext_lazy("Send to one unit"), Assignment, _step("assign")),
        Deed("withdraw", gettext_lazy("Take back"), Reason, _step("withdraw")),
        Deed("note", gettext_lazy("Add a note"), Note, _note),
        Deed("reclassify", gettext_lazy("Sort anew"), Reclassification, _reclassify),
        Deed("hand_over", gettext_lazy("Hand over"), HandOver, _hand_over),
    )
}


def picked(chosen: Iterable[str]) -> list[Picked]:
    """What was ticked, each once. Raises BadInput for none, for more than 50, or for what is no matter."""
    found = list({each.id: each for each in map(Picked.read, chosen)}.values())
    if not found:
        raise BadInput(_("choose at least one matter"), field="chosen")
    if len(found) > MOST:
        raise BadInput(_("at most %(most)d at once") % {"most": MOST}, field="chosen")
    return found


def matters_of(actor: Actor, chosen: Sequence[Picked]) -> dict[UUID, Matter]:
    """Those of them that the actor may see, in the order chosen."""
    with scoped(scope_of(actor)):
        seen = Matter.objects.select_related("unit").defer("description", "tracking", "head")
        found = seen.in_bulk([each.id for each in chosen])
    return {each.id: found[each.id] for each in chosen if each.id in found}


def do(deed: Deed, chosen: Sequence[Picked], typed: QueryDict, *, by: Actor) -> list[Done]:
    """Do it to each. Raises BadInput, and nothing is done, where the form itself is wrong."""
    before = matters_of(by, chosen)
    told = engine.answers(deed.asks, told_in(deed.asks, typed, _offered(by, before.values())))
    return [_one(deed, each, told, before.get(each.id), by) for each in chosen]


def forms(
    actor: Actor, matters: Iterable[Matter], *, at: str = "", typed: QueryDict | None = None, refused: Refused | None
) -> list[tuple[Deed, Form]]:
    """Each deed with its form; the one just refused with what was typed and why."""
    offered = _offered(actor, matters)
    return [
        (
            deed,
            form_of(
                deed.asks,
                typed=typed if deed.name == at else None,
                refused=refused if deed.name == at else None,
                choices=offered,
            ),
        )
        for deed in DEEDS.values()
    ]


def _one(deed: Deed, each: Picked, told: dict[str, Any], before: Matter | None, by: Actor) -> Done:
    reference, title = (before.reference, before.title) if before else ("", "")
    try:
        return Done(each.id, reference, title, deed.do(each, told, by))
    except Refused as refused:
        return Done(each.id, reference, title, None, str(refused.message))


def _offered(actor: Actor, matters: Iterable[Matter]) -> dict[str, Choices]:
    towns = Q(pk__in=[])
    for town in {matter.town_path for matter in matters}:
        towns |= Q(home__path__within=town)
    units = Unit.objects.filter(towns, on_duty=True).order_by("name", "id")
    return {
        "unit_id": [(str(id), name) for id, name in units.values_list("id", "name")],
        "category": [(slug, category_label(slug)) for slug in offered_categories()],
        "to_area": [(path.rpartition(".")[2], atlas().full_name(path)) for path in _desks_near(actor)],
    }


def _desks_near(actor: Actor) -> list[str]:
    """The command centres of the actor's districts and of the city; all of them for a desk of the city."""
    districts = {".".join(area.split(".")[:2]) for area in desk_areas(actor)}
    return sorted(
        path for path in command_centres() if any(covers(near, path) or covers(path, near) for near in districts)
    )
