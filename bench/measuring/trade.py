"""Shops, cards and a journal of any size for a bench, written by the server itself. SIMULATED: nobody's money.

The entries have what those of cards have: keys, both accounts, digests of their length. Accounts are numbered, so that
nothing has to be looked up; their balances are set and not booked one by one, and the accounts' own lines and chains
are left out: nothing here reads or verifies them. The journal is written without its indexes, which are made for
finding one entry and not read here, and without the log that would outlive the database.
"""

from datetime import date

from django.conf import settings

from bench.measuring.ground import Ground

PIECE = 1_000_000
CARDS_OF_A_SHOP = 8

_SHOPS = """
    CREATE FUNCTION bench_account(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
        $$ SELECT ('00000000-0000-7000-' || kind || '-' || lpad(to_hex(n), 12, '0'))::uuid $$;
    INSERT INTO prepaid_merchant (id, name, credit_code, kind, trade, issuer, area, licensed_on, revenue_last_year,
        third_party_custody, payable, joined_at)
    SELECT uuidv7(), '模拟商户' || n, lpad(n::text, 18, '0'), 'enterprise',
        (ARRAY['hair', 'catering', 'fitness', 'retail', 'tutoring'])[1 + n %% 5], 'small', %(city)s::ltree,
        '2020-01-01', 20000000 + n, true, bench_account('9000', n), now()
    FROM generate_series(0, %(shops)s - 1) n;
    INSERT INTO prepaid_shop (id, merchant_id, name, code, area, address, phone, opened_on, colour, colour_since)
    SELECT uuidv7(), id, name, right(credit_code, 12), area, '', '', '2020-01-01', 'green', now() FROM prepaid_merchant;
    INSERT INTO prepaid_offer (id, merchant_id, kind, name, content, price, gift, discount_percent, sessions, days,
        session_price, named, refund_way, breach_liability, further_terms, refund_at_used_price)
    SELECT uuidv7(), id, 'stored', '储值卡', '服务', 100000, 0, 100, 0, 0, 0, true, '退回', '违约', '{}', false
    FROM prepaid_merchant;
    INSERT INTO prepaid_card (id, number, generation, merchant_id, shop_id, area, offer_id, kind, state, named, escrow,
        pin, pin_failures, made_at)
    SELECT uuidv7(), lpad(n::text, 16, '0'), 0, s.merchant_id, s.id, s.area, o.id, 'stored', 'active', true,
        bench_account('8000', n), '', 0, now()
    FROM prepaid_shop s JOIN prepaid_offer o ON o.merchant_id = s.merchant_id,
        generate_series(s.code::bigint * %(cards)s, s.code::bigint * %(cards)s + %(cards)s - 1) n;
    INSERT INTO ledger_account (id, kind, name, currency, may_overdraw, opened_at, changed_at, posted, reserved, seq,
        head)
    SELECT escrow, 'card', '', 'CNY', false, now(), now(), 500000, 0, 0, sha256(uuid_send(escrow)) FROM prepaid_card
"""
_BARE = """
    DO $$
    DECLARE part regclass;
    BEGIN
        ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_pkey;
        DROP INDEX entry_id, entry_settles;
        FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'ledger_entry'::regclass LOOP
            EXECUTE format('ALTER TABLE %s SET UNLOGGED', part);
        END LOOP;
    END $$
"""
# Of ten entries of a card one is a payment and the others are uses, spread over the days that are looked back.
_ENTRIES = """
    INSERT INTO ledger_entry (key, id, at, kind, debit, credit, amount, currency, reason, about, digest)
    SELECT CASE WHEN pays THEN 'prepaid.lot.' ELSE 'prepaid.use.' END || id, id,
        %(day)s::timestamptz - (n * 126 / %(entries)s) * interval '1 day' - (n %% 600) * interval '1 minute', 'moved',
        CASE WHEN pays THEN payable ELSE escrow END, CASE WHEN pays THEN escrow ELSE payable END,
        CASE WHEN pays THEN 100000 ELSE 9000 END, 'CNY', '', id::text, digest
    FROM (
        SELECT n, n %% 10 = 0 AS pays, uuidv7() AS id, decode(repeat('5a', 32), 'hex') AS digest,
            bench_account('8000', card) AS escrow, bench_account('9000', card / %(of_a_shop)s) AS payable
        FROM (
            SELECT n, (n * 7919) %% %(cards)s AS card FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
        ) numbered OFFSET 0
    ) made
"""


def load(ground: Ground, *, shops: int, lines: int, until: date) -> None:
    """A market of that many shops, and the journal that so many ledger lines belong to, two to an entry; the newest is
    on `until`."""
    for statement in _SHOPS.split(";\n"):
        ground.as_owner(statement, {"shops": shops, "cards": CARDS_OF_A_SHOP, "city": settings.ANLAN_CITY})
    ground.as_owner(_BARE)
    entries, cards = lines // 2, shops * CARDS_OF_A_SHOP
    given = {"entries": entries, "cards": cards, "of_a_shop": CARDS_OF_A_SHOP, "day": until}
    for first in range(0, entries, PIECE):
        ground.as_owner(_ENTRIES, {**given, "first": first, "last": min(first + PIECE, entries) - 1})
    ground.as_owner("VACUUM ANALYZE ledger_entry")
    ground.as_owner("ANALYZE")
