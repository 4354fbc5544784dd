"""Shops, cards and a journal of any size for a bench, written by the server itself. SIMULATED: nobody's money.

The entries have what those of cards have (keys, both accounts, digests); the accounts' balances are set and not booked
one by one, and the chains are left out: nothing here verifies them.
"""

from datetime import date

from django.conf import settings

from bench.measuring.ground import Ground

PIECE = 1_000_000
CARDS_OF_A_SHOP = 8

_SHOPS = """
    INSERT INTO prepaid_merchant (id, name, credit_code, kind, trade, issuer, area, licensed_on, revenue_last_year,
        third_party_custody, payable, joined_at)
    SELECT uuidv7(), '模拟商户' || n, lpad(n::text, 18, '0'), 'enterprise',
        (ARRAY['hair', 'catering', 'fitness', 'retail', 'tutoring'])[1 + n %% 5], 'small', %(city)s::ltree,
        '2020-01-01', 20000000 + n, true, uuidv7(), now()
    FROM generate_series(1, %(shops)s) n;
    INSERT INTO prepaid_shop (id, merchant_id, name, code, area, address, phone, opened_on, colour, colour_since)
    SELECT uuidv7(), id, name, right(credit_code, 12), area, '', '', '2020-01-01', 'green', now() FROM prepaid_merchant;
    INSERT INTO prepaid_offer (id, merchant_id, kind, name, content, price, gift, discount_percent, sessions, days,
        session_price, named, refund_way, breach_liability, further_terms, refund_at_used_price)
    SELECT uuidv7(), id, 'stored', '储值卡', '服务', 100000, 0, 100, 0, 0, 0, true, '退回', '违约', '{}', false
    FROM prepaid_merchant;
    INSERT INTO prepaid_card (id, number, generation, merchant_id, shop_id, area, offer_id, kind, state, named, escrow,
        pin, pin_failures, made_at)
    SELECT uuidv7(), lpad(((row_number() OVER ())::text), 16, '0'), 0, s.merchant_id, s.id, s.area, o.id, 'stored',
        'active', true, uuidv7(), '', 0, now()
    FROM prepaid_shop s JOIN prepaid_offer o ON o.merchant_id = s.merchant_id, generate_series(1, %(cards)s);
    INSERT INTO ledger_account
        (id, kind, name, currency, may_overdraw, opened_at, changed_at, posted, reserved, seq, head)
    SELECT escrow, 'card', '', 'CNY', false, now(), now(), 500000, 0, 0, sha256(uuid_send(escrow)) FROM prepaid_card
"""
_NUMBERED = """
    CREATE UNLOGGED TABLE bench_card AS
    SELECT row_number() OVER () - 1 AS nth, escrow, payable
    FROM prepaid_card c JOIN prepaid_merchant m ON m.id = c.merchant_id;
    CREATE UNIQUE INDEX ON bench_card (nth) INCLUDE (escrow, payable);
    ANALYZE bench_card
"""
# Of ten entries of a card one is a payment and the others are uses, spread over the days that are looked back.
_ENTRIES = """
    INSERT INTO ledger_entry (key, id, at, kind, debit, credit, amount, currency, reason, about, digest)
    SELECT CASE WHEN n %% 10 = 0 THEN 'prepaid.lot.' ELSE 'prepaid.use.' END || id, id,
        %(day)s::timestamptz - (n * 126 / %(entries)s) * interval '1 day' - (n %% 600) * interval '1 minute', 'moved',
        CASE WHEN n %% 10 = 0 THEN payable ELSE escrow END, CASE WHEN n %% 10 = 0 THEN escrow ELSE payable END,
        CASE WHEN n %% 10 = 0 THEN 100000 ELSE 9000 END, 'CNY', '', id::text, sha256(uuid_send(id))
    FROM (SELECT n, uuidv7() AS id, b.escrow, b.payable
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
        JOIN bench_card b ON b.nth = (n * 7919) %% %(cards)s OFFSET 0) made
"""


def load(ground: Ground, *, shops: int, lines: int, until: date) -> None:
    """A market of that many shops and ledger lines, two to an entry, the newest on `until`."""
    for statement in _SHOPS.split(";"):
        ground.as_owner(statement, {"shops": shops, "cards": CARDS_OF_A_SHOP, "city": settings.ANLAN_CITY})
    for statement in _NUMBERED.split(";"):
        ground.as_owner(statement)
    entries, cards = lines // 2, shops * CARDS_OF_A_SHOP
    for first in range(0, entries, PIECE):
        last = min(first + PIECE, entries) - 1
        given = {"first": first, "last": last, "entries": entries, "cards": cards, "day": until}
        ground.as_owner(_ENTRIES, given)
    ground.as_owner("DROP TABLE bench_card")
    ground.as_owner("VACUUM ANALYZE")
