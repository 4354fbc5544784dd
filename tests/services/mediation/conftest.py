"""Disputes in the small town: Li mediates in Wenxin, Grandma Wang asks for it, and the other side has a code."""

from collections.abc import Iterator

import pytest

from anlan.city.people.access import Actor
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import engine, taking_part
from anlan.loop.clock import ManualClock
from anlan.loop.models import Matter, Party
from anlan.loop.procedures import Procedure
from anlan.services.mediation.procedures.mediation import PeoplesMediation
from tests.cast import GRID, Cast, lamp
from tests.loop.stories import morning

REACHED = {"form": "written", "effective_on": "2026-03-02", "text": "赔偿三千元"}


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    """Monday 2 March 2026, nine o'clock."""
    with morning() as manual:
        yield manual


def opened(cast: Cast, procedure: type[Procedure] = PeoplesMediation, **changes: object) -> Matter:
    """A dispute just registered, reported by Grandma Wang."""
    given = {"area": GRID, "channel": "window", "title": "楼上漏水", "category": "dispute.neighbour", **changes}
    return engine.open_matter(procedure, lamp(**given), by=cast.wang).matter  # type: ignore[arg-type]


def appointed(cast: Cast, procedure: type[Procedure] = PeoplesMediation) -> Matter:
    matter = opened(cast, procedure)
    return engine.advance(matter.id, "appoint", by=cast.chen, told={"unit_id": cast.unit(cast.li)})


def asking(cast: Cast, procedure: type[Procedure] = PeoplesMediation) -> Matter:
    return engine.advance(appointed(cast, procedure).id, "take_on", by=cast.li)


def mediating(cast: Cast, procedure: type[Procedure] = PeoplesMediation) -> Matter:
    return engine.advance(asking(cast, procedure).id, "begin", by=cast.li, told={"text": "双方到场同意"})


def other_side(cast: Cast, matter: Matter, *, name: str = "赵四", phone: str = "13911110000") -> Actor:
    """The respondent, who acts by a code of their own."""
    party = Party(part=Party.Part.AFFECTED, name=name, phone=phone, phone_index=blind_index("phone", phone))
    taking_part.add(matter.id, party, by=cast.chen)
    code = taking_part.invite(matter.id, party.id, by=cast.chen)
    return taking_part.by_code(blind_index("code", code))
