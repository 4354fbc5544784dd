"""The trading days of shops: kept as things happen, told anew from the ledger, and laid out for the indicators."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from anlan.foundation.identifiers import new_id
from anlan.loop import clock
from anlan.services.prepaid.colour.indicators import HISTORY, Days, Numbers
from anlan.services.prepaid.figures import figure
from anlan.services.prepaid.merchants.models import Merchant, RegisterEntry

FROM_CARDS: Final = ("paid_in", "payments", "promised", "used", "uses", "paid_back", "refunds", "declined")
SUMS: Final = (*FROM_CARDS, "complaints")
_LISTS = RegisterEntry.Register
_ALARMING: Final = (_LISTS.DISHONEST.value, _LISTS.ABNORMAL.value, _LISTS.DEREGISTERING.value)
_CAPS: Final[dict[str, str]] = {
    **dict.fromkeys(
        (Merchant.Trade.RETAIL, Merchant.Trade.CATERING, Merchant.Trade.LODGING), "colour_cap_trade_percent"
    ),
    **dict.fromkeys((Merchant.Trade.HAIR, Merchant.Trade.HOUSEHOLD), "colour_cap_service_percent"),
}
"""The trades that 单用途商业预付卡管理办法(试行) 25 names, and the rule of each."""
AT_ONCE: Final = 10_000
"""Shops laid out together: eleven million numbers, 90 MB."""

_ADDED: Final = ", ".join(f"{name} = known.{name} + EXCLUDED.{name}" for name in SUMS)
_NOTE: Final = f"""
    WITH noted AS (
        INSERT INTO prepaid_tradingday AS known (shop_id, day, {", ".join(SUMS)})
        VALUES (%(shop)s, %(day)s, {", ".join(f"%({name})s" for name in SUMS)})
        ON CONFLICT (shop_id, day) DO UPDATE SET {_ADDED}
    )
    INSERT INTO prepaid_stale (id, shop_id) VALUES (%(id)s, %(shop)s)
"""

# What the cards' own records tell of some shops, or of all. One pass over the journal: each entry of a card has one
# escrow account, and its key says what it was.
_TOLD: Final = f"""
    SELECT shop_id, day, {", ".join(f"sum({name})::bigint AS {name}" for name in FROM_CARDS)}, 0::bigint AS complaints
    FROM (
        SELECT c.shop_id, (m.at AT TIME ZONE '{clock.LOCAL.key}')::date AS day,
            CASE WHEN came THEN amount ELSE 0 END AS paid_in, came::int AS payments, 0 AS promised,
            CASE WHEN used THEN amount ELSE 0 END AS used, 0 AS uses,
            CASE WHEN back THEN amount ELSE 0 END AS paid_back, back::int AS refunds, 0 AS declined
        FROM (
            SELECT CASE WHEN came THEN credit ELSE debit END AS escrow, at, amount, came, used, back
            FROM ledger_entry CROSS JOIN LATERAL (SELECT
                key ^@ 'prepaid.lot.' OR key ^@ 'prepaid.consent.' AS came,
                key ^@ 'prepaid.use.' AS used,
                key LIKE 'prepaid.repay.%%.escrow' AS back) k
            WHERE kind IN ('moved', 'posted') AND (came OR used OR back)
        ) m JOIN prepaid_card c ON c.escrow = m.escrow {{shops}}
        UNION ALL
        SELECT c.shop_id, (l.paid_at AT TIME ZONE '{clock.LOCAL.key}')::date, 0, 0,
            l.gift + l.paid * (100 - l.discount_percent) / l.discount_percent, 0, 0, 0, 0, 0
        FROM prepaid_lot l JOIN prepaid_card c ON c.id = l.card_id {{shops}}
        UNION ALL
        SELECT c.shop_id, (u.settled_at AT TIME ZONE '{clock.LOCAL.key}')::date, 0, 0, 0, 0,
            (u.state = 'confirmed')::int, 0, 0, (u.state IN ('refused', 'lapsed'))::int
        FROM prepaid_use u JOIN prepaid_card c ON c.id = u.card_id {{shops}}
        WHERE u.state IN ('confirmed', 'refused', 'lapsed')
    ) told GROUP BY 1, 2
"""
_ONLY: Final = "AND c.shop_id = ANY(%(shops)s)"
_REBUILT: Final = f"""
    INSERT INTO prepaid_tradingday AS known (shop_id, day, {", ".join(SUMS)}) {_TOLD}
    ON CONFLICT (shop_id, day) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in FROM_CARDS)}
"""
_KEPT: Final = f"SELECT shop_id, day, {', '.join(SUMS)} FROM prepaid_tradingday WHERE shop_id = ANY(%(shops)s)"
_TOLD_WITH_COMPLAINTS: Final = f"""
    {_TOLD} UNION ALL
    SELECT shop_id, day, {", ".join(f"0 AS {name}" for name in FROM_CARDS)}, complaints
    FROM prepaid_tradingday WHERE complaints > 0 AND shop_id = ANY(%(shops)s)
