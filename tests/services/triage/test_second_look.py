"""The second look by night: what it would file elsewhere, when it keeps silent, and who reads it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from anlan.city.people.models import Account
from anlan.loop import clock, engine, verbs
from anlan.loop.models import Matter
from anlan.services.dispatch.procedure import Dispatching
from anlan.services.triage.learning import second_look
from anlan.services.triage.learning.candidates import is_held_back
from anlan.services.triage.learning.night import Decision
from anlan.services.triage.models import SecondLook
from anlan.services.triage.review.second_look import last_night
from tests.cast import CUIYUAN_GRID, GRID, Cast, lamp
from tests.services.administration.city import browser
from tests.services.triage.test_learning_models import made

NIGHT = datetime(2026, 3, 4, 19, tzinfo=UTC)


@pytest.fixture
def night(cast: Cast) -> Iterator[None]:
    with clock.use(clock.ManualClock(NIGHT)):
        yield


def decided(*, honest: bool = True) -> list[Decision]:
    """Where not `honest`, what is held back was decided the other way round."""
    other = {"city.lighting": "environment.noise", "environment.noise": "city.lighting"}
    return [
        Decision(
            text,
            {"category": other[label] if is_held_back(text) and not honest else label},
            True,
        )
        for text, label in zip(*made(), strict=True)
    ]


def reported(cast: Cast, area: str = GRID) -> Matter:
    """A text of the lights' kind, filed under noise."""
    opening = lamp(area, title="榕榕树在第3处", description="榕榕树在第3处", category="environment.noise")
    return engine.open_matter(Dispatching, opening, by=cast.wang).matter


def test_it_tells_where_it_is_sure_of_another_category_with_its_words_and_changes_nothing(
    cast: Cast, night: None
) -> None:
    matter = reported(cast)
    second_look.look(decided())
    found = last_night(cast.wu)
    assert found is not None
    assert found.kept.n == found.kept.of > 0
    (told,) = found.elsewhere
    assert told.matter.id == matter.id
    assert told.matter.category == "environment.noise"
    assert "榕榕树" in "".join(told.words)
    assert told.read in browser(Account.objects.get(username="wu")).get("/triage/learning").content.decode()


def test_what_was_sorted_anew_since_or_lies_elsewhere_is_not_told(cast: Cast, night: None) -> None:
    own = reported(cast)
    reported(cast, CUIYUAN_GRID)
    second_look.look(decided())
    verbs.reclassify(own.id, by=cast.chen, severity=2, reason="看过了")
    found = last_night(cast.wu)
    assert found is not None
    assert (found.read, found.elsewhere) == (2, [])


def test_where_it_does_not_keep_its_word_it_says_nothing(cast: Cast, night: None) -> None:
    reported(cast)
    kept = second_look.look(decided(honest=False))
    assert kept.judged > 0
    assert (kept.right, kept.read, kept.found) == (0, 0, [])
    assert second_look.look([]).found == []
    assert SecondLook.objects.count() == 1


def test_it_looks_once_a_night_and_not_by_day(cast: Cast, night: None) -> None:
    second_look.look_tonight()
    assert SecondLook.objects.get().at == NIGHT
    second_look.look_tonight()
    assert SecondLook.objects.count() == 1
    SecondLook.objects.all().delete()
    with clock.use(clock.ManualClock(datetime(2026, 3, 4, 4, tzinfo=UTC))):
        second_look.look_tonight()
    assert not SecondLook.objects.exists()
