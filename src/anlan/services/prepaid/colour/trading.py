"""The trading days of shops: kept as things happen, told anew from the ledger, and laid out for the indicators."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

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
_ASKED: Final = "shop_id = ANY(%(shops)s) AND day <= %(today)s"
_OF_WINDOW: Final = "FILTER (WHERE day >= %(since)s)"
# The sums of each shop as bytes: a number at a time through the driver would take longer than all the rest.
_KEPT: Final = f"""
    SELECT shop_id, min(day) AS first, string_agg(int4send(day - %(since)s), '') {_OF_WINDOW} AS number,
        {", ".join(f"string_agg(int8send({name}::bigint), '') {_OF_WINDOW} AS {name}" for name in SUMS)}
    FROM prepaid_tradingday WHERE {_ASKED} GROUP BY shop_id
"""
# What the records tell of each shop, in the order they lie in: a number for each fact, which holds its amount (10^15 at
# most), its day and the sum it belongs to. To sort millions into days is dear for the server, and cheap once they are
# here.
_FACTS: Final = f"""
    SELECT shop_id, min(day) AS first,
        string_agg(int8send(amount::bigint * 4096 + (day - %(since)s) * 16 + sum), '') {_OF_WINDOW} AS facts
    FROM (
        SELECT c.shop_id, (m.at AT TIME ZONE '{clock.LOCAL.key}')::date AS day, amount, sum
        FROM (
            SELECT CASE sum WHEN {SUMS.index("paid_in")} THEN credit ELSE debit END AS escrow, at, amount, sum
            FROM ledger_entry CROSS JOIN LATERAL (SELECT CASE
                WHEN key ^@ 'prepaid.use.' THEN {SUMS.index("used")}
                WHEN key ^@ 'prepaid.lot.' OR key ^@ 'prepaid.consent.' THEN {SUMS.index("paid_in")}
                WHEN key LIKE 'prepaid.repay.%%.escrow' THEN {SUMS.index("paid_back")} END AS sum) k
            WHERE kind IN ('moved', 'posted') AND sum IS NOT NULL
        ) m JOIN prepaid_card c ON c.escrow = m.escrow
        UNION ALL
        SELECT c.shop_id, (l.paid_at AT TIME ZONE '{clock.LOCAL.key}')::date,
            l.gift + l.paid * (100 - l.discount_percent) / l.discount_percent, {SUMS.index("promised")}
        FROM prepaid_lot l JOIN prepaid_card c ON c.id = l.card_id
        UNION ALL
        SELECT c.shop_id, (u.settled_at AT TIME ZONE '{clock.LOCAL.key}')::date, 1,
            CASE u.state WHEN 'confirmed' THEN {SUMS.index("uses")} ELSE {SUMS.index("declined")} END
        FROM prepaid_use u JOIN prepaid_card c ON c.id = u.card_id
        WHERE u.state IN ('confirmed', 'refused', 'lapsed')
        UNION ALL
        SELECT shop_id, day, complaints, {SUMS.index("complaints")} FROM prepaid_tradingday WHERE complaints > 0
    ) told WHERE {_ASKED} GROUP BY shop_id
"""
_COUNTED: Final = {"paid_in": "payments", "paid_back": "refunds"}
"""What each fact of a sum adds one to."""
_WORK_MEMORY: Final = "512MB"
"""For the facts of a whole city, which would be written to disk and read again."""

_LAID_OUT: Final = """
    WITH asked AS (
        SELECT id, merchant_id FROM prepaid_shop
        WHERE merchant_id IN (SELECT merchant_id FROM prepaid_shop WHERE id = ANY(%(shops)s))
    ), laid AS ({laid}
    ), held AS (
        SELECT s.id, s.merchant_id, coalesce(sum(a.posted), 0) AS held
        FROM asked s LEFT JOIN prepaid_card c ON c.shop_id = s.id LEFT JOIN ledger_account a ON a.id = c.escrow
        GROUP BY 1, 2
    ), listed AS (
        SELECT merchant_id, count(*) AS listed FROM prepaid_registerentry
        WHERE removed_on IS NULL AND register = ANY(%(registers)s) GROUP BY 1
    ), known AS (
        SELECT h.id, greatest(%(today)s - l.first, 0) AS age, h.held,
            sum(h.held) OVER (PARTITION BY h.merchant_id) AS of_merchant,
            m.revenue_last_year, m.trade, coalesce(r.listed, 0) AS listed, {columns}
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
    kept = ", ".join(f"l.{name}" for name in ("number", *SUMS))
    laid, columns, sums_of = (_FACTS, "l.facts", _sums_of_facts) if from_ledger else (_KEPT, kept, _sums_of_days)
    # What is read with a cursor of the server's is worked out by a single process of it.
    with connection.cursor() if from_ledger else connection.chunked_cursor() as cursor:
        if from_ledger:
            cursor.execute("SELECT set_config('work_mem', %s, true)", [_WORK_MEMORY])
        cursor.execute(_LAID_OUT.format(laid=laid, columns=columns), given)
        while rows := cursor.fetchmany(AT_ONCE):
            ids, ages, *known = zip(*rows, strict=True)
            yield list(ids), _days(ages, known, sums_of(known[5:]), today)


def _sums_of_days(columns: Sequence[Sequence[bytes | None]]) -> dict[str, Numbers]:
    """From the numbers of the days and each of `SUMS`."""
    numbers, *sums = columns
    counts = [len(number or b"") // 4 for number in numbers]
    place = np.repeat(np.arange(len(counts)), counts), _joined(numbers, ">i4")
    laid = {name: np.zeros((len(counts), HISTORY)) for name in SUMS}
    for name, column in zip(SUMS, sums, strict=True):
        laid[name][place] = _joined(column, ">i8")
    return laid


def _sums_of_facts(columns: Sequence[Sequence[bytes | None]]) -> dict[str, Numbers]:
    """From facts as `_FACTS` packs them."""
    [facts] = columns
    counts = [len(each or b"") // 8 for each in facts]
    shop, packed = np.repeat(np.arange(len(counts)), counts), _joined(facts, ">i8").astype(np.int64)
    sum_, place = packed & 15, shop * HISTORY + (packed >> 4 & 255)
    size = len(counts) * HISTORY
    laid = {name: np.zeros((len(counts), HISTORY)) for name in SUMS}
    for number in np.unique(sum_):
        name, which = SUMS[number], sum_ == number
        laid[name][:] = np.bincount(place[which], packed[which] >> 12, size).reshape(-1, HISTORY)
        if name in _COUNTED:
            laid[_COUNTED[name]][:] = np.bincount(place[which], minlength=size).reshape(-1, HISTORY)
    return laid


def _joined(parts: Sequence[bytes | None], kind: str) -> NDArray[Any]:
    return np.frombuffer(b"".join(part or b"" for part in parts), kind)


def _days(ages: Sequence[Any], known: Sequence[Any], sums: dict[str, Numbers], today: date) -> Days:
    held, merchants_held, revenues, trades, listed = known[:5]
    revenue = np.array([np.nan if each is None else float(each) for each in revenues])
    return Days(
        **sums,
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
