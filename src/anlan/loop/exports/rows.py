"""What an exported row holds: the matter and how its clocks went; of people nothing.

Left out on purpose: the reporter, telephone numbers, the address (it may be somebody's home), the words of the
description. Numbers that people wrote into the title are masked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Max, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from anlan.city.areas.atlas import atlas
from anlan.foundation.language import said
from anlan.foundation.masks import mask_text
from anlan.loop import clock
from anlan.loop.answers import category_label, klass_label, label
from anlan.loop.models import Channel, Deadline, Event, Matter, Outcome, Rating
from anlan.loop.procedures import procedures
from anlan.loop.suggestions import SEVERITY_LABELS, Severity

Cell = str | int


@dataclass(frozen=True)
class Known:
    """A matter with what was read about it."""

    matter: Matter
    deadlines: Sequence[Deadline]
    settled_at: datetime | None

    def clocks(self, fits: Callable[[Deadline], bool]) -> int:
        return sum(map(fits, self.deadlines))


@dataclass(frozen=True)
class Column:
    """One column: its heading and how its cell is read; empty where nothing is known."""

    heading: "str | Promise"
    cell: Callable[[Known], Cell]


COLUMNS = (
    Column(_("Number"), lambda each: each.matter.reference),
    Column(_("Title"), lambda each: mask_text(each.matter.title)),
    Column(_("Procedure"), lambda each: said(each.matter.rules.label, each.matter.rules.__name__)),
    Column(_("Channel"), lambda each: str(Channel(each.matter.channel).label)),
    Column(_("Class"), lambda each: klass_label(each.matter.klass)),
    Column(_("Category"), lambda each: category_label(each.matter.category)),
    Column(_("Severity of the matter"), lambda each: str(SEVERITY_LABELS[Severity(each.matter.severity)])),
    Column(_("State"), lambda each: label(each.matter.stands)),
    Column(_("District"), lambda each: _area(each.matter, 1)),
    Column(_("Town or street"), lambda each: _area(each.matter, 2)),
    Column(_("Community or village"), lambda each: _area(each.matter, 3)),
    Column(_("Grid"), lambda each: _area(each.matter, 4)),
    Column(_("Responsible"), lambda each: each.matter.responsible.name if each.matter.responsible else ""),
    Column(_("Unit"), lambda each: each.matter.unit.name if each.matter.unit else ""),
    Column(_("Opened"), lambda each: _moment(each.matter.opened_at)),
    Column(_("Settled"), lambda each: _moment(each.settled_at)),
    Column(_("Closed"), lambda each: _moment(each.matter.closed_at)),
    Column(_("Deadlines kept"), lambda each: each.clocks(lambda clock: clock.in_time is True)),
    Column(_("Deadlines kept late"), lambda each: each.clocks(lambda clock: clock.in_time is False)),
    Column(_("Deadlines running"), lambda each: each.clocks(lambda clock: clock.ended_at is None)),
    Column(_("Of them overdue"), lambda each: each.clocks(lambda running: running.late_at(clock.now()))),
    Column(_("Returned"), lambda each: each.matter.returns),
    Column(_("Reopened"), lambda each: each.matter.reopened),
    Column(_("Escalated to level"), lambda each: each.matter.escalation),
    Column(_("Merged"), lambda each: str(_("yes")) if each.matter.merged_into_id else ""),
    Column(_("Result"), lambda each: str(Outcome(each.matter.outcome).label) if each.matter.outcome else ""),
    Column(_("Rating"), lambda each: str(Rating(each.matter.rating).label) if each.matter.rating else ""),
)


def headings() -> list[str]:
    return [str(column.heading) for column in COLUMNS]


def cells(matters: Sequence[Matter]) -> list[list[Cell]]:
    """The rows of these matters, in two statements. For a scope that holds them."""
    ids = [matter.id for matter in matters]
    deadlines: dict[UUID, list[Deadline]] = {id: [] for id in ids}
    for deadline in Deadline.objects.filter(matter_id__in=ids):
        deadlines[deadline.matter_id].append(deadline)
    settled = _settled(ids)
    known = (Known(matter, deadlines[matter.id], settled.get(matter.id)) for matter in matters)
    return [[column.cell(each) for column in COLUMNS] for each in known]


def _settled(ids: Sequence[UUID]) -> Mapping[UUID, datetime]:
    """When each last came into a state in which the work is done."""
    done = {state.name for rules in procedures() for state in rules.states.values() if state.done}
    steps = Event.objects.filter(matter_id__in=ids, to_state__in=done).exclude(
        Q(from_state__in=done) | Q(from_state=F("to_state"))
    )
    return dict(steps.order_by().values_list("matter_id").annotate(Max("at")))


def _area(matter: Matter, level: int) -> str:
    labels = matter.area.split(".")
    return atlas().names.get(labels[level], labels[level]) if len(labels) > level else ""


def _moment(moment: datetime | None) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M}" if moment else ""
