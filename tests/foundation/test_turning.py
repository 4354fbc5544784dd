"""Turning the keys: every sealed value and every blind index moves to the new key, and nothing is lost on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import override_settings

from anlan.city.people.access import Scope, scoped
from anlan.city.people.models import Account
from anlan.foundation.sealing import CannotUnseal, phone_index, turning
from anlan.foundation.sealing.fields import SealedTextField
from anlan.loop import doors, engine, queries
from anlan.loop.models import Matter, Party
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import Cast, lamp

OLD, NEW, OTHER = ("old", b"o" * 32), ("new", b"n" * 32), ("other", b"x" * 32)
PHONE = "13712345678"


@contextmanager
def keys(*ring: tuple[str, bytes], index: str | None = None) -> Iterator[None]:
    """This process with these keys; the indexes are made by the last one, as the environment has it."""
    with override_settings(ANLAN_SEALING_KEYS=list(ring), ANLAN_INDEX_KEY_ID=index or ring[-1][0]):
        yield


@pytest.fixture
def opened(committed: str) -> engine.Opened:
    """A house whose every row is sealed and indexed with the old key; returns one matter of it."""
    with keys(OLD):
        for account in Account.objects.defer("name", "phone"):
            Account.objects.filter(id=account.id).update(name="王某", phone=PHONE, phone_index=phone_index(PHONE))
        person = Party(part="reporter", name="欧阳秀英", phone=PHONE, phone_index=phone_index(PHONE))
        return engine.open_matter(Dispatching, lamp(parties=[person]), by=Cast().wang)


def blobs() -> list[bytes]:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT name, phone FROM loop_party UNION ALL SELECT name, phone FROM people_account")
        found = [bytes(value) for row in cursor.fetchall() for value in row if value is not None]
        cursor.execute("SELECT tracking FROM loop_matter")
        return found + [bytes(value) for (value,) in cursor.fetchall()]


def everything_opens(opened: engine.Opened) -> None:
    with scoped(Scope(areas=("3301",))):
        person = Party.objects.get()
        assert (person.name, person.phone) == ("欧阳秀英", PHONE)
        assert Matter.objects.get().tracking == opened.code
    assert {(account.name, account.phone) for account in Account.objects.all()} == {("王某", PHONE)}


def is_found(opened: engine.Opened) -> None:
    """By the code somebody shows, and by the number somebody calls from."""
    assert queries.by_code(doors.tracking_index(opened.code)).id == opened.matter.id
    with scoped(Scope(areas=("3301",))):
        assert Party.objects.filter(phone_index=phone_index("137 1234 5678")).count() == 1
    assert Account.objects.filter(phone_index=phone_index(PHONE)).count() == Account.objects.count()


def test_a_whole_turn_of_the_keys(opened: engine.Opened) -> None:
    with keys(NEW, OLD):
        everything_opens(opened)
        is_found(opened)
        done = turning.reseal()
        assert done.changed == done.rows > 2
        assert all(b"\x03new" in blob[:8] for blob in blobs())
        everything_opens(opened)
        is_found(opened)  # the indexes are still the old key's
        turning.refuse_other_indexes()
    with keys(NEW, OLD, index="new"):
        done = turning.reseal()
        assert done.changed == done.rows
        is_found(opened)
    with keys(NEW):
        everything_opens(opened)
        is_found(opened)
        turning.refuse_other_indexes()


def test_what_is_done_is_not_done_again(opened: engine.Opened) -> None:
    with keys(NEW, OLD):
        turning.reseal()
        before = blobs()
        assert turning.reseal().changed == 0
        assert blobs() == before


def test_whoever_was_interrupted_goes_on(opened: engine.Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turning, "BATCH", 3)
    seen: list[int] = []

    def interrupt(rows: int) -> None:
        seen.append(rows)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with keys(NEW, OLD):
        with pytest.raises(KeyboardInterrupt):
            turning.reseal(interrupt)
        everything_opens(opened)
        done = turning.reseal()
        assert done.changed == done.rows - sum(seen)
        assert done.rows == turning.count_rows()


def test_the_suite_is_changed_the_same_way(opened: engine.Opened) -> None:
    with keys(OLD), override_settings(ANLAN_CIPHER_SUITE="sm"):
        turning.reseal()
        everything_opens(opened)
        is_found(opened)
        assert all(blob[1] == 2 for blob in blobs())


def test_a_row_the_program_has_just_written_is_left_as_it_wrote_it(
    opened: engine.Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = iter([True])

    def meanwhile(table: turning.Sealed, row: turning.Row) -> list[Any]:
        wanted = turned(table, row)
        if table.model is Party and next(once, False):
            with scoped(Scope(areas=("3301",))):
                Party.objects.update(name="改名")
        return wanted

    turned = turning.Sealed.turned
    monkeypatch.setattr(turning.Sealed, "turned", meanwhile)
    with keys(NEW, OLD):
        turning.reseal()
        with scoped(Scope(areas=("3301",))):
            assert Party.objects.get().name == "改名"


def test_what_can_not_be_opened_is_named_left_as_it_is_and_holds_up_nothing(
    opened: engine.Opened, capsys: pytest.CaptureFixture[str]
) -> None:
    with keys(OTHER), scoped(Scope(areas=("3301",))):
        Party.objects.update(name="外人")
    with keys(NEW, OLD):
        with pytest.raises(CommandError, match="still needed"):
            call_command("reseal")
        said = capsys.readouterr()
        assert "1 could not be opened" in said.out
        assert "loop.Party" in said.err
        assert "'other'" in said.err
        assert PHONE not in said.err
        with pytest.raises(CannotUnseal), scoped(Scope(areas=("3301",))):
            Party.objects.get()
    with keys(OTHER), scoped(Scope(areas=("3301",))):
        assert Party.objects.values_list("name", flat=True).get() == "外人"


@pytest.mark.parametrize(
    ("ring", "index", "says"),
    [
        ((NEW,), None, "ANLAN_SEALING_KEYS: .*'old'"),
        ((NEW, OLD), "new", "ANLAN_INDEX_KEY: .*'new'"),
    ],
)
def test_a_start_with_keys_that_find_nothing_is_refused(
    opened: engine.Opened, ring: tuple[tuple[str, bytes], ...], index: str | None, says: str
) -> None:
    with keys(*ring, index=index), pytest.raises(turning.IndexedOtherwise, match=says):
        turning.refuse_other_indexes()


def test_an_index_key_dropped_after_sealing_only_is_noticed(opened: engine.Opened) -> None:
    with keys(NEW, OLD):
        turning.reseal()
    with keys(NEW), pytest.raises(turning.IndexedOtherwise, match="ANLAN_INDEX_KEY"):
        turning.refuse_other_indexes()


def test_the_command_says_what_it_did(opened: engine.Opened, capsys: pytest.CaptureFixture[str]) -> None:
    with keys(NEW, OLD):
        call_command("reseal")
        rows = turning.count_rows()
    assert capsys.readouterr().out == f"{rows} rows, {rows} changed, 0 could not be opened\n"


@pytest.mark.django_db
def test_every_blind_index_of_the_models_is_known() -> None:
    tables = {table.model._meta.label: table for table in turning.sealed_tables()}
    assert {label: [each.name for each in table.indexed] for label, table in tables.items()} == {
        "loop.Matter": ["tracking"],
        "loop.Party": ["phone", "code"],
        "people.Account": ["phone"],
        "people.Authenticator": [],
        "prepaid.Card": ["holder_phone"],
        "prepaid.Lot": [],
        "prepaid.Merchant": [],
        "prepaid.Webhook": [],
    }
    for table in tables.values():
        assert all(isinstance(each, SealedTextField) for each in table.fields)
        indexes = {
            name for name in (each.name for each in table.model._meta.concrete_fields) if name.endswith("_index")
        }
        assert indexes == {f"{each.name}_index" for each in table.indexed}
        assert {each.name for each in table.indexed} <= set(turning.INDEX_KINDS)
