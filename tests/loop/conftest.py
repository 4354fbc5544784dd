from collections.abc import Iterator

import pytest

from anlan.city.people.access import DISPATCHER, REPORTER, RESPONDER
from anlan.loop import procedures
from anlan.loop.procedures import Deadline, Procedure, State, Transition
from anlan.loop.schemas import Reason


@pytest.fixture
def petitioning() -> Iterator[type[Procedure]]:
    """A small procedure with a statutory term that may be extended (信访工作条例 第三十四条), for one test."""

    class Petitioning(Procedure, label="信访"):
        accepted = State("已受理")
        answered = State("已答复", final=True)

        explain = Transition(accepted, accepted, by=DISPATCHER | RESPONDER, label="说明", asks=Reason, tells=REPORTER)
        answer = Transition(accepted, answered, by=DISPATCHER, label="答复")

        settle = Deadline(since=accepted, until=answered, rule="petition.settle", label="60日办结")
        word = Deadline(since=accepted, until=explain, rule="dispatch.first_feedback", label="初次说明")

    yield Petitioning
    # The registry is the process's own: no other test and no document may find this one there.
    procedures._registry.pop(Petitioning.slug)
