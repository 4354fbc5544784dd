"""Declarations: what contradicts itself is refused at import; diagram, table and document follow from the rest."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from anlan.city.people.access import DISPATCHER, Role
from anlan.loop import diagrams, engine, procedures
from anlan.loop.management.commands import procedures as command
from anlan.loop.procedures import Deadline, NotDeclaredRight, Procedure, State, Transition
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import Cast
from tests.loop.stories import assigned, now_of, opened, resolved


@pytest.fixture
def unregistered() -> Iterator[None]:
    """What a test declares is forgotten with it: no other test and no document may find it."""
    before = dict(procedures._registry)
    yield
    procedures._registry.clear()
    procedures._registry.update(before)


def test_a_procedure_without_an_end_is_refused() -> None:
    with pytest.raises(NotDeclaredRight, match="no final state"):

        class Endless(Procedure, label="无尽"):
            here = State("这里")
            stay = Transition(here, here, by=DISPATCHER, label="留下")


def test_a_procedure_without_any_state_is_refused() -> None:
    with pytest.raises(NotDeclaredRight, match="no final state"):

        class Nothing(Procedure, label="空"):
            pass


def test_a_state_nobody_reaches_is_refused() -> None:
    with pytest.raises(NotDeclaredRight, match=r"Split\.island is never reached"):

        class Split(Procedure, label="两半"):
            here = State("这里")
            there = State("那里", final=True)
            island = State("孤岛", final=True)
            go = Transition(here, there, by=DISPATCHER, label="去")


def test_a_dead_end_that_is_no_end_is_refused() -> None:
    with pytest.raises(NotDeclaredRight, match=r"Stuck\.stuck is a dead end"):

        class Stuck(Procedure, label="卡住"):
            here = State("这里")
            stuck = State("卡住")
            there = State("那里", final=True)
            go = Transition(here, there, by=DISPATCHER, label="去")
            stick = Transition(here, stuck, by=DISPATCHER, label="卡")


def test_leaving_an_end_must_be_called_reopening() -> None:
    with pytest.raises(NotDeclaredRight, match=r"Zombie\.rise leaves a final state"):

        class Zombie(Procedure, label="复活"):
            here = State("这里")
            there = State("那里", final=True)
            go = Transition(here, there, by=DISPATCHER, label="去")
            rise = Transition(there, here, by=DISPATCHER, label="回")


def test_a_state_of_another_procedure_is_refused() -> None:
    with pytest.raises(NotDeclaredRight, match="another procedure"):

        class Thief(Procedure, label="借用"):
            here = State("这里")
            there = State("那里", final=True)
            go = Transition(here, there, by=DISPATCHER, label="去")
            steal = Transition(here, Dispatching.closed, by=DISPATCHER, label="偷")


def test_what_was_refused_is_not_installed() -> None:
    with pytest.raises(NotDeclaredRight):

        class Refused(Procedure, label="拒绝"):
            here = State("这里")

    with pytest.raises(KeyError):
        procedures.procedure("refused")


class Errand(Procedure):
    """A base: without a label nobody follows it."""

    here = State("这里")
    there = State("那里", final=True)
    go = Transition(here, there, by=DISPATCHER, label="去")
    drop = Transition(here, there, by=DISPATCHER, label="放弃")


def test_a_procedure_inherits_replaces_and_takes_away(unregistered: None) -> None:
    class LongErrand(Errand, label="远差"):
        halfway = State("半路")
        rest = Transition(Errand.here, halfway, by=DISPATCHER, label="歇")
        go = Errand.go.also_from(halfway)
        drop = None  # type: ignore[assignment]

    assert list(LongErrand.states) == ["here", "there", "halfway"]
    assert LongErrand.initial() is Errand.here
    assert set(LongErrand.transitions) == {"go", "rest"}
    assert LongErrand.go.sources == (Errand.here, LongErrand.halfway)
    assert Errand.go.sources == (Errand.here,)


def test_a_base_is_followed_by_nobody() -> None:
    with pytest.raises(KeyError):
        procedures.procedure("errand")


def test_a_deadline_that_waits_for_a_replaced_step_is_refused() -> None:
    with pytest.raises(NotDeclaredRight, match=r"Forgotten\.in_time names what"):

        class Forgotten(Errand, label="忘了"):
            halfway = State("半路")
            rest = Transition(Errand.here, halfway, by=DISPATCHER, label="歇")
            go = Errand.go.also_from(halfway)
            in_time = Deadline(since=Errand.here, until=Errand.go, rule="dispatch.close", label="按时")


def test_a_step_is_offered_to_whom_it_may_be_made_by(cast: Cast) -> None:
    matter = assigned(cast)
    offered = {
        who: {step.name for step in engine.possible(matter, getattr(cast, who))}
        for who in ("chen", "zhou", "wu", "li", "he", "wang")
    }
    assert offered == {
        "chen": {"withdraw", "call_police"},
        "zhou": set(),
        "wu": set(),
        "li": {"accept", "decline", "call_police"},
        "he": set(),
        "wang": set(),
    }


def test_an_obstacle_says_what_stands_in_the_way(cast: Cast) -> None:
    matter = opened(cast)
    assert engine.obstacle(matter, Dispatching.route) is None
    assert "police" in (engine.obstacle(matter, Dispatching.return_to_police) or "")
    assert "分流" in (engine.obstacle(now_of(resolved(cast).id), Dispatching.route) or "")


def test_what_came_from_the_police_can_go_back(cast: Cast) -> None:
    matter = opened(cast, channel="police")
    matter = engine.advance(matter.id, "return_to_police", by=cast.chen, told={"reason": "正在斗殴"})
    assert matter.stands.final


def test_the_diagram_draws_every_state_and_every_step() -> None:
    drawn = diagrams.mermaid(Dispatching)
    assert drawn.startswith("stateDiagram-v2\n")
    assert '    state "处置中" as on_scene' in drawn
    assert "    [*] --> received" in drawn
    assert "    resolved --> closed: 评价" in drawn
    assert "    closed --> [*]" in drawn
    arrows = sum(len(step.sources) for step in Dispatching.transitions.values())
    assert drawn.count("-->") == arrows + 1 + sum(state.final for state in Dispatching.states.values())


def test_the_table_tells_roles_questions_and_deadlines_with_their_source() -> None:
    rows = {line.split("`")[1]: line for line in diagrams.table(Dispatching).splitlines() if line.startswith("| `")}
    assert "调度员 dispatcher" in rows["assign"]
    assert "`unit_id`, (`reason`)" in rows["assign"]
    assert "| 1 分钟 min | 服务目标 service target |" in rows["respond"]
    assert "公开报道" in rows["respond"]
    assert set(rows) == {*Dispatching.states, *Dispatching.transitions, *Dispatching.deadlines}


def test_the_tables_of_a_procedure_are_rectangular() -> None:
    for table in diagrams.table(Dispatching).split("\n\n"):
        assert len({line.count("|") - line.count(r"\|") for line in table.splitlines()}) == 1


def test_the_document_in_docs_is_up_to_date() -> None:
    """If it isn't: `anlan procedures --write docs/procedures.md`."""
    call_command("procedures", "--check")


def test_the_check_fails_for_an_outdated_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "procedures.md"
    monkeypatch.setattr(command, "DOCUMENT", document)
    with pytest.raises(CommandError, match="out of date"):
        call_command("procedures", "--check")
    call_command("procedures", "--write", str(document))
    call_command("procedures", "--check")
    document.write_text(document.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(CommandError, match="out of date"):
        call_command("procedures", "--check")


def test_every_role_has_a_word_in_the_tables() -> None:
    assert set(diagrams.ROLES) == set(Role)
