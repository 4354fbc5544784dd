"""Today in figures, each with its n: the strip under the board's map and on the wall.

Counted are the matters taken in since midnight (local time), by the index that leads to the newest of an area, and
their clocks; so the cost is that of one day, however many matters there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from anlan.city.people.access import Actor, scope_of, scoped
from anlan.city.people.models import Unit
from anlan.loop import clock
from anlan.loop.models import Matter, Rating
from anlan.loop.queries import lying_in
from anlan.services.dispatch.procedure import Dispatching

SMALLEST_SAMPLE = 30
"""Below this many a percentage says nothing and is not printed (field rules, section 8)."""
_TARGETS = {
    "respond": _("1-minute response"),
    "arrive_in_time": _("8-minute arrival"),
    "settle": _("24-hour settling"),
}


@dataclass(frozen=True)
class Figure:
    """n of N under a name; `percent` only where N is large enough to mean anything."""

    label: "str | Promise"
    n: int
    of: int

    @property
    def percent(self) -> float | None:
        return 100 * self.n / self.of if self.of >= SMALLEST_SAMPLE else None


@dataclass(frozen=True)
class Today:
    """What was taken in since midnight, how the targets were kept, how residents rated, and who is on duty."""

    taken: int
    shares: list[Figure]
    on_duty: int
    units: int


def today(actor: Actor, areas: Sequence[str]) -> Today:
    """The figures of areas. A target counts once its clock has been fulfilled or has run out."""
    now = clock.now()
    midnight = clock.local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    taken = Matter.objects.filter(lying_in(areas), procedure=Dispatching.slug, opened_at__gte=midnight)
    counts = {
        "taken": Count("id", distinct=True),
        "rated": Count("id", distinct=True, filter=Q(rating__isnull=False)),
        # The upper three of five levels, as everywhere in the reports.
        "satisfied": Count("id", distinct=True, filter=Q(rating__gte=Rating.FAIRLY_SATISFIED)),
    }
    for name in _TARGETS:
        of_name, ran_out = Q(deadlines__name=name), Q(deadlines__ended_at=None, deadlines__due_at__lte=now)
        fulfilled = of_name & Q(deadlines__met=True)
        counts[f"{name}_of"] = Count(
            "deadlines", filter=fulfilled | (of_name & ran_out & Q(deadlines__held_since=None))
        )
        counts[f"{name}_n"] = Count("deadlines", filter=fulfilled & Q(deadlines__ended_at__lt=F("deadlines__due_at")))
    with scoped(scope_of(actor)):
        found = taken.aggregate(**counts)
        at_home = Q()
        for area in areas:
            at_home |= Q(home__path__within=area)
        units = Unit.objects.filter(at_home).aggregate(units=Count("id"), on_duty=Count("id", filter=Q(on_duty=True)))
    shares = [Figure(label, found[f"{name}_n"], found[f"{name}_of"]) for name, label in _TARGETS.items()]
    return Today(
        taken=found["taken"],
        shares=[*shares, Figure(_("Satisfied"), found["satisfied"], found["rated"])],
        **units,
    )
