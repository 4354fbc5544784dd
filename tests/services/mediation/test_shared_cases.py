"""A dozen of the shared mediation cases, from their text to the performed agreement; read in place, never copied."""

import json
import re
from typing import Any
from uuid import UUID

import pytest

from anlan.foundation.environment import REPOSITORY
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import engine
from anlan.loop.clock import ManualClock
from anlan.loop.models import Event
from anlan.loop.procedures import Procedure
from anlan.services.mediation.disputes.actions import raise_dispute
from anlan.services.mediation.disputes.models import Attempt, Disputant
from anlan.services.mediation.disputes.queries import search, whole
from anlan.services.mediation.disputes.schemas import LibraryWanted
from anlan.services.mediation.mediators.actions import appoint
from anlan.services.mediation.procedures.mediation import (
    ConsumerMediation,
    LabourMediation,
    PeoplesMediation,
    PoliceMediation,
)
from tests.cast import Cast
from tests.loop.stories import everything
from tests.services.mediation.conftest import REACHED
from tests.services.mediation.test_library import told
from tests.services.mediation.test_mediators import mediator

CASES = REPOSITORY.parent / "shared" / "data" / "mediation" / "promediconv.jsonl"
CHOSEN = {
    0: ("wages", LabourMediation),
    4: ("labour", LabourMediation),
    6: ("family", PeoplesMediation),
    13: ("pollution", PeoplesMediation),
    16: ("neighbour", PeoplesMediation),
    21: ("contract", PeoplesMediation),
    28: ("damages", PoliceMediation),
    30: ("traffic", PeoplesMediation),
    34: ("land", PeoplesMediation),
    46: ("business", PeoplesMediation),
    53: ("consumer", ConsumerMediation),
    55: ("family", PeoplesMediation),
}
"""By their place in the file: the kind, and the procedure that it is settled by."""
MEDIATOR = "sys"
SAID_AT_ONCE = 1_000

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the shared mediation cases are not here")


def case(place: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CASES.read_text(encoding="utf-8").splitlines()[place])
    return found


def parties_of(found: dict[str, Any]) -> list[str]:
    """The two sides: the first two whom the case names and who speak in it."""
    speakers = {turn["speaker"] for turn in found["dialog"]} - {MEDIATOR}
    named = [re.sub(r"（.*?）", "", name).strip() for name in found["disputing_parties"].split(",")]
    return [name for name in named if any(name in speaker for speaker in speakers)][:2]


@pytest.mark.parametrize("place", CHOSEN)
def test_a_case_runs_from_its_text_to_the_performed_agreement(place: int, cast: Cast, clock: ManualClock) -> None:
    kind, rules = CHOSEN[place]
    found = case(place)
    matter_id = _raised(found, kind, rules, cast)

    appoint(matter_id, mediator(cast).id, by=cast.chen)
    engine.advance(matter_id, "take_on", by=cast.li)
    engine.advance(matter_id, "begin", by=cast.li, told={"text": "双方到场，同意调解"})
    lines = [turn["text"][:SAID_AT_ONCE] for turn in found["dialog"] if turn["speaker"] == MEDIATOR]
    for line in lines:
        engine.advance(matter_id, "talk", by=cast.li, told={"text": line})
    engine.advance(matter_id, "agree", by=cast.li, told={**REACHED, "text": lines[-1]})
    done = engine.advance(matter_id, "perform", by=cast.li, told={"text": "已履行"})

    assert (done.state, done.closed_at) == ("performed", clock.now())
    assert [each.result for each in whole(cast.chen, matter_id).tried] == [Attempt.Result.AGREED]
    with everything():
        talked = Event.objects.filter(matter=matter_id, kind="talk").order_by("seq")
        assert [event.data["text"] for event in talked] == [line.strip() for line in lines]


def _raised(found: dict[str, Any], kind: str, rules: type[Procedure], cast: Cast) -> UUID:
    """Open the dispute from its text, and find it again by its parties and by its words."""
    names = parties_of(found)
    assert len(names) == 2
    sides = [{"side": side, "name": name} for side, name in zip(("applicant", "respondent"), names, strict=True)]
    title, text = f"{names[0]}与{names[1]}{found['event_type']}", found["event_description"]
    raised = raise_dispute(
        told(source="petition", kind=kind, title=title, text=text, sides=sides), by=cast.chen, procedure=rules
    )
    with everything():
        kept = Disputant.objects.filter(matter=raised.matter).order_by("side")
        assert [bytes(each.name_index or b"") for each in kept] == [blind_index("name", name) for name in names]
    assert [each.id for each in search(cast.chen, LibraryWanted(q=title))] == [raised.matter.id]
    return raised.matter.id
