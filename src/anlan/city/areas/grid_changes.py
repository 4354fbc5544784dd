"""Plans for the grids of a community: begun, drawn, decided for a day, put in force, and undone by a counter-plan.

Grids that end keep their code and get their last day; new ones get a code that was never used. What hangs on grids and
lives on floors above (matters, units, postings) follows through `follow_with`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from anlan.city.areas.changes import TOPIC
from anlan.city.areas.geometry import contains
from anlan.city.areas.grid_drawing import (
    MOST_GRIDS,
    Drawing,
    DrawingError,
    Grid,
    centre,
    one_piece,
    reading_order,
    ring_of,
    sound_or_empty,
)
from anlan.city.areas.grid_findings import Finding, Outlines, findings, limits_on
from anlan.city.areas.models import Area, AreaChange, GridPlan
from anlan.city.areas.reference import Kind, Level
from anlan.foundation import freshness

MOST_STEPS = 30
"""Back to which a draft can be undone."""

LEAST_SHARE = 0.01
"""Of a grid's ground that another has to have to count as its successor: less comes of borders moved a little."""


@dataclass(frozen=True)
class Redrawn:
    """How a plan changes where things lie: grids by path before and after; `heirs` are those that take the place of
    one that ends (the one with most of its ground)."""

    plan: GridPlan
    before: Mapping[str, Grid]
    after: Mapping[str, Grid]
    heirs: Mapping[str, str]

    def place(self, path: str, lon: float | None = None, lat: float | None = None) -> str:
        """Where something now lies that lay in the grid at `path`, by its position if that lay in the grid.

        What was put into a grid by hand, its position being elsewhere, stays with that grid or its heir.
        """
        was = self.before.get(path)
        if was is None:
            return path
        if lon is not None and lat is not None and was.ring and contains(was.ring, lon, lat):
            found = (there for there, grid in self.after.items() if grid.ring and contains(grid.ring, lon, lat))
            return next(found, self.heirs.get(path, path))
        return self.heirs.get(path, path)

    def successors(self, path: str) -> list[str]:
        """The grids that have the ground of one that ends: its heir first, then what else is new on it."""
        heir = self.heirs[path]
        fresh = (there for there in self.after if there not in self.before and there != heir)
        return [heir, *(there for there in fresh if _shared(self.before[path], self.after[there]) > LEAST_SHARE)]


Follower = Callable[[Redrawn], Mapping[str, int]]
"""Lets things of a floor above follow; says how many did, by kind. It may be called again after a fault."""
_followers: list[Follower] = []


def follow_with(follower: Follower) -> None:
    """Let `follower` be called once a plan is in force (in `ready()`)."""
    if follower not in _followers:
        _followers.append(follower)


def stored(drawing: Drawing) -> list[dict[str, Any]]:
    """A drawing as it is kept."""
    return [
        {
            "key": grid.key,
            "name": grid.name,
            "ring": [list(corner) for corner in grid.ring],
            "households": grid.households,
            "to": grid.to,
        }
        for grid in drawing
    ]


def drawing_of(kept: Iterable[Mapping[str, Any]]) -> Drawing:
    """The drawing that was kept."""
    return tuple(
        Grid(each["key"], each["name"], tuple((lon, lat) for lon, lat in each["ring"]), each["households"], each["to"])
        for each in kept
    )


def grids_in_force(community: Area) -> Drawing:
    """The grids of a community today; one never drawn has no ring."""
    rows = Area.objects.filter(parent=community, level=Level.GRID, valid_until=None).order_by("code")
    return tuple(
        Grid(row.code, row.name, tuple((lon, lat) for lon, lat in row.boundary or ()), row.households) for row in rows
    )


def outlines_of(plan: GridPlan) -> Outlines:
    """The borders that a plan has to keep to, as they are today."""
    own = ring_in_force(plan.community)
    targets = {each["to"] for each in plan.drawing if each["to"]}
    others = Area.objects.filter(code__in=targets, valid_until=None, level=Level.COMMUNITY)
    return Outlines(own, {each.code: ring_in_force(each) for each in others})


