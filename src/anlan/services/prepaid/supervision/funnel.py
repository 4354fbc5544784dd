"""From the merchants that are watched to those that failed: monitored, warned, verified, intervened, later failed.

One statement over any window, by district. Each merchant counts once in each stage, however many shops it has.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from django.db import connection

from anlan.city.people.access import Actor, Role, scope_of, scoped
from anlan.services.prepaid.merchants.actions import REGULATORS
from anlan.services.prepaid.supervision.procedures import Forewarning
from anlan.services.prepaid.supervision.schemas import CONFIRMS

# A closing that was announced and left nobody with a claim is no failure.
_FUNNEL: Final = """
    WITH watched AS (
        SELECT id, merchant_id, nullif(split_part(area::text, '.', 2), '') AS district, closed_at,
            closed_at IS NOT NULL AND (closes_on IS NULL OR EXISTS (
                SELECT FROM prepaid_repayment r JOIN prepaid_card c ON c.id = r.card_id
                WHERE c.shop_id = s.id AND r.shortfall > 0
            )) AS failed
        FROM prepaid_shop s
        WHERE area <@ ANY(%(areas)s::ltree[]) AND opened_on < %(until)s
            AND (closed_at IS NULL OR closed_at >= %(since)s)
    ), warned AS (
        SELECT matter_id, shop_id, opened_at FROM prepaid_shopmatter
        WHERE kind = 'warning' AND opened_at >= %(since)s AND opened_at < %(until)s
    ), told AS (
        SELECT e.matter_id, bool_or(e.kind = %(verify)s) AS verified,
            bool_or(e.kind = %(verify)s AND e.data ->> 'found' = ANY(%(confirms)s)) AS confirmed,
            bool_or(e.kind = %(intervene)s) AS intervened
        FROM loop_event e JOIN warned w ON w.matter_id = e.matter_id GROUP BY 1
    )
    SELECT coalesce(s.district, ''), count(DISTINCT s.merchant_id),
        count(DISTINCT s.merchant_id) FILTER (WHERE w.matter_id IS NOT NULL),
        count(DISTINCT s.merchant_id) FILTER (WHERE t.verified),
        count(DISTINCT s.merchant_id) FILTER (WHERE t.confirmed),
        count(DISTINCT s.merchant_id) FILTER (WHERE t.intervened),
        count(DISTINCT s.merchant_id) FILTER (WHERE s.failed AND s.closed_at >= w.opened_at),
        count(DISTINCT s.merchant_id) FILTER (WHERE s.failed AND s.closed_at < %(until)s)
    FROM watched s LEFT JOIN warned w ON w.shop_id = s.id LEFT JOIN told t ON t.matter_id = w.matter_id
    GROUP BY GROUPING SETS ((s.district), ()) ORDER BY grouping(s.district) DESC, 1
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """The merchants of one district, by its code, or of all that are asked for (empty code).

    `confirmed` are those of the verified whose warning was right, `failed` those of the warned that failed afterwards,
    `all_failed` whoever failed in the window, warned of or not: so what was missed can be seen.
    """

    district: str
    monitored: int
    warned: int
    verified: int
    confirmed: int
    intervened: int
    failed: int
    all_failed: int

    @property
    def cells(self) -> tuple[object, ...]:
        """The row of a file, in the order of `HEADINGS`."""
        return tuple(getattr(self, name) for name in HEADINGS)


HEADINGS: Final = tuple(each.name for each in fields(Stage))


def funnel(by: Actor, *, since: datetime, until: datetime) -> list[Stage]:
    """The funnel of the areas that somebody regulates or audits, all together first, then each district."""
    areas = sorted({held.area for held in by.held if held.role in REGULATORS | Role.AUDITOR})
    given: dict[str, Any] = {
        "areas": areas,
        "since": since,
        "until": until,
        "verify": Forewarning.verify.name,
        "intervene": Forewarning.intervene.name,
        "confirms": [each.value for each in CONFIRMS],
    }
    with scoped(scope_of(by)), connection.cursor() as cursor:
        cursor.execute(_FUNNEL, given)
        return [Stage(*row) for row in cursor.fetchall()]
