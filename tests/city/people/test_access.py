"""Who sees and who may do: each sentence of the rule in `access`, and its opposite."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.apps import apps

from anlan.city.areas.models import Area
from anlan.city.people import access
from anlan.city.people.access import (
    DISPATCHER,
    REPORTER,
    RESPONDER,
    SUPERVISOR,
    SYSTEM,
    Actor,
    Held,
    Role,
    covers,
    role_for,
    scope_of,
    scoped,
)
from anlan.city.people.models import Account, Posting
from anlan.loop import engine, verbs
from anlan.loop.models import Matter
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CITY, COMMUNITY, CUIYUAN, DISTRICT, GRID, WENXIN, Cast, lamp

TODAY = date(2026, 3, 2)
A_DAY = timedelta(days=1)
EVERY_ROLE = ~Role(0)


@dataclass
class Facts:
    """A matter, as far as the rule looks at it."""

    area: str = GRID
    shared_with: list[str] = field(default_factory=list)
    unit_id: UUID | None = None
    reporter_id: UUID | None = None
    tracking_index: bytes | memoryview | None = None


def desk(role: Role, area: str) -> Actor:
    return Actor("staff", uuid4(), (Held(role, area),))


DESK_ROLES = [DISPATCHER, SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR]


class TestDo:
    @pytest.mark.parametrize("role", DESK_ROLES)
    @pytest.mark.parametrize("area", [GRID, COMMUNITY, WENXIN, DISTRICT, CITY])
    def test_a_desk_role_is_held_over_its_area_and_all_below(self, role: Role, area: str) -> None:
        assert role_for(desk(role, area), EVERY_ROLE, Facts(GRID)) is role

    @pytest.mark.parametrize("role", DESK_ROLES)
    @pytest.mark.parametrize("area", [CUIYUAN, f"{GRID}.1", WENXIN[:-1], "3302"])
    def test_it_is_not_held_beside_below_or_under_a_similar_name(self, role: Role, area: str) -> None:
        assert role_for(desk(role, area), EVERY_ROLE, Facts(GRID)) is None

    @pytest.mark.parametrize("role", DESK_ROLES)
    def test_it_is_held_where_the_matter_is_shared_with_the_area(self, role: Role) -> None:
        assert role_for(desk(role, CUIYUAN), role, Facts(GRID, shared_with=[CUIYUAN])) is role

    def test_a_role_that_the_step_does_not_name_does_not_count(self) -> None:
        assert role_for(desk(DISPATCHER, WENXIN), SUPERVISOR | RESPONDER, Facts()) is None

    def test_a_responder_acts_for_the_assigned_unit_only(self) -> None:
        unit = uuid4()
        responder = Actor("staff", uuid4(), (Held(RESPONDER, GRID, unit_id=unit),))
        assert role_for(responder, RESPONDER, Facts(unit_id=unit)) is RESPONDER
        assert role_for(responder, RESPONDER, Facts(unit_id=uuid4())) is None
        assert role_for(responder, RESPONDER, Facts(unit_id=None)) is None
        assert role_for(desk(RESPONDER, CITY), RESPONDER, Facts(unit_id=None)) is None

    def test_a_reporter_acts_by_account_or_by_code(self) -> None:
        account = uuid4()
        assert role_for(Actor("resident", account), REPORTER, Facts(reporter_id=account)) is REPORTER
        assert role_for(access.bearer(b"\x01"), REPORTER, Facts(tracking_index=b"\x01")) is REPORTER
        assert role_for(access.bearer(b"\x01"), REPORTER, Facts(tracking_index=memoryview(b"\x01"))) is REPORTER

    def test_nobody_is_the_reporter_of_a_matter_that_has_none(self) -> None:
        assert role_for(access.anonymous(), REPORTER, Facts()) is None
        assert role_for(Actor("resident", uuid4()), REPORTER, Facts()) is None
        assert role_for(access.bearer(b"\x01"), REPORTER, Facts(tracking_index=b"\x02")) is None

    def test_the_program_acts_in_the_whole_city_and_only_as_itself(self) -> None:
        assert role_for(access.system(), EVERY_ROLE, Facts()) is SYSTEM
        assert role_for(access.system(), DISPATCHER | SUPERVISOR | RESPONDER | REPORTER, Facts()) is None

    def test_somebody_on_duty_may_also_be_the_reporter(self) -> None:
        actor = desk(DISPATCHER, CUIYUAN)
        assert role_for(actor, REPORTER | DISPATCHER, Facts(reporter_id=actor.account_id)) is REPORTER


@pytest.mark.parametrize(
    ("area", "other", "expected"),
    [(GRID, GRID, True), (CITY, GRID, True), (GRID, CITY, False), ("3301", "33010.1", False), ("33", "3301", False)],
)
def test_an_area_covers_itself_and_what_lies_below(area: str, other: str, expected: bool) -> None:
    assert covers(area, other) is expected


class TestSee:
    def seen_by(self, actor: Actor) -> set[UUID]:
        with scoped(scope_of(actor)):
            return set(Matter.objects.values_list("id", flat=True))

    def test_a_posting_shows_its_area_and_what_lies_below(self, cast: Cast) -> None:
        ours = engine.open_matter(Dispatching, lamp(GRID), by=access.system()).matter.id
        theirs = engine.open_matter(Dispatching, lamp(CUIYUAN), by=access.system()).matter.id
        assert self.seen_by(cast.chen) == self.seen_by(cast.li) == {ours}
        assert self.seen_by(cast.zhou) == {theirs}
        assert self.seen_by(cast.sun) == self.seen_by(access.system()) == {ours, theirs}

    def test_what_lies_above_a_posting_is_not_shown(self, cast: Cast) -> None:
        engine.open_matter(Dispatching, lamp(DISTRICT), by=access.system())
        assert self.seen_by(cast.chen) == set()

    def test_sharing_shows_it_to_the_helping_area(self, cast: Cast) -> None:
        matter = engine.open_matter(Dispatching, lamp(GRID), by=access.system()).matter.id
        verbs.share(matter, with_area=CUIYUAN, by=cast.chen, reason="交界处")
        assert self.seen_by(cast.zhou) == {matter}

    def test_a_unit_sees_what_it_is_assigned_wherever_it_lies(self, cast: Cast) -> None:
        matter = engine.open_matter(Dispatching, lamp(DISTRICT), by=access.system()).matter.id
        engine.advance(matter, "route", by=access.system())
        assert self.seen_by(cast.li) == set()
        engine.advance(matter, "assign", by=access.system(), told={"unit_id": cast.unit(cast.li)})
        assert self.seen_by(cast.li) == {matter}
        assert self.seen_by(cast.he) == set()
        assert engine.advance(matter, "accept", by=cast.li).state == "accepted"

    def test_a_resident_sees_what_they_reported_and_a_code_its_matter(self, cast: Cast) -> None:
        mine = engine.open_matter(Dispatching, lamp(), by=cast.wang).matter
        engine.open_matter(Dispatching, lamp(), by=access.anonymous())
        assert self.seen_by(cast.wang) == {mine.id}
        assert self.seen_by(access.bearer(bytes(mine.tracking_index or b""))) == {mine.id}

    def test_a_stranger_sees_nothing(self, cast: Cast) -> None:
        engine.open_matter(Dispatching, lamp(), by=cast.wang)
        for actor in (access.anonymous(), Actor("resident", uuid4()), access.bearer(b"\x00" * 32)):
            assert self.seen_by(actor) == set()


class TestPostings:
    def held_on(self, day: date, *, starts: date, ends: date | None) -> tuple[Held, ...]:
        account = Account.objects.create_user("ding")
        Posting.objects.create(
            account=account, role="DISPATCHER", area=Area.objects.get(path=WENXIN), starts=starts, ends=ends
        )
        return access.actor_of(account, on=day).held

    @pytest.mark.parametrize(
        ("starts", "ends", "holds"),
        [
            (TODAY - A_DAY, None, True),
            (TODAY, None, True),
            (TODAY + A_DAY, None, False),  # starts tomorrow
            (TODAY - A_DAY, TODAY + A_DAY, True),  # today is the last day
            (TODAY - 9 * A_DAY, TODAY, False),  # ended yesterday
            (TODAY - 9 * A_DAY, TODAY - A_DAY, False),
        ],
    )
    @pytest.mark.django_db
    def test_a_posting_grants_from_its_first_day_to_the_day_before_its_end(
        self, starts: date, ends: date | None, holds: bool
    ) -> None:
        assert bool(self.held_on(TODAY, starts=starts, ends=ends)) is holds

    def test_without_a_posting_somebody_is_a_resident(self, cast: Cast) -> None:
        assert (cast.wang.kind, cast.wang.held, cast.wang.areas) == ("resident", (), ())
        assert cast.chen.kind == "staff"

    def test_several_postings_are_held_at_once(self, cast: Cast) -> None:
        chen = Account.objects.get(username="chen")
        Posting.objects.create(account=chen, role="AUDITOR", area=Area.objects.get(path=CUIYUAN), starts=TODAY)
        actor = access.actor_of(chen, on=TODAY)
        assert {held.role for held in actor.held} == {DISPATCHER, Role.AUDITOR}
        assert actor.areas == tuple(sorted((CUIYUAN, WENXIN)))

    def test_being_superuser_grants_no_matter(self, cast: Cast) -> None:
        boss = Account.objects.create_superuser("boss", "secret")
        engine.open_matter(Dispatching, lamp(), by=cast.wang)
        with scoped(scope_of(access.actor_of(boss, on=TODAY))):
            assert not Matter.objects.exists()


class TestPromise:
    """People are never scored, ranked or tracked: there is no column to do it in."""

    NEVER = {
        *("score", "scores", "scoring", "risk", "rank", "ranking", "rating", "grade", "credit", "points"),
        *("face", "track", "tracks", "trajectory", "biometric", "blacklist", "threat", "danger", "religion", "race"),
    }
    # Everything that knows a person or a unit of persons.
    ABOUT_PEOPLE = ("Account", "Unit", "Posting", "Organisation", "Party", "Look")

    def test_no_table_about_people_has_a_column_to_judge_them(self) -> None:
        models = {model.__name__: model for model in apps.get_models() if model.__name__ in self.ABOUT_PEOPLE}
        assert set(models) == set(self.ABOUT_PEOPLE)
        for model in models.values():
            for column in model._meta.get_fields():
                assert not self.NEVER & set(column.name.lower().split("_")), f"{model.__name__}.{column.name}"

    def test_a_unit_keeps_one_position_and_only_on_duty(self) -> None:
        unit = next(model for model in apps.get_models() if model.__name__ == "Unit")
        pointing_at_it = {relation.related_model.__name__ for relation in unit._meta.related_objects}
        assert "unit_position_only_on_duty" in {constraint.name for constraint in unit._meta.constraints}
        assert not {name for name in pointing_at_it if "Position" in name or "Track" in name}
