"""Verification: whoever touches a line of the history is found, and told which line it was."""

import hashlib
import json
from collections.abc import Callable
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connections

from anlan.city.audit.recording import changing
from anlan.city.people.access import system
from anlan.city.people.models import Organisation
from anlan.loop import history, verification
from anlan.loop.verification import verify
from tests.cast import WENXIN, Cast
from tests.loop.stories import on_scene, opened, resolved


@pytest.fixture
def town(committed: str) -> Cast:
    return Cast()


def as_owner(statement: str, *values: object) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, values)


def test_an_empty_city_verifies(town: Cast) -> None:
    assert verify() == verification.Verification(chains=0, events=0, broken=0, breaks=())


def test_untouched_histories_verify_and_are_counted(town: Cast) -> None:
    resolved(town)
    opened(town)
    found = verify()
    assert (found.chains, found.events, found.broken) == (2, 7, 0)


def test_the_progress_adds_up_to_all_events(town: Cast) -> None:
    on_scene(town)
    seen: list[int] = []
    verify(seen.append)
    assert sum(seen) == verification.count_events() == 5


TAMPERINGS: dict[str, tuple[str, int, str]] = {
    "a changed word": ("UPDATE loop_event SET data = '{\"x\": 1}' WHERE matter_id = %s AND seq = 3", 3, "hashed"),
    "a changed actor": ("UPDATE loop_event SET actor_id = NULL WHERE matter_id = %s AND seq = 4", 4, "hashed"),
    "a changed time": (
        "UPDATE loop_event SET at = at - interval '1 microsecond' WHERE matter_id = %s AND seq = 2",
        2,
        "hashed",
    ),
    "a changed area": ("UPDATE loop_event SET area = '3301' WHERE matter_id = %s AND seq = 1", 1, "hashed"),
    "a floating point number": (
        "UPDATE loop_event SET data = '{\"x\": 1.5}' WHERE matter_id = %s AND seq = 3",
        3,
        "hashed",
    ),
    "an unknown hash function": ("UPDATE loop_event SET suite = 99 WHERE matter_id = %s AND seq = 2", 2, "hashed"),
    "a changed hash": (
        "UPDATE loop_event SET hash = '\\x00' WHERE matter_id = %s AND seq = 5",
        5,
        "hashed",
    ),
    "another predecessor": ("UPDATE loop_event SET previous = '\\x00' WHERE matter_id = %s AND seq = 2", 2, "follow"),
    "a removed line": ("DELETE FROM loop_event WHERE matter_id = %s AND seq = 3", 3, "missing"),
    "a removed first line": ("DELETE FROM loop_event WHERE matter_id = %s AND seq = 1", 1, "missing"),
    "a removed last line": ("DELETE FROM loop_event WHERE matter_id = %s AND seq = 5", 4, "does not end"),
    "no line left": ("DELETE FROM loop_event WHERE matter_id = %s", 0, "no history"),
    "a shifted number": ("UPDATE loop_event SET seq = 9 WHERE matter_id = %s AND seq = 5", 5, "missing"),
    "another head": ("UPDATE loop_matter SET head = '\\x00' WHERE id = %s", 5, "does not end"),
    "another version": ("UPDATE loop_matter SET version = 6 WHERE id = %s", 5, "does not end"),
    "another state": ("UPDATE loop_matter SET state = 'closed' WHERE id = %s", 5, "closed"),
    "another title": ("UPDATE loop_matter SET title = '一切都好' WHERE id = %s", 1, "not those that were reported"),
    "another place": ("UPDATE loop_matter SET lon = 120.5 WHERE id = %s", 1, "not those that were reported"),
    "an unknown procedure": ("UPDATE loop_matter SET procedure = 'gone' WHERE id = %s", 0, "not installed"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_the_owner_of_the_tables_changes_is_found(town: Cast, name: str) -> None:
    statement, seq, what = TAMPERINGS[name]
    untouched, matter = opened(town), on_scene(town)
    as_owner(statement, matter.id)
    found = verify()
    assert (found.chains, found.broken) == (2, 1)
    assert untouched.reference != found.breaks[0].matter == matter.reference
    assert found.breaks[0].seq == seq
    assert what in found.breaks[0].what


def rewrite(matter_id: UUID, change: Callable[[dict[str, Any]], None]) -> None:
    """Change lines and compute every hash anew, as only the owner of the tables can."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT seq, at, kind, from_state, to_state, actor_kind, actor_id, actor_role, area::text, data::text, "
            "suite FROM loop_event WHERE matter_id = %s ORDER BY seq",
            [matter_id],
        )
        names = [column.name for column in cursor.description]
        previous = history.GENESIS
        for row in cursor.fetchall():
            line = dict(zip(names, row, strict=True))
            line["data"] = json.loads(line["data"])
            change(line)
            given = {name: line[name] for name in ("seq", "at", "kind", "from_state", "to_state", "area", "data")}
            actor = (line["actor_kind"], line["actor_id"], line["actor_role"])
            hash = history.link(line["suite"], previous, matter_id=matter_id, actor=actor, **given)
            cursor.execute(
                "UPDATE loop_event SET kind = %s, from_state = %s, to_state = %s, data = %s, previous = %s, hash = %s "
                "WHERE matter_id = %s AND seq = %s",
                [
                    line["kind"],
                    line["from_state"],
                    line["to_state"],
                    json.dumps(line["data"]),
                    previous,
                    hash,
                    matter_id,
                    line["seq"],
                ],
            )
            previous = hash
        cursor.execute(
            "UPDATE loop_matter SET head = %s, state = %s WHERE id = %s", [previous, line["to_state"], matter_id]
        )


def test_a_rewritten_history_with_a_step_nobody_declared_is_found(town: Cast) -> None:
    matter = on_scene(town)

    def straight_to_the_end(line: dict[str, Any]) -> None:
        if line["seq"] == 5:
            line["to_state"] = "closed"

    rewrite(matter.id, straight_to_the_end)
    (found,) = verify().breaks
    assert found.seq == 5
    assert "arrive" in found.what


def test_a_verb_that_moves_the_matter_is_found(town: Cast) -> None:
    matter = opened(town)
    rewrite(matter.id, lambda line: line.update(kind="noted", from_state="received", to_state="routed"))
    assert verify().breaks[0].seq == 1


def test_all_broken_chains_are_counted_though_only_the_first_are_named(town: Cast) -> None:
    for _ in range(verification.NAMED + 3):
        opened(town)
    as_owner("UPDATE loop_event SET kind = 'x'")
    found = verify()
    assert found.broken == verification.NAMED + 3
    assert len(found.breaks) == verification.NAMED


def test_the_command_says_how_many_and_leaves_with_0(town: Cast) -> None:
    on_scene(town)
    out = StringIO()
    call_command("verify", stdout=out)
    assert [word for word in out.getvalue().split() if word.isdigit()] == ["1", "5", "0", "0", "0"]


def test_the_command_names_the_broken_line_and_leaves_with_1(town: Cast) -> None:
    matter = on_scene(town)
    as_owner("UPDATE loop_event SET kind = 'x' WHERE seq = 2")
    out = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("verify", "--json", stdout=out)
    assert left.value.code == 1
    told = json.loads(out.getvalue())
    assert (told["chains"], told["events"], told["broken"]) == (1, 5, 1)
    assert (told["breaks"][0]["matter"], told["breaks"][0]["seq"]) == (matter.reference, 2)


def test_anybody_can_compute_the_hash_of_a_line(town: Cast) -> None:
    """The form of the hash, written out: a change of it would break every history there is."""
    matter = opened(town)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT at, actor_id, hash FROM loop_event WHERE matter_id = %s", [matter.id])
        at, actor, hash = cursor.fetchone()
    words = '["web","","路灯不亮","","",null,null]'
    said = hashlib.sha256(words.encode()).hexdigest()
    microseconds = round(at.timestamp() * 1_000_000)
    body = (
        f'["{matter.id}",1,{microseconds},"opened","received","received","resident","{actor}","REPORTER",'
        f'"{matter.area}",{{"said":"{said}"}}]'
    )
    assert hashlib.sha256(bytes(32) + body.encode()).digest() == bytes(hash)


@pytest.mark.parametrize(
    ("tampering", "entry"),
    [
        ("UPDATE audit_auditentry SET reason = '另有原因' WHERE seq = 2", 2),
        ("UPDATE audit_auditentry SET difference = '{\"x\": 1.5}' WHERE seq = 2", 2),
        ("DELETE FROM audit_auditentry WHERE seq = 1", 2),
        ("DELETE FROM audit_auditentry WHERE seq = 2", 2),
        ("UPDATE audit_audithead SET seq = 1", 1),
    ],
)
def test_the_audit_log_is_checked_as_well(town: Cast, tampering: str, entry: int) -> None:
    for name in ("一", "二"):
        office = Organisation.objects.get(area__path=WENXIN, kind="command")
        with changing(office, verb="change", by=system(), area=WENXIN):
            office.name = name
            office.save()
    out = StringIO()
    call_command("verify", stdout=out)
    assert "audit log: 2 entries, 0 broken" in out.getvalue()
    as_owner(tampering)
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("verify", "--json", stdout=out)
    assert end.value.code == 1
    assert json.loads(out.getvalue())["log_broken"] == [entry]
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify", stdout=out)
    assert f"audit log, entry {entry}:" in out.getvalue()


def test_a_log_that_was_emptied_is_found(town: Cast) -> None:
    office = Organisation.objects.get(area__path=WENXIN, kind="command")
    with changing(office, verb="change", by=system(), area=WENXIN):
        office.name = "新名"
        office.save()
    as_owner("DELETE FROM audit_auditentry")
    with pytest.raises(SystemExit):
        call_command("verify", stdout=StringIO())
