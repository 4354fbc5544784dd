"""The colour of a shop, and the stop that comes with red: the one place that writes either."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from anlan.foundation.identifiers import new_id
from anlan.loop import clock
from anlan.services.prepaid.merchants.models import Colour

# A payment that commits while its shop turns red makes the stop collide with it once; it is then begun after it.
_ATTEMPTS: Final = 5

_SET: Final = """
    WITH given AS (
        SELECT * FROM unnest(%(shops)s::uuid[], %(colours)s::text[], %(whys)s::text[], %(stops)s::uuid[])
            AS given(shop, colour, why, stop)
    ), changing AS MATERIALIZED (
        SELECT s.id, s.stop_id, g.colour, g.why, g.stop
        FROM prepaid_shop s JOIN given g ON g.shop = s.id
        WHERE s.colour <> g.colour ORDER BY s.id FOR UPDATE OF s
    ), lifted AS (
        UPDATE prepaid_taking t SET span = tstzrange(lower(t.span), greatest(%(at)s::timestamptz, lower(t.span)), '[)')
        FROM changing c WHERE t.id = c.stop_id RETURNING t.id
    ), latest AS (
        SELECT c.id, max(upper(t.span)) AS paid_at FROM changing c JOIN prepaid_taking t ON t.shop_id = c.id
        WHERE t.stops = 0 AND t.span && tstzrange(%(at)s::timestamptz, NULL) AND c.colour = 'red' GROUP BY c.id
    ), stopped AS (
        INSERT INTO prepaid_taking (id, shop_id, span, stops, why)
        SELECT c.stop, c.id,
            tstzrange(greatest(%(at)s::timestamptz, l.paid_at + interval '1 microsecond'), NULL), 1, c.why
        FROM changing c LEFT JOIN latest l ON l.id = c.id WHERE c.colour = 'red'
    )
    UPDATE prepaid_shop s
    SET colour = c.colour, colour_since = %(at)s, stop_id = CASE WHEN c.colour = 'red' THEN c.stop END
    FROM changing c WHERE s.id = c.id RETURNING s.id
"""


@dataclass(frozen=True, slots=True)
class NewColour:
    """The colour a shop is to have, and why in a few words; the reason of a red one stands beside its stop."""

    shop: UUID
    colour: Colour
    why: str


def set_colours(changes: Sequence[NewColour], *, at: datetime | None = None) -> set[UUID]:
    """Give shops their colours, in one statement for any number of them; the shops whose colour has changed.

    Red begins a stop in which no payment can be taken, another colour lifts it. Each shop may occur once. Raises
    ValueError for a red one without a reason.
    """
    if any(change.colour == Colour.RED and not change.why.strip() for change in changes):
        raise ValueError("why: red needs a reason")
    given: dict[str, Any] = {
        "shops": [change.shop for change in changes],
        "colours": [change.colour.value for change in changes],
        "whys": [change.why.strip()[:200] for change in changes],
        "stops": [new_id() for _ in changes],
        "at": at or clock.now(),
    }
    for attempt in range(_ATTEMPTS):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_SET, given)
                return {id for (id,) in cursor.fetchall()}
        except IntegrityError:
            if attempt == _ATTEMPTS - 1:
                raise
    return set()