def ring_in_force(area: Area) -> tuple[tuple[float, float], ...]:
    return tuple((lon, lat) for lon, lat in area.boundary or ())


def check(plan: GridPlan, day: date) -> list[Finding]:
    """What stands against a plan by the rules in force on a day."""
    return findings(drawing_of(plan.drawing), outlines_of(plan), limits_on(day))


def begin(community: Area, *, by: UUID | None, at: datetime, reason: str, drawing: Drawing | None = None) -> GridPlan:
    """A new draft, with the grids in force or with what was drawn elsewhere. A community has one open plan."""
    base = grids_in_force(community)
    return GridPlan.objects.create(
        community=community,
        reason=reason,
        base=stored(base),
        drawing=stored(base if drawing is None else drawing),
        made_at=at,
        made_by=by,
    )


def draw(plan: GridPlan, drawing: Drawing) -> None:
    """Let a draft have another drawing; the one before can be had again. For a transaction in which it is locked."""
    plan.past = [*plan.past, plan.drawing][-MOST_STEPS:]
    plan.future, plan.drawing, plan.outdated = [], stored(drawing), False
    plan.save()


def step_back(plan: GridPlan) -> bool:
    """Undo the last step of a draft; whether there was one."""
    if not plan.past:
        return False
    plan.future = [*plan.future, plan.drawing]
    *plan.past, plan.drawing = plan.past
    plan.save()
    return True


def step_forward(plan: GridPlan) -> bool:
    """Do again what was undone; whether there was something."""
    if not plan.future:
        return False
    plan.past = [*plan.past, plan.drawing]
    *plan.future, plan.drawing = plan.future
    plan.save()
    return True


def is_outdated(plan: GridPlan) -> bool:
    """Whether the grids in force are others than when the plan began. Names don't count: a plan carries its own."""
    now = {grid.key: grid.ring for grid in grids_in_force(plan.community)}
    return now != {grid.key: grid.ring for grid in drawing_of(plan.base)}


def redrawn_by(plan: GridPlan) -> Redrawn:
    """What a plan changes; before it is in force the new grids go by their keys."""
    before = drawing_of(plan.base)
    after = drawing_of(plan.drawing)
    own = plan.community.path
    targets = {grid.to for grid in after if grid.to}
    paths = dict(Area.objects.filter(code__in=targets).values_list("code", "path"))
    placed = {f"{paths.get(grid.to, own)}.{grid.key}": grid for grid in after}
    was = {f"{own}.{grid.key}": grid for grid in before}
    heirs = {path: heir for path, grid in was.items() if path not in placed and (heir := _heir(grid, placed))}
    return Redrawn(plan, was, placed, heirs)


def former(plan: GridPlan) -> Drawing:
    """The drawing before a plan, to be drawn again: what ended then comes back as a new grid, for codes aren't used
    twice. Raises DrawingError where a grid went to another community, whose plan it would have to be."""
    from django.utils.translation import gettext as _

    if any(each["to"] for each in plan.drawing):
        raise DrawingError(_("a grid was handed over: hand it back from the community that has it now"))
    there = {grid.key for grid in grids_in_force(plan.community)}
    restored, fresh = [], 0
    for grid in drawing_of(plan.base):
        fresh += grid.key not in there
        restored.append(grid if grid.key in there else replace(grid, key=f"n{fresh}"))
    return tuple(restored)


def carry_out(today: date, at: datetime) -> int:
    """Put in force what was decided for a day that has come, and let things follow; returns how many plans. For the
    worker: whatever a crash left undone is done by the next round."""
    due = GridPlan.objects.filter(state=GridPlan.State.DECIDED, effective_on__lte=today).order_by("effective_on", "id")
    done = sum(_put_in_force(id, at) for id in due.values_list("id", flat=True))
    followed = GridPlan.objects.filter(state=GridPlan.State.IN_FORCE, followed_at=None).order_by("in_force_at", "id")
    for id in list(followed.values_list("id", flat=True)):
        _follow(id, at)
    return done


