"""What became of each warning: the labels from which the failure model learns which warnings were right."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from anlan.city.people.access import scope_of, scoped, system
from anlan.services.prepaid.supervision.procedures import Forewarning
from anlan.services.prepaid.supervision.schemas import CONFIRMS

_LABELS: Final = """
    SELECT w.shop_id, w.merchant_id, w.signal, w.opened_at, v.found = ANY(%(confirms)s),
        CASE WHEN s.closed_at >= w.opened_at THEN s.closed_at END
    FROM prepaid_shopmatter w JOIN prepaid_shop s ON s.id = w.shop_id
    LEFT JOIN LATERAL (
        SELECT data ->> 'found' AS found FROM loop_event
        WHERE matter_id = w.matter_id AND kind = %(verify)s ORDER BY seq DESC LIMIT 1
    ) v ON true
    WHERE w.kind = 'warning' ORDER BY w.opened_at, w.matter_id
"""


@dataclass(frozen=True, slots=True)
class Label:
    """A warning and what it was worth. `right` is the last word from the spot, None where nobody has been there;
    `closed_at` is when the shop closed afterwards. Of a shop, never of who looked."""

    shop: UUID
    merchant: UUID
    signal: str
    warned_at: datetime
    right: bool | None
    closed_at: datetime | None


def labels() -> Iterator[Label]:
    """Every warning with what became of it, the oldest first; the whole city. For training."""
    with scoped(scope_of(system())), connection.cursor() as cursor:
        cursor.execute(_LABELS, {"verify": Forewarning.verify.name, "confirms": [each.value for each in CONFIRMS]})
        yield from (Label(*row) for row in cursor.fetchall())