"""

# The sums of each shop as bytes: a number at a time through the driver would take longer than all the rest. A day may
# come twice, once with the complaints.
_OF_WINDOW: Final = "FILTER (WHERE day >= %(since)s)"
_LAID_OUT: Final = f"""
    WITH asked AS (
        SELECT id, merchant_id FROM prepaid_shop
        WHERE merchant_id IN (SELECT merchant_id FROM prepaid_shop WHERE id = ANY(%(shops)s))
    ), laid AS (
        SELECT shop_id, min(day) AS first, string_agg(int4send(day - %(since)s), '') {_OF_WINDOW} AS number,
            {", ".join(f"string_agg(int8send({name}::bigint), '') {_OF_WINDOW} AS {name}" for name in SUMS)}
        FROM ({{days}}) days WHERE day <= %(today)s GROUP BY shop_id
    ), held AS (
        SELECT s.id, s.merchant_id, coalesce(sum(a.posted), 0) AS held
        FROM asked s LEFT JOIN prepaid_card c ON c.shop_id = s.id LEFT JOIN ledger_account a ON a.id = c.escrow
        GROUP BY 1, 2
    ), listed AS (
        SELECT merchant_id, count(*) AS listed FROM prepaid_registerentry
        WHERE removed_on IS NULL AND register = ANY(%(registers)s) GROUP BY 1
    ), known AS (
        SELECT h.id, greatest(%(today)s - l.first, 0) AS age, l.number, {", ".join(f"l.{name}" for name in SUMS)},
            h.held, sum(h.held) OVER (PARTITION BY h.merchant_id) AS of_merchant,
            m.revenue_last_year, m.trade, coalesce(r.listed, 0) AS listed
        FROM held h JOIN prepaid_merchant m ON m.id = h.merchant_id
        LEFT JOIN laid l ON l.shop_id = h.id LEFT JOIN listed r ON r.merchant_id = h.merchant_id
    )
    SELECT * FROM known WHERE id = ANY(%(shops)s)
"""


def note(shop: UUID, *, at: datetime, **sums: int) -> None:
    """Add to the sums of a shop's day, in the caller's transaction, and have its colour judged anew.

    `sums` are some of `SUMS`, money in fen. Raises KeyError for another name.
    """
    unknown = sums.keys() - set(SUMS)
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    given: dict[str, Any] = {
        "id": new_id(),
        "shop": shop,
        "day": clock.local(at).date(),
        **dict.fromkeys(SUMS, 0),
        **sums,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, given)


def rebuild(shops: Sequence[UUID] | None = None) -> None:
    """Tell the sums that cards make anew, of some shops or of all, from the ledger, the lots and the uses.

    Complaints stay as they were noted: they are not of the cards.
    """
    given: dict[str, Any] = {"shops": list(shops or ())}
    zero = ", ".join(f"{name} = 0" for name in FROM_CARDS)
    which = "" if shops is None else "WHERE shop_id = ANY(%(shops)s)"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE prepaid_tradingday SET {zero} {which}", given)
        cursor.execute(_REBUILT.format(shops="" if shops is None else _ONLY), given)


def laid_out(shops: Sequence[UUID], today: date, *, from_ledger: bool = False) -> Iterator[tuple[list[UUID], Days]]:
    """What the indicators are counted from, of `AT_ONCE` shops after another; a shop that is unknown is left out.

    From the days that are kept, or in one pass from the ledger and the cards' own records.
    """
    given: dict[str, Any] = {
        "shops": list(shops),
        "today": today,
        "since": today - timedelta(days=HISTORY - 1),
        "registers": list(_ALARMING),
    }
    days = _TOLD_WITH_COMPLAINTS.format(shops=_ONLY) if from_ledger else _KEPT
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LAID_OUT.format(days=days), given)
        while rows := cursor.fetchmany(AT_ONCE):
            yield [row[0] for row in rows], _days(rows, today)


def _days(rows: Sequence[tuple[Any, ...]], today: date) -> Days:
    _, ages, numbers, *columns = zip(*rows, strict=True)
    sums, (held, merchants_held, revenues, trades, listed) = columns[: len(SUMS)], columns[len(SUMS) :]
    counts = [len(number or b"") // 4 for number in numbers]
    place = np.repeat(np.arange(len(rows)), counts), np.frombuffer(b"".join(n or b"" for n in numbers), ">i4")
    laid: dict[str, Numbers] = {}
    for name, column in zip(SUMS, sums, strict=True):
        laid[name] = np.zeros((len(rows), HISTORY))
        np.add.at(laid[name], place, np.frombuffer(b"".join(part or b"" for part in column), ">i8"))
    revenue = np.array([np.nan if each is None else float(each) for each in revenues])
    return Days(
        **laid,
        balance=np.array(held, dtype=np.float64),
        merchant_balance=np.array(merchants_held, dtype=np.float64),
        cap=revenue * np.array([_cap_share(trade, today) for trade in trades]),
        revenue=revenue,
        listed=np.array(listed, dtype=np.float64),
        age=np.array([each or 0 for each in ages], dtype=np.float64),
    )


def _cap_share(trade: str, on: date) -> float:
    """The most a merchant of this trade may hold, as a share of last year's revenue; NaN where no rule names it."""
    name = _CAPS.get(trade)
    return np.nan if name is None else figure(name, on) / 100
