"""Judging shops anew and writing what has changed: their colour, its reasons, and the line of its history."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.services.prepaid.colour import judging
from anlan.services.prepaid.colour.indicators import INDICATORS, Least, measured
from anlan.services.prepaid.colour.judging import Level, Reason, Thresholds
from anlan.services.prepaid.colour.models import ColourChange
from anlan.services.prepaid.colour.trading import laid_out
from anlan.services.prepaid.merchants.colours import NewColour, set_colours
from anlan.services.prepaid.merchants.models import Colour, Shop

SWEPT_AT_ONCE: Final = 200
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


def recolour(shops: Sequence[UUID], *, from_ledger: bool = False) -> set[UUID]:
    """Judge some shops by today's rules, in the caller's transaction and scope; those whose colour has changed.

    What a person has decided is left alone until its end.
    """
    now = clock.now()
    today = clock.local(now).date()
    least, thresholds = Least.of(rulebook(), today), Thresholds.of(rulebook(), today)
    decided = _decided(shops, now)
    changed: set[UUID] = set()
    for ids, days in laid_out([shop for shop in shops if shop not in decided], today, from_ledger=from_ledger):
        values = measured(days, least)
        judged = judging.colours(judging.levels(values, thresholds), thresholds)
        before = dict(Shop.objects.filter(id__in=ids).values_list("id", "colour"))
        found = [
            _change(shop, before[shop], _COLOURS[Level(judged[place])], judging.reasons(values[place], thresholds), now)
            for place, shop in enumerate(ids)
            if _COLOURS[Level(judged[place])] != before[shop]
        ]
        made = set_colours([NewColour(each.shop_id, Colour(each.colour), _why(each)) for each in found], at=now)
        ColourChange.objects.bulk_create(each for each in found if each.shop_id in made)
        changed |= made
    return changed


def _change(shop: UUID, before: str, colour: Colour, why: Sequence[Reason], at: datetime) -> ColourChange:
    told = [as_json(reason) for reason in why]
    return ColourChange(shop_id=shop, before=before, colour=colour, reasons=told, at=at)


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


def _decided(shops: Sequence[UUID], now: datetime) -> set[UUID]:
    """The shops whose colour a person has decided and that still holds."""
    latest = ColourChange.objects.filter(shop_id__in=shops).order_by("shop_id", "-at").distinct("shop_id")
    return {change.shop_id for change in latest if change.by is not None and change.until and change.until > now}
