"""What follows from a decision made in a matter: for the colour of a shop, and for the money of its cards.

The history is the order: each of its lines is carried out once, in one transaction with the note of it, whichever door
the decision came through. A line without an effect is only counted.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db.models import F

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import clock, engine
from anlan.loop.models import Event
from anlan.services.prepaid.colour.ruling import rule
from anlan.services.prepaid.figures import end_of
from anlan.services.prepaid.merchants.models import Colour
from anlan.services.prepaid.supervision.closings import close_shop
from anlan.services.prepaid.supervision.models import ShopMatter
from anlan.services.prepaid.supervision.procedures import Appealing, ClosingDown, Forewarning
from anlan.services.prepaid.supervision.schemas import Step

log = structlog.get_logger("anlan.prepaid.supervision")
AT_ONCE: Final = 100


def carry_out_due() -> int:
    """The worker's job: carry out what has been decided since; how many matters had something new."""
    behind = ShopMatter.objects.filter(ended_at=None, carried_out__lt=F("matter__version"))
    with scoped(scope_of(system())):
        waiting = list(behind.order_by("matter_id").values_list("matter_id", flat=True)[:AT_ONCE])
    return sum(_carried_out(id) for id in waiting)


def _carried_out(id: UUID) -> bool:
    try:
        with scoped(scope_of(system())):
            known = ShopMatter.objects.select_for_update(skip_locked=True, of=("self",)).select_related("matter")
            about = known.filter(matter_id=id).first()
            if about is None:
                return False  # another worker has it
            for line in Event.objects.filter(matter_id=id, seq__gt=about.carried_out).order_by("seq"):
                if effect := _EFFECTS.get((about.matter.procedure, line.kind)):
                    effect(about, line)
                about.carried_out = line.seq
            about.ended_at = about.matter.closed_at
            about.save(update_fields=["carried_out", "ended_at"])
    except Exception:
        # One that can't be carried out keeps no other waiting; it is tried again in the next round.
        log.exception("decision not carried out", matter=str(id))
        return False
    return True


def _restrict(about: ShopMatter, line: Event) -> None:
    """A stop of new prepayments until the end of a day: red, by whoever decided it."""
    if line.data["step"] == Step.RESTRICT and line.actor_id is not None:
        until = _end_of_day(date.fromisoformat(line.data["until"]))
        if until > clock.now():
            rule(about.shop_id, Colour.RED, by=line.actor_id, until=until, note=line.data["text"])


def _withdraw_colour(about: ShopMatter, line: Event) -> None:
    """The colour that was given on appeal, with its reason; then the matter is done with."""
    assert line.actor_id is not None  # the program grants no appeal
    until = end_of("appeal_holds", clock.now())
    rule(about.shop_id, Colour(line.data["colour"]), by=line.actor_id, until=until, note=line.data["reason"])
    engine.advance(about.matter_id, Appealing.settle.name, by=system())


def _close(about: ShopMatter, line: Event) -> None:
    """From now on the shop is closed; `closings.repay_due` pays its holders back."""
    close_shop(about.shop_id, date.fromisoformat(line.data["closed_on"]))


def _end_of_day(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), clock.LOCAL)


_EFFECTS: Final[Mapping[tuple[str, str], Callable[[ShopMatter, Event], None]]] = {
    (Forewarning.slug, Forewarning.intervene.name): _restrict,
    (Forewarning.slug, Forewarning.intervene_again.name): _restrict,
    (Appealing.slug, Appealing.grant.name): _withdraw_colour,
    (ClosingDown.slug, ClosingDown.confirm.name): _close,
}
