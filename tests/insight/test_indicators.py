"""The figures: each with its n and N, by the definitions of the field."""

from datetime import UTC, datetime, timedelta

from anlan.city.people import access
from anlan.insight.indicators import Figures, Share, figures
from anlan.loop import clock, engine
from anlan.loop.models import Matter
from anlan.loop.sweeps import sweep_deadlines
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import Cast, lamp

START = datetime(2026, 3, 2, 1, tzinfo=UTC)


class Day:
    """A morning at Wenxin's desk, on a clock of its own."""

    def __init__(self, cast: Cast, now: clock.ManualClock) -> None:
        self.cast, self.now = cast, now

    def reported(self, **changes: object) -> Matter:
        return engine.open_matter(Dispatching, lamp(**changes), by=self.cast.wang).matter  # type: ignore[arg-type]

    def handled(self, matter: Matter, *, accept_after: timedelta, outcome: str = "solved") -> None:
        cast = self.cast
        engine.advance(matter.id, "route", by=cast.chen)
        engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
        self.now.advance(accept_after)
        engine.advance(matter.id, "accept", by=cast.li)
        engine.advance(matter.id, "arrive", by=cast.li)
        engine.advance(matter.id, "feed_back", by=cast.li, told={"text": "…到了"})
        engine.advance(matter.id, "resolve", by=cast.li, told={"outcome": outcome, "text": "好了"})

    def figures(self) -> Figures:
        return figures(since=START, until=self.now.now() + timedelta(seconds=1))


def day(cast: Cast) -> Day:
    return Day(cast, clock.ManualClock(START))


def test_settled_is_not_yet_solved(cast: Cast) -> None:
    today = day(cast)
    with clock.use(today.now):
        for outcome in ("solved", "unsolved"):
            matter = today.reported()
            today.handled(matter, accept_after=timedelta(seconds=20), outcome=outcome)
            engine.advance(matter.id, "rate", by=cast.wang, told={"rating": 3})
        result = today.figures()
    assert (result.received, result.settled, result.resolved) == (2, 2, Share(1, 2))


def test_a_target_counts_what_was_met_late_and_what_ran_out_as_missed(cast: Cast) -> None:
    today = day(cast)
    with clock.use(today.now):
        today.handled(today.reported(), accept_after=timedelta(seconds=20))
        today.handled(today.reported(), accept_after=timedelta(minutes=3))
        forgotten = today.reported()
        engine.advance(forgotten.id, "route", by=cast.chen)
        engine.advance(forgotten.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.he)})
        today.now.advance(timedelta(minutes=2))
        sweep_deadlines()
        respond = next(each for each in today.figures().on_time if each.name == "respond")
    assert respond.in_time == Share(1, 3)
    assert respond.p50 == (20 + 180) / 2


def test_a_setting_of_the_house_is_no_target(cast: Cast) -> None:
    today = day(cast)
    with clock.use(today.now):
        today.handled(today.reported(), accept_after=timedelta(seconds=20))
        assert "rating_window" not in [each.name for each in today.figures().on_time]


def test_silence_is_not_a_rating(cast: Cast) -> None:
    today = day(cast)
    with clock.use(today.now):
        today.handled(today.reported(), accept_after=timedelta(seconds=20))
        today.now.advance(timedelta(days=8))
        sweep_deadlines()
        result = today.figures()
    assert (result.lapsed, result.satisfied) == (1, Share(0, 0))


def test_diverted_counts_what_the_town_kept_of_what_the_police_handed_over(cast: Cast) -> None:
    today = day(cast)
    with clock.use(today.now):
        kept, returned = (today.reported(channel="police") for _ in range(2))
        engine.advance(kept.id, "route", by=access.system())
        engine.advance(returned.id, "return_to_police", by=cast.chen, told={"reason": "打架"})
        result = today.figures()
    assert (result.diverted, result.returned) == (Share(1, 2), 1)


def test_a_percentage_of_a_handful_is_not_printed() -> None:
    assert Share(3, 29).percent is None
    assert Share(15, 30).percent == 50
