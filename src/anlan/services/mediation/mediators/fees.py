"""What a mediation may cost, and what it saved: the fee by a published schedule, the court's fee by its ladder.

The mediation is free unless the kind of organisation may charge; the database holds that too (`Fee`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from anlan.city.people.access import PARTY, REPORTER, Actor
from anlan.foundation.rules import rulebook
from anlan.loop import clock, engine
from anlan.loop.refusals import BadInput, NotPossible
from anlan.services.mediation.disputes.models import Dispute
from anlan.services.mediation.mediators.actions import party_of
from anlan.services.mediation.mediators.models import Body, Fee, FeeSchedule, Mediator
from anlan.services.mediation.procedures.schemas import HIGHEST_SUM

STEPS: Final = (10_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000)
"""Where the rates of the court's ladder change, in yuan; the rates are rules."""
FEN: Final = 100


@dataclass(frozen=True, slots=True)
class Saving:
    """What a mediated dispute would have cost at the court, and what that rests on."""

    court_fee_fen: int
    mediation_fee_fen: int
    assumptions: tuple[str, ...]

    @property
    def saved_fen(self) -> int:
        return self.court_fee_fen - self.mediation_fee_fen


def publish(
    body: Body,
    text: str,
    *,
    percent: Decimal = Decimal(0),
    least_fen: int = 0,
    most_fen: int | None = None,
    on: date | None = None,
) -> FeeSchedule:
    """Publish what an organisation charges. Raises NotPossible where its kind may not charge, BadInput for a schedule
    that can't be."""
    if not body.may_charge:
        raise NotPossible(_("this kind of organisation mediates free of charge"))
    if not text.strip():
        raise BadInput(_("a schedule says what is charged for what"), field="text")
    if not 0 <= percent <= 100:
        raise BadInput(_("a percentage lies between 0 and 100"), field="percent")
    if least_fen < 0 or (most_fen is not None and most_fen < least_fen):
        raise BadInput(_("the least fee lies above the highest, or below zero"), field="least_fen")
    return FeeSchedule.objects.create(
        body=body,
        body_type=body.type,
        published_on=on or clock.today(),
        text=text,
        percent=percent,
        least_fen=least_fen,
        most_fen=most_fen,
    )


def in_force(body_id: UUID, on: date) -> FeeSchedule | None:
    """The schedule that an organisation had published by that day."""
    found = FeeSchedule.objects.filter(Q(published_on__lte=on), body_id=body_id)
    return found.order_by("-published_on", "-id").first()


def quoted(schedule: FeeSchedule, amount_fen: int) -> int:
    """What a schedule asks for a sum in dispute, in fen."""
    fee = _rounded(Decimal(amount_fen) * schedule.percent / 100)
    fee = max(fee, schedule.least_fen)
    return fee if schedule.most_fen is None else min(fee, schedule.most_fen)


def accept(matter_id: UUID, *, by: Actor) -> Fee:
    """The party that pays accepts the fee of the published schedule before the mediation begins.

    Where the organisation may not charge, or charges nothing, the fee is zero. Raises NotPossible without a mediator or
    once the mediation has begun.
    """
    with engine.changing(matter_id, by, PARTY | REPORTER) as change:
        matter, today = change.matter, clock.today()
        mediator = Mediator.objects.select_related("body").filter(unit=matter.unit_id).first()
        if matter.unit_id is None or mediator is None:
            raise NotPossible(_("no mediator has been appointed yet"))
        if matter.state not in ("appointed", "asking"):
            raise NotPossible(_("the fee is accepted before the mediation begins"))
        body, dispute = mediator.body, Dispute.objects.filter(matter=matter).first()
        schedule = in_force(body.organisation_id, today) if body.may_charge else None
        amount = quoted(schedule, (dispute.amount_fen if dispute else 0) or 0) if schedule else 0
        fee, _made = Fee.objects.update_or_create(
            matter=matter,
            defaults={
                "area": matter.area,
                "body": body,
                "body_type": body.type,
                "amount_fen": amount,
                "schedule": schedule,
                "schedule_published_on": schedule.published_on if schedule else None,
                "payer_id": party_of(matter, by),
                "accepted_on": today,
            },
        )
        change.record("fee_accepted", {"amount_fen": amount, "schedule": str(schedule.id) if schedule else ""})
    return fee


def court_fee(amount_fen: int, *, on: date) -> int:
    """The fee of first instance for a property case, in fen, by the ladder in force that day (诉讼费用交纳办法
    第十三条; a setting, not verified). Raises BadInput for a sum that can't be."""
    if not 0 <= amount_fen <= HIGHEST_SUM:
        raise BadInput(_("a sum lies between 0 and 10^12 yuan"), field="amount_fen")
    fee = Decimal(str(_value("least_fen", on)))
    for above_fen, percent in _steps(amount_fen, on):
        fee += above_fen * percent / 100
    return _rounded(fee)


def saving(matter_id: UUID, *, on: date) -> Saving | None:
    """What mediation saved the parties of a dispute; None where no sum is known. For a scope that holds it."""
    dispute = Dispute.objects.filter(matter_id=matter_id).first()
    if dispute is None or dispute.amount_fen is None:
        return None
    fee = Fee.objects.filter(matter_id=matter_id).values_list("amount_fen", flat=True).first()
    assumptions = (
        _("the whole sum in dispute would have been claimed"),
        _("a property case of first instance, without reduction or exemption"),
        _("lawyers, appraisal and travel are not counted"),
        _("the court’s ladder of fees is recalled and not verified"),
    )
    return Saving(court_fee(dispute.amount_fen, on=on), fee or 0, assumptions)


def _steps(amount_fen: int, on: date) -> Iterator[tuple[int, Decimal]]:
    """How much of a sum lies on each step of the ladder above the first, with the percentage of that step."""
    for above, until in pairwise((*STEPS, None)):
        assert above is not None
        top = amount_fen if until is None else min(amount_fen, until * FEN)
        if top > above * FEN:
            yield top - above * FEN, _value(f"above_{above}", on)


def _value(name: str, on: date) -> Decimal:
    return Decimal(str(rulebook().at(f"mediation.court_fee.{name}", on).value or 0))


def _rounded(fen: Decimal) -> int:
    return int(fen.quantize(Decimal(1), ROUND_HALF_UP))