def _put_in_force(id: UUID, at: datetime) -> bool:
    """One plan, whole or not at all. If the areas were changed in another way meanwhile it is a draft again."""
    with transaction.atomic():
        plan = GridPlan.objects.select_for_update(of=("self",)).select_related("community").get(id=id)
        if plan.state != GridPlan.State.DECIDED or plan.effective_on is None:
            return False
        touched = {plan.community_id, *(each["to"] for each in plan.drawing if each["to"])}
        # In the order of their codes, so that two plans that hand over to each other don't wait for each other.
        areas = {each.code: each for each in Area.objects.select_for_update().filter(code__in=touched).order_by("code")}
        list(Area.objects.select_for_update().filter(parent__in=touched).order_by("code").values_list("code"))
        if is_outdated(plan) or any(found.stops for found in check(plan, plan.effective_on)):
            plan.state, plan.outdated, plan.effective_on = GridPlan.State.DRAFT, True, None
            plan.save()
            return False
        before = drawing_of(plan.base)
        after = _numbered(drawing_of(plan.drawing), areas, plan.community)
        plan.drawing = stored(after)
        _write(plan, before, after, areas, at)
        plan.state, plan.in_force_at = GridPlan.State.IN_FORCE, at
        plan.save()
        freshness.changed(TOPIC)
    return True


def _numbered(drawing: Drawing, areas: Mapping[str, Area], community: Area) -> Drawing:
    """The drawing with a code for each new grid: the community's twelve digits and the next three that were never used,
    given from west to east. This house's own setting: no published rule for Zhejiang was found."""
    codes: dict[str, str] = {}
    for home in areas.values():
        coming = [grid for grid in drawing if (grid.to or community.code) == home.code and (grid.is_new or grid.to)]
        used = Area.objects.filter(parent=home, level=Level.GRID).values_list("code", flat=True)
        highest = max((int(code[12:15]) for code in used), default=0)
        if highest + len(coming) > MOST_GRIDS:
            raise DrawingError(f"{home.code}: no code is left for another grid")
        for number, grid in enumerate(reading_order(coming), start=highest + 1):
            codes[grid.key] = f"{home.code}{number:03}"
    return tuple(replace(grid, key=codes.get(grid.key, grid.key)) for grid in drawing)


def _write(plan: GridPlan, before: Drawing, after: Drawing, areas: Mapping[str, Area], at: datetime) -> None:
    was, now = {grid.key: grid for grid in before}, {grid.key: grid for grid in after}
    redrawn = redrawn_by(plan)
    into: dict[str, list[str]] = {}
    for grid in before:
        if grid.key not in now:
            heirs = sorted(each.key for each in after if each.key not in was and _shared(grid, each) > LEAST_SHARE)
            into[grid.key] = heirs
            change = _noter(plan, grid.key, at)
            ended = Area.objects.get(code=grid.key)
            ended.valid_until = plan.effective_on
            ended.save(update_fields=["valid_until"])
            kind = AreaChange.Kind.SPLIT if len(heirs) > 1 else AreaChange.Kind.MERGED
            change(
                kind if heirs else AreaChange.Kind.CLOSED, None, {"valid_until": str(plan.effective_on), "into": heirs}
            )
    for grid in after:
        if grid.key in was:
            _bring_up_to_date(plan, was[grid.key], grid, at)
        else:
            came_from = [old for old, heirs in into.items() if grid.key in heirs]
            _create(plan, grid, areas[grid.to or plan.community_id], came_from, at)
    handed = [grid for grid in after if grid.to]
    if handed:
        _redraw_communities(plan, redrawn, handed, areas, at)


