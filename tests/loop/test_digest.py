"""The daily digest: whoever kept one can show that a history was rewritten, even by the owner of the tables."""

import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from anlan.city.audit.models import AuditEntry, AuditHead
from anlan.city.audit.recording import _link, broken, changed
from anlan.city.people.access import system
from anlan.city.people.models import Unit
from anlan.foundation.chain import GENESIS
from anlan.foundation.sealing import digest_by
from anlan.loop import clock as time
from anlan.loop import digests, engine
from anlan.loop.models import DailyDigest
from anlan.loop.refusals import BadInput, NotPossible
from anlan.loop.verification import verify
from tests.cast import CITY, Cast
from tests.loop.stories import morning, on_scene, opened
from tests.loop.test_verify import rewrite

MONDAY = date(2026, 3, 2)
A_DAY = timedelta(days=1)


@pytest.fixture
def town(committed: str) -> Cast:
    return Cast()


def kinder(line: dict[str, Any]) -> None:
    """What a rewriter would do: the reason told becomes another."""
    line["data"] = {**line["data"], "reason": "居民撤回"}


def test_a_history_rewritten_as_a_whole_verifies_but_not_against_a_kept_digest(town: Cast, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    with morning() as clock:
        opened(town)
        matter = on_scene(town)
        clock.advance(A_DAY)
        call_command("digest", "--day", "2026-03-02", "--out", str(kept))
        call_command("verify", "--against", str(kept), stdout=StringIO())

        rewrite(matter.id, kinder)
        assert verify().broken == 0
        out = StringIO()
        with pytest.raises(SystemExit) as left:
            call_command("verify", "--against", str(kept), stdout=out)
    assert left.value.code == 1
    assert "2026-03-02" in out.getvalue()


def test_what_happens_later_does_not_change_the_digest_of_a_day(town: Cast) -> None:
    with morning() as clock:
        matter = opened(town)
        clock.advance(A_DAY)
        monday = digests.digest_of(MONDAY)
        engine.advance(matter.id, "route", by=system())
        opened(town)
        assert digests.agrees(monday)
        clock.advance(A_DAY)
        tuesday = digests.digest_of(MONDAY + A_DAY)
    assert (monday.matters, monday.events) == (1, 1)
    assert (tuesday.matters, tuesday.events) == (2, 3)
    assert tuesday.root != monday.root


def test_a_day_ends_at_midnight_in_the_city(town: Cast) -> None:
    with morning() as clock:
        clock.advance(timedelta(hours=15) - timedelta(microseconds=1))
        opened(town)
        clock.advance(timedelta(microseconds=1))
        opened(town)
        clock.advance(A_DAY)
        assert digests.digest_of(MONDAY).matters == 1


def test_a_removed_matter_is_missed(town: Cast) -> None:
    with morning() as clock:
        matter = opened(town)
        opened(town)
        clock.advance(A_DAY)
        before = digests.digest_of(MONDAY)
    with connections["owner"].cursor() as cursor:
        for table, column in (("event", "matter_id"), ("deadline", "matter_id"), ("matter", "id")):
            cursor.execute(f"DELETE FROM loop_{table} WHERE {column} = %s", [matter.id])
    assert verify().broken == 0
    assert not digests.agrees(before)


def test_a_day_that_is_not_over_has_no_digest(town: Cast) -> None:
    with morning() as clock:
        with pytest.raises(NotPossible):
            digests.digest_of(MONDAY)
        clock.advance(timedelta(hours=15))
        with pytest.raises(NotPossible):
            digests.digest_of(MONDAY)  # a step begun before midnight may still be on its way
        clock.advance(digests.SETTLED_AFTER)
        assert digests.last_day() == MONDAY
        assert digests.digest_of(MONDAY).matters == 0


def test_the_same_day_is_published_once_and_never_differently(town: Cast) -> None:
    with morning() as clock:
        matter = opened(town)
        clock.advance(A_DAY)
        first = digests.publish(MONDAY)
        assert digests.publish(MONDAY) == first
        assert DailyDigest.objects.count() == 1
        rewrite(matter.id, kinder)
        with pytest.raises(NotPossible):
            digests.publish(MONDAY)
    assert bytes(DailyDigest.objects.get().root) == first.root


def test_the_root_can_be_computed_by_anybody_from_the_heads(town: Cast) -> None:
    with morning() as clock:
        matters = [opened(town), on_scene(town)]
        clock.advance(A_DAY)
        found = digests.digest_of(MONDAY)
    root = bytes(32)
    for matter in sorted(matters, key=lambda matter: matter.id):
        root = digest_by(1, root + matter.id.bytes + matter.version.to_bytes(8) + bytes(matter.head))
    assert found.root == b"\x01" + root


def test_an_audit_log_rewritten_as_a_whole_does_not_agree_with_a_kept_digest(town: Cast) -> None:
    today, unit = time.today(), Unit.objects.first()
    assert unit
    changed(unit, verb="renamed", by=system(), area=CITY)
    with time.use(time.ManualClock(time.now() + 2 * A_DAY)):
        digest = digests.publish(today)
        older = digests.digest_of(today, audited=False)
        assert (digest.entries, older.entries) == (1, None)
        assert digest.root != older.root
        assert digests.kept(digest.as_json()) == digest

        entry = AuditEntry.objects.using("owner").get()
        entry.label = "another"
        entry.hash = _link(entry, GENESIS)
        entry.save(using="owner")
        AuditHead.objects.using("owner").update(hash=entry.hash)
        assert broken(using="owner") == []
        assert not digests.agrees(digest)
        # What was kept before the log was part of the digest is compared as it was made.
        assert digests.agrees(older)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("day", "yesterday"), ("matters", -1), ("events", "many"), ("entries", -1)),
        *(("root", "ff"), ("root", "z" * 66), ("more", 1)),
    ],
)
def test_a_kept_file_that_is_not_one_is_refused_by_field(field: str, value: object) -> None:
    good: dict[str, object] = {"day": "2026-03-02", "matters": 1, "events": 1, "root": "01" + "00" * 32}
    with pytest.raises(BadInput) as refused:
        digests.kept({**good, field: value})
    assert refused.value.field == field


@pytest.mark.parametrize("content", ["", "[]", "nonsense", '{"day": 1}', "\udc80"])
def test_the_command_names_the_file_it_can_not_use(town: Cast, tmp_path: Path, content: str) -> None:
    file = tmp_path / "kept.json"
    file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(CommandError, match=r"kept\.json"):
        call_command("verify", "--against", str(file))


def test_a_digest_by_an_unknown_hash_function_is_refused(town: Cast, tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    with morning() as clock:
        opened(town)
        clock.advance(A_DAY)
        file.write_text(json.dumps({**digests.digest_of(MONDAY).as_json(), "root": "63" + "00" * 32}))
        with pytest.raises(CommandError, match="hash function"):
            call_command("verify", "--against", str(file), stdout=StringIO())


def test_the_command_prints_what_it_would_write(town: Cast, tmp_path: Path) -> None:
    out = StringIO()
    with morning() as clock:
        opened(town)
        clock.advance(A_DAY)
        call_command("digest", stdout=out)
        call_command("digest", "--out", str(tmp_path / "d.json"))
    assert json.loads(out.getvalue()) == json.loads((tmp_path / "d.json").read_text())
    assert digests.kept(json.loads(out.getvalue())).day == MONDAY
