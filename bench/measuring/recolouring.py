"""The colours of all shops judged anew: from the ledger, from the days that are kept, and after a single event."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from uuid import UUID

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import clock
from anlan.services.prepaid.colour import trading
from anlan.services.prepaid.colour.recolouring import judge_all, judge_stale
from anlan.services.prepaid.merchants.models import Shop
from bench.measuring import trade
from bench.measuring.ground import Ground

EVENTS = 50


@dataclass(frozen=True, slots=True)
class Recolouring:
    """Seconds; `event_ms` (median) is from noting one use to its shop's colour being judged."""

    shops: int
    lines: int
    load_s: float
    from_ledger_s: float
    rebuild_s: float
    kept_s: float
    event_ms: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def recolour(ground: Ground, *, shops: int, lines: int) -> Recolouring:
    """Load the market and judge it. The first judging also writes the colours that it finds."""
    load_s = _seconds(lambda: trade.load(ground, shops=shops, lines=lines, until=clock.today()))
    from_ledger_s = _seconds(lambda: judge_all(from_ledger=True))
    rebuild_s = _seconds(_rebuild)
    kept_s = _seconds(judge_all)
    with scoped(scope_of(system())):
        some = list(Shop.objects.order_by("id").values_list("id", flat=True)[:EVENTS])
    events = [1_000 * _seconds(partial(_event, shop)) for shop in some]
    return Recolouring(shops, lines, load_s, from_ledger_s, rebuild_s, kept_s, statistics.median(events))


def _rebuild() -> None:
    with scoped(scope_of(system())):
        trading.rebuild()


def _event(shop: UUID) -> None:
    with scoped(scope_of(system())):
        trading.note(shop, at=clock.now(), used=9_000, uses=1)
    judge_stale()


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