def _bring_up_to_date(plan: GridPlan, was: Grid, grid: Grid, at: datetime) -> None:
    area, change = Area.objects.get(code=grid.key), _noter(plan, grid.key, at)
    if grid.name != was.name:
        change(AreaChange.Kind.RENAMED, {"name": area.name}, {"name": grid.name})
        area.name = grid.name
    if grid.ring != was.ring:
        before, after = ({"boundary": [list(corner) for corner in ring]} for ring in (was.ring, grid.ring))
        change(AreaChange.Kind.REDRAWN, before, after)
        _place(area, grid.ring)
    area.households = grid.households
    area.save()


def _create(plan: GridPlan, grid: Grid, home: Area, came_from: Sequence[str], at: datetime) -> None:
    assert plan.effective_on is not None
    area = Area(
        code=grid.key,
        path=f"{home.path}.{grid.key}",
        level=Level.GRID,
        parent=home,
        name=grid.name,
        kind=Kind.GRID.value,
        households=grid.households,
        synthetic=home.synthetic,
        valid_from=plan.effective_on,
    )
    _place(area, grid.ring)
    area.save(force_insert=True)
    _noter(plan, grid.key, at)(AreaChange.Kind.CREATED, None, {"name": grid.name, "from": list(came_from)})


def _redraw_communities(
    plan: GridPlan, redrawn: Redrawn, handed: Sequence[Grid], areas: Mapping[str, Area], at: datetime
) -> None:
    """The community gives up the ground of what it hands over, the others take it in."""
    staying = [sound_or_empty(grid.ring) for grid in redrawn.after.values() if not grid.to]
    for area in areas.values():
        coming = [grid for grid in handed if grid.to == area.code]
        own = area.code == plan.community_id
        shapes = staying if own else [sound_or_empty(ring_in_force(area)), *(sound_or_empty(g.ring) for g in coming)]
        whole = one_piece(shapes)
        assert whole is not None  # checked just before, under the same lock
        before = area.boundary
        _place(area, ring_of(whole))
        people = [grid.households for grid in (handed if own else coming)]
        if area.households is not None and None not in people:
            moved = sum(each or 0 for each in people)
            area.households = max(0, area.households + (-moved if own else moved))
        area.save()
        change = _noter(plan, area.code, at)
        change(AreaChange.Kind.REDRAWN, {"boundary": before}, {"boundary": area.boundary})


def _place(area: Area, ring: Sequence[tuple[float, float]]) -> None:
    area.boundary = [list(corner) for corner in ring]
    area.lon, area.lat = centre(tuple(ring))


def _noter(plan: GridPlan, code: str, at: datetime) -> Callable[[str, Any, Any], None]:
    def note(kind: str, before: Any, after: Any) -> None:
        assert plan.effective_on is not None
        AreaChange.objects.create(
            area_id=code,
            kind=kind,
            effective_on=plan.effective_on,
            recorded_at=at,
            recorded_by=plan.decided_by,
            before=before,
            after=after,
            reason=plan.reason,
        )

    return note


def _heir(grid: Grid, placed: Mapping[str, Grid]) -> str | None:
    """The path of the grid that has most of the ground of one that ends; None where none has any of it."""
    shared = {path: _shared(grid, each) for path, each in placed.items()}
    best = max(shared, key=lambda path: shared[path], default=None)
    return best if best is not None and shared[best] > 0 else next(iter(placed), None)


def _shared(grid: Grid, other: Grid) -> float:
    """The share of a grid's ground that lies in another."""
    ground = sound_or_empty(grid.ring)
    return float(ground.intersection(sound_or_empty(other.ring)).area / ground.area) if ground.area else 0.0


def _follow(id: UUID, at: datetime) -> None:
    """Let things follow one plan, in one transaction. Whoever comes while another is at it leaves it to that one."""
    with transaction.atomic():
        waiting = GridPlan.objects.filter(id=id, followed_at=None).select_related("community")
        plan = waiting.select_for_update(of=("self",), skip_locked=True).first()
        if plan is None:
            return
        redrawn = redrawn_by(plan)
        moved: Counter[str] = Counter()
        for follower in _followers:
            moved.update(follower(redrawn))
        plan.moved, plan.followed_at = dict(moved), at
        plan.save(update_fields=["moved", "followed_at"])
