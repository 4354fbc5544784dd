"""The quality of each community's part of the base, by the measures of the field rules (6.3), and its score.

Never of a person: the measures are of addresses, and what a spot check found is counted by community and not by who
went there.

    completeness   addresses with every level they need, and a position where one is needed
    uniqueness     addresses that are entered once
    code validity  addresses with a code of the right form, of a known area
    in grid        positions that lie inside the grid they are said to
    aliases        other names that have been decided on, of those that were proposed
    freshness      addresses that were checked, or entered, lately enough

What somebody has said to be fine counts as right. The score is the mean of the measures, weighted by settings
(`inspection.weight_…`), of those that can be measured, from 0 to 100.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from anlan.city.addresses.models import PLACED, Level
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.services.inspection.models import Score

MEASURES: Final[dict[str, "str | Promise"]] = {
    "completeness": _("Completeness"),
    "uniqueness": _("Uniqueness"),
    "code_validity": _("Valid codes"),
    "in_grid": _("Position in its grid"),
    "aliases": _("Aliases decided"),
    "freshness": _("Freshness"),
}

_MEASURE = """
    WITH flaws AS MATERIALIZED (
        SELECT f.address_id,
            bool_or(f.kind = 'missing') AS missing, bool_or(f.kind = 'duplicate') AS twice,
            bool_or(f.kind = 'code') AS code, bool_or(f.kind = 'outside') AS outside, bool_or(f.kind = 'stale') AS stale
        FROM inspection_finding f WHERE f.settled_at IS NULL AND f.area <@ %(path)s::text::ltree GROUP BY 1
    ), named AS MATERIALIZED (
        SELECT b.community, avg((l.state <> 'proposed')::int) AS decided
        FROM addresses_alias l JOIN addresses_address b ON b.id = l.address_id
        WHERE l.state <> 'withdrawn' AND b.area <@ %(path)s::text::ltree GROUP BY 1
    ), measured AS (
        SELECT a.community, a.area, count(*) AS addresses,
            avg((flaws.missing IS NOT TRUE AND (a.level <> ALL(%(placed)s::int[]) OR a.lon IS NOT NULL))::int)
                AS complete,
            avg((flaws.twice IS NOT TRUE)::int) AS once,
            avg((flaws.code IS NOT TRUE)::int) AS valid,
            avg((flaws.outside IS NOT TRUE)::int)
                FILTER (WHERE a.level = ANY(%(placed)s::int[]) AND a.lon IS NOT NULL) AS inside,
            avg((flaws.stale IS NOT TRUE)::int) FILTER (WHERE a.level = ANY(%(placed)s::int[])) AS fresh
        FROM addresses_address a LEFT JOIN flaws ON flaws.address_id = a.id
        WHERE a.status = 'in_use' AND a.level > %(community)s::int AND a.community <> ''
            AND a.area <@ %(path)s::text::ltree
        GROUP BY 1, 2
    )
    INSERT INTO inspection_score
        (community, area, at, addresses, completeness, uniqueness, code_validity, in_grid, aliases, freshness)
    SELECT m.community, m.area, %(at)s::timestamptz, m.addresses,
        m.complete, m.once, m.valid, m.inside, n.decided, m.fresh
    FROM measured m LEFT JOIN named n ON n.community = m.community
    ON CONFLICT (community) DO UPDATE SET area = excluded.area, at = excluded.at, addresses = excluded.addresses,
        completeness = excluded.completeness, uniqueness = excluded.uniqueness, code_validity = excluded.code_validity,
        in_grid = excluded.in_grid, aliases = excluded.aliases, freshness = excluded.freshness
"""


@dataclass(frozen=True, slots=True)
class Grade:
    """What a score is called: a word and a colour, so that colour never speaks alone."""

    word: "str | Promise"
    tone: str


def measure(path: str) -> None:
    """Measure every community of an area (path) anew. For a transaction in the program's scope."""
    with connection.cursor() as cursor:
        cursor.execute(
            _MEASURE,
            {
                "path": path,
                "at": clock.now(),
                "placed": [int(level) for level in PLACED],
                "community": int(Level.COMMUNITY),
            },
        )


def points(score: Score) -> float | None:
    """The score from 0 to 100; None where nothing can be measured."""
    measured = [(weight, share) for name, weight in weights() if (share := getattr(score, name)) is not None]
    total = sum(weight for weight, _share in measured)
    return 100 * sum(weight * share for weight, share in measured) / total if total else None


def weights() -> Iterable[tuple[str, int]]:
    """Each measure with its weight today."""
    return [(name, _setting(f"weight_{name}")) for name in MEASURES]


def grade(reached: float | None) -> Grade:
    """The word and colour of a score."""
    if reached is None:
        return Grade(_("nothing to measure"), "")
    if reached >= _setting("score_good"):
        return Grade(_("good base"), "green")
    if reached >= _setting("score_fair"):
        return Grade(_("fair base"), "yellow")
    return Grade(_("needs work"), "orange")


def _setting(name: str) -> int:
    return int(rulebook().at(f"inspection.{name}", clock.today()).value or 0)
