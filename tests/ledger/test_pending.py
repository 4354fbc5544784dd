"""Money that is held: posted, in part or whole, released, or let go when its time is over."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from anlan.ledger.actions import expire_due, post, transfer, void
from anlan.ledger.models import Hold
from anlan.ledger.queries import Balance, balance
from anlan.ledger.refusals import KeyReused, NotEnough, NotPending, UnknownTransfer, WrongAmount
from anlan.ledger.transfers import State, get
from tests.ledger.money import accounts, fill, fresh_key, order, sum_of_all

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def till() -> tuple[UUID, UUID, UUID]:
    """A purse with 100 fen, a shop, and 60 of the 100 held for it."""
    bank, purse, shop = accounts("bank", "purse", "shop")
    fill(bank, purse, 100)
    return purse, shop, transfer(order(purse, shop, 60, pending_until=LATER), now=NOW).id


def test_held_money_is_neither_gone_nor_free(till: tuple[UUID, UUID, UUID]) -> None:
    purse, shop, held = till
    assert (balance(purse), balance(shop)) == (Balance(100, 60), Balance(0, 0))
    assert (balance(purse).available, get(held).state, get(held).moved) == (40, State.PENDING, 0)
    with pytest.raises(NotEnough):
        transfer(order(purse, shop, 41))


def test_posting_moves_all_of_it(till: tuple[UUID, UUID, UUID]) -> None:
    purse, shop, held = till
    done = post(held, key=fresh_key(), now=NOW)
    assert (done.id, done.state, done.amount, done.moved, done.settled_at) == (held, State.POSTED, 60, 60, NOW)
    assert (balance(purse), balance(shop)) == (Balance(40, 0), Balance(60, 0))


def test_posting_less_releases_the_rest(till: tuple[UUID, UUID, UUID]) -> None:
    purse, shop, held = till
    done = post(held, key=fresh_key(), amount=25, now=NOW)
    assert (done.state, done.amount, done.moved) == (State.POSTED, 60, 25)
    assert (balance(purse), balance(shop)) == (Balance(75, 0), Balance(25, 0))


def test_voiding_releases_everything(till: tuple[UUID, UUID, UUID]) -> None:
    purse, shop, held = till
    assert void(held, key=fresh_key(), now=NOW).state is State.VOIDED
    assert (balance(purse), balance(shop)) == (Balance(100, 0), Balance(0, 0))


def test_what_is_settled_is_settled_once(till: tuple[UUID, UUID, UUID]) -> None:
    purse, _shop, held = till
    first = post(held, key="settle it", now=NOW)
    assert post(held, key="settle it", now=LATER) == first
    with pytest.raises(NotPending):
        post(held, key=fresh_key(), now=NOW)
    with pytest.raises(NotPending):
        void(held, key=fresh_key(), now=NOW)
    assert balance(purse) == Balance(40, 0)


def test_a_key_is_for_one_thing_alone(till: tuple[UUID, UUID, UUID]) -> None:
    purse, shop, held = till
    transfer(order(purse, shop, 1, "a transfer's"))
    with pytest.raises(KeyReused):
        post(held, key="a transfer's", now=NOW)
    assert balance(purse) == Balance(99, 60), "the hold is still there"
    post(held, key="a post's", amount=10, now=NOW)
    with pytest.raises(KeyReused):
        post(held, key="a post's", amount=11, now=NOW)


@pytest.mark.parametrize("amount", [0, -1, 61, 2.5, True])
def test_no_more_than_was_held_is_posted(till: tuple[UUID, UUID, UUID], amount: int) -> None:
    purse, _shop, held = till
    with pytest.raises(WrongAmount):
        post(held, key=fresh_key(), amount=amount, now=NOW)
    assert balance(purse) == Balance(100, 60)


def test_only_a_pending_transfer_is_settled(till: tuple[UUID, UUID, UUID]) -> None:
    purse, shop, _held = till
    moved = transfer(order(purse, shop, 1))
    with pytest.raises(NotPending):
        post(moved.id, key=fresh_key())
    with pytest.raises(UnknownTransfer):
        void(uuid4(), key=fresh_key())


def test_a_transfer_that_was_ordered_again_tells_what_became_of_it(till: tuple[UUID, UUID, UUID]) -> None:
    purse, shop, _held = till
    held = transfer(order(purse, shop, 5, "hold five", LATER), now=NOW)
    void(held.id, key=fresh_key(), now=NOW)
    again = transfer(order(purse, shop, 5, "hold five", LATER), now=NOW)
    assert (again.id, again.state, balance(purse).reserved) == (held.id, State.VOIDED, 60)


def test_when_its_time_is_over_it_can_not_be_posted_even_before_the_sweep(till: tuple[UUID, UUID, UUID]) -> None:
    purse, _shop, held = till
    with pytest.raises(NotPending):
        post(held, key=fresh_key(), now=LATER)
    assert balance(purse) == Balance(100, 60)


def test_the_sweep_releases_what_is_due_and_nothing_else(till: tuple[UUID, UUID, UUID]) -> None:
    purse, shop, held = till
    longer = transfer(order(purse, shop, 10, pending_until=LATER + timedelta(hours=1)), now=NOW)
    assert expire_due(LATER - timedelta(seconds=1)) == 0
    assert expire_due(LATER) == 1
    assert expire_due(LATER) == 0
    assert (get(held).state, get(longer.id).state) == (State.EXPIRED, State.PENDING)
    assert balance(purse) == Balance(100, 10)
    assert (Hold.objects.count(), sum_of_all()) == (1, 0)
