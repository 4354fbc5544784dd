"""Judging shops anew and writing what has changed: their colour, its reasons, and the line of its history."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.services.prepaid.colour import judging
from anlan.services.prepaid.colour.indicators import INDICATORS, Least, measured
from anlan.services.prepaid.colour.judging import Level, Reason, Thresholds
from anlan.services.prepaid.colour.models import ColourChange, NightlyJudging
from anlan.services.prepaid.colour.trading import laid_out
from anlan.services.prepaid.figures import end_of
from anlan.services.prepaid.merchants.colours import NewColour, set_colours
from anlan.services.prepaid.merchants.models import Colour, Shop

SWEPT_AT_ONCE: Final = 200
_NIGHT_BEGINS: Final = 2
_COLOURS: Final = {Level.GREEN: Colour.GREEN, Level.YELLOW: Colour.YELLOW, Level.RED: Colour.RED}


def judge_stale() -> int:
    """The worker's job, many times a second: judge the shops to which something has happened; how many there were.

    A shop is taken off the list in the transaction that judges it: what happens meanwhile waits and is listed again.
    """
    with scoped(scope_of(system())), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM prepaid_stale WHERE id IN "
            "(SELECT id FROM prepaid_stale ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING shop_id",
            [SWEPT_AT_ONCE],
        )
        stale = {shop for (shop,) in cursor.fetchall()}
        if stale:
            recolour(sorted(stale))
    return len(stale)


def judge_all(*, from_ledger: bool = False) -> int:
    """The nightly job: judge every shop, for silence and age change without an event; how many changed.

    `from_ledger` takes nothing for granted that was summed up before.
    """
    with scoped(scope_of(system())):
        shops = list(Shop.objects.order_by("id").values_list("id", flat=True))
        return len(recolour(shops, from_ledger=from_ledger))


def judge_nightly() -> int:
    """Judge every shop once a night, the first time at once; how many changed. For the worker."""
    now = clock.local(clock.now())
    with scoped(scope_of(system())):
        last = NightlyJudging.objects.order_by("-day").values_list("day", flat=True).first()
    if last and (last >= now.date() or now.hour < _NIGHT_BEGINS):
        return 0
    changed = judge_all()
    with scoped(scope_of(system())):
        NightlyJudging.objects.get_or_create(day=now.date(), defaults={"at": clock.now(), "changed": changed})
    return changed


def recolour(shops: Sequence[UUID], *, from_ledger: bool = False) -> set[UUID]:
    """Judge some shops by today's rules, in the caller's transaction and scope; those whose colour has changed.

    What a person has decided is left alone until its end. Yellow and red hold for the time of `prepaid.colour_lasts`:
    one that is judged the same after it gets a new line of its history, with the reasons of that day.
    """
    now = clock.now()
    today = clock.local(now).date()
    least, thresholds = Least.of(rulebook(), today), Thresholds.of(rulebook(), today)
    latest = _latest(shops)
    decided = {id for id, change in latest.items() if change.by is not None and _holds(change, now)}
    ends = end_of("colour_lasts", now)
    changed: set[UUID] = set()
    for ids, days in laid_out([shop for shop in shops if shop not in decided], today, from_ledger=from_ledger):
        values = measured(days, least)
        judged = judging.colours(judging.levels(values, thresholds), thresholds)
        before = dict(Shop.objects.filter(id__in=ids).values_list("id", "colour"))
        found = []
        for place, shop in enumerate(ids):
            colour = _COLOURS[Level(judged[place])]
            run_out = colour != Colour.GREEN and shop in latest and not _holds(latest[shop], now)
            if colour != before[shop] or run_out:
                why = [as_json(reason) for reason in judging.reasons(values[place], thresholds)]
                until = None if colour == Colour.GREEN else ends
                found.append(
                    ColourChange(shop_id=shop, before=before[shop], colour=colour, reasons=why, at=now, until=until)
                )
        new = [NewColour(each.shop_id, Colour(each.colour), _why(each)) for each in found if each.colour != each.before]
        made = set_colours(new, at=now)
        ColourChange.objects.bulk_create(each for each in found if each.shop_id in made or each.colour == each.before)
        changed |= made
    return changed


def _why(change: ColourChange) -> str:
    titles = {indicator.name: indicator.title for indicator in INDICATORS}
    return "；".join(titles[reason["indicator"]] for reason in change.reasons)


def as_json(reason: Reason) -> dict[str, Any]:
    """A reason as it is kept: the indicator's name and the numbers; the words come from the declaration."""
    return {
        "indicator": reason.indicator.name,
        "level": reason.level.name.lower(),
        "value": round(reason.value, 4) if math.isfinite(reason.value) else None,
        "threshold": reason.threshold,
        "green_from": reason.green_from,
    }


def _latest(shops: Sequence[UUID]) -> dict[UUID, ColourChange]:
    """The newest line of each shop's history."""
    # One parameter for all of them: a city has more shops than a statement may have parameters.
    asked = RawSQL("shop_id = ANY(%s)", [list(shops)], output_field=BooleanField())
    latest = ColourChange.objects.filter(asked).order_by("shop_id", "-at").distinct("shop_id")
    return {change.shop_id: change for change in latest}


def _holds(change: ColourChange, now: datetime) -> bool:
    return change.until is None or change.until > now
