"""What follows when grids are redrawn: open matters, units, offices, postings. What is closed keeps its grid.

All of it may be done again after a fault: what has followed already lies where it belongs and is left alone.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Q, QuerySet

from anlan.city.areas.grid_changes import Redrawn
from anlan.city.areas.models import Area
from anlan.city.audit.recording import changing
from anlan.city.people.access import SYSTEM, Actor, covers, scope_of, scoped, system
from anlan.city.people.models import Organisation, Posting, Unit
from anlan.foundation import freshness
from anlan.loop import clock, engine
from anlan.loop.change import Change
from anlan.loop.models import Matter
from anlan.loop.refusals import Stale

REDRAWN = "area_redrawn"
"""The kind of line in a matter's history where it lies in another grid now."""
SHARE_REDRAWN = "share_redrawn"
"""The same where another grid helps with it now."""
TRIES = 5


@dataclass(frozen=True)
class Move:
    """How many things go from one grid to another."""

    source: str
    target: str
    matters: int = 0
    units: int = 0
    postings: int = 0


def follow(redrawn: Redrawn) -> dict[str, int]:
    """Let everything follow a plan that is in force. Raises Stale where a matter keeps changing under the hand."""
    moved = sum(_move_matter(matter, redrawn) for matter in _open_matters(redrawn, system()))
    for matter in _shared_matters(redrawn):
        _share_anew(matter, redrawn)
    return {
        "matters": moved,
        "units": _move_homes(redrawn),
        "postings": sum(_move_posting(posting, redrawn) for posting in _held_postings(redrawn)),
    }


def forecast(redrawn: Redrawn, by: Actor) -> list[Move]:
    """What would follow, as far as the actor may see it."""
    matters = Counter(
        (matter.area, target)
        for matter in _open_matters(redrawn, by)
        if (target := redrawn.place(matter.area, matter.lon, matter.lat)) != matter.area
    )
    units = Counter((path, redrawn.heirs[path]) for path in _homes(redrawn).values_list("home__path", flat=True))
    postings = Counter(
        (path, redrawn.heirs[path]) for path in _held_postings(redrawn).values_list("area__path", flat=True)
    )
    ways = sorted({*matters, *units, *postings, *redrawn.heirs.items()})
    return [Move(*way, matters[way], units[way], postings[way]) for way in ways]


def open_matters_by_grid(redrawn: Redrawn, by: Actor) -> tuple[Counter[str], Counter[str]]:
    """How many open matters lie in each grid before and after, by path."""
    matters = list(_open_matters(redrawn, by))
    after = Counter(redrawn.place(matter.area, matter.lon, matter.lat) for matter in matters)
    return Counter(matter.area for matter in matters), after


def _open_matters(redrawn: Redrawn, by: Actor) -> list[Matter]:
    with scoped(scope_of(by)):
        there = Matter.objects.filter(community=redrawn.plan.community_id, closed_at=None)
        return [matter for matter in there.order_by("opened_at") if matter.area in redrawn.before]


def _shared_matters(redrawn: Redrawn) -> list[Matter]:
    """The open matters, wherever they lie, that a grid which ends handles together with their own area."""
    with scoped(scope_of(system())):
        shared = Matter.objects.filter(shared_with__empty=False, closed_at=None)
        helped = reduce(or_, (Q(shared_with__within=path) for path in redrawn.heirs), Q(pk=None))
        return list(shared.filter(helped).order_by("opened_at"))


def _move_matter(matter: Matter, redrawn: Redrawn) -> bool:
    """By the engine, with a line in the history; whoever has the matter in hand keeps it."""
    target = redrawn.place(matter.area, matter.lon, matter.lat)
    if target == matter.area:
        return False

    def move(change: Change) -> None:
        change.record(REDRAWN, {"from": change.matter.area, "to": target, "reason": redrawn.plan.reason})
        change.move(target)

    return _changed(matter, move)


def _share_anew(matter: Matter, redrawn: Redrawn) -> bool:
    """The heir of a grid that ends goes on helping in its place, once, and not where the matter lies itself."""

    def share(change: Change) -> None:
        before = change.matter.shared_with
        helping = dict.fromkeys(redrawn.heirs.get(path, path) for path in before)
        after = [path for path in helping if not covers(change.matter.area, path)]
        change.record(SHARE_REDRAWN, {"shared_with": [before, after], "reason": redrawn.plan.reason})
        change.share_anew(after)

    return _changed(matter, share)


def _changed(matter: Matter, change_it: Callable[[Change], None]) -> bool:
    """Change an open matter as it stands now. Raises Stale where it keeps changing under the hand."""
    for left in reversed(range(TRIES)):
        if matter.closed_at is not None:
            return False
        try:
            with engine.changing(matter.id, system(), SYSTEM, version=matter.version) as change:
                change_it(change)
            return True
        except Stale:
            if not left:
                raise
            with scoped(scope_of(system())):
                matter = Matter.objects.get(id=matter.id)
    return False


def _move_homes(redrawn: Redrawn) -> int:
    moved = 0
    homes = [("home", unit) for unit in _homes(redrawn).select_related("home")]
    offices = Organisation.objects.filter(area__path__in=list(redrawn.heirs)).select_related("area")
    for field, thing in (*homes, *(("area", office) for office in offices)):
        path = redrawn.heirs[getattr(thing, field).path]
        with changing(thing, verb="follow", by=system(), area=path, reason=redrawn.plan.reason):
            setattr(thing, field, Area.objects.get(path=path))
            thing.save(update_fields=[field])
            freshness.changed("organisations")
        moved += field == "home"
    return moved


def _move_posting(posting: Posting, redrawn: Redrawn) -> bool:
    """It ends on the day, and one in the new grid begins: who held what when can still be read.

    Somebody who holds the same role there already goes on holding that one alone.
    """
    heir = Area.objects.get(path=redrawn.heirs[posting.area.path])
    assert redrawn.plan.effective_on is not None
    day = max(posting.starts, redrawn.plan.effective_on)
    same = Posting.objects.filter(Q(ends=None) | Q(ends__gt=day), account=posting.account_id, role=posting.role)
    with transaction.atomic():
        until, next_there = posting.ends, same.filter(area=heir).order_by("starts").first()
        with changing(posting, verb="follow", by=system(), area=heir.path, reason=redrawn.plan.reason):
            posting.ends = day
            posting.save(update_fields=["ends"])
        if next_there is not None and next_there.starts <= day:
            return False
        # One that begins later takes over on its day.
        if next_there is not None and (until is None or until > next_there.starts):
            until = next_there.starts
        followed = Posting(
            account_id=posting.account_id,
            role=posting.role,
            area=heir,
            organisation_id=posting.organisation_id,
            unit_id=posting.unit_id,
            starts=day,
            ends=until,
        )
        with changing(followed, verb="follow", by=system(), area=heir.path, reason=redrawn.plan.reason):
            followed.save()
    return True


def _homes(redrawn: Redrawn) -> QuerySet[Unit]:
    return Unit.objects.filter(home__path__in=list(redrawn.heirs), retired_on=None)


def _held_postings(redrawn: Redrawn) -> QuerySet[Posting]:
    day = redrawn.plan.effective_on or clock.today()
    return Posting.objects.filter(Q(ends=None) | Q(ends__gt=day), area__path__in=list(redrawn.heirs)).select_related(
        "area"
    )
