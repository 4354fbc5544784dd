"""Who mediates: fitting, free of conflict or consented to, chosen by the parties if they wish; and what it costs."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from anlan.city.people.access import Actor
from anlan.city.people.models import Account, Organisation
from anlan.loop import clock, engine, taking_part
from anlan.loop.models import Matter, Party
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Unknown
from anlan.services.mediation.disputes.models import Disputant
from anlan.services.mediation.mediators import fees
from anlan.services.mediation.mediators.actions import appoint, choose, enrol, rate
from anlan.services.mediation.mediators.conflicts import consent, declare
from anlan.services.mediation.mediators.models import Body, Conflict, Fee, FeeSchedule, Mediator
from anlan.services.mediation.mediators.queries import propose
from tests.cast import WENXIN, Cast
from tests.loop.stories import everything, now_of
from tests.services.mediation.conftest import REACHED
from tests.services.mediation.test_library import WANG, ZHAO, raised

LI_PHONE = "13800000000"  # every account of the cast has it


def body_of(kind: str = "peoples", **changes: object) -> Body:
    office = Organisation.objects.create(name=f"文新{kind}调解中心", kind="partner", area_id="330106013")
    return Body.objects.create(organisation=office, type=kind, area=WENXIN, **changes)


def mediator(cast: Cast, who: Actor | None = None, **changes: Any) -> Mediator:
    who = who or cast.li
    given = {"body": body_of(), "skills": ["neighbour"], "languages": ["zh-hans"], **changes}
    body = given.pop("body")
    assert who.account_id
    assert isinstance(body, Body)
    return enrol(body, account_id=who.account_id, unit_id=next(iter(who.units)), **given)


def sides_of(matter: Matter, cast: Cast) -> list[Actor]:
    """Every party of a matter, each by a code of their own."""
    with everything():
        parties = list(Party.objects.filter(matter=matter).order_by("id"))
    for party in parties:
        taking_part.invite(matter.id, party.id, by=cast.chen)
    with everything():
        return [taking_part.by_code(bytes(Party.objects.get(id=party.id).code_index)) for party in parties]  # type: ignore[arg-type]


class TestProposal:
    def test_who_knows_the_kind_comes_first_and_the_reasons_are_told(self, cast: Cast) -> None:
        skilled = mediator(cast)
        other = mediator(cast, cast.he, body=body_of("sectoral"), skills=["medical"])
        found = propose(cast.chen, raised(cast).matter.id)
        assert [each.mediator.id for each in found] == [skilled.id, other.id]
        assert {reason.kind for reason in found[0].reasons} == {"skill", "near", "load"}
        assert found[0].points > found[1].points

    def test_what_is_in_hand_speaks_against_it(self, cast: Cast) -> None:
        busy, free = mediator(cast), mediator(cast, cast.he, body=body_of("sectoral"))
        appoint(raised(cast).matter.id, busy.id, by=cast.chen)
        sides = [{"side": "applicant", "name": "钱"}, {"side": "respondent", "name": "孙"}]
        found = propose(cast.chen, raised(cast, title="另一件", text="别的纠纷", sides=sides).matter.id)
        assert [each.mediator.id for each in found] == [free.id, busy.id]
        assert found[1].in_hand == 1

    def test_the_language_of_a_party_counts(self, cast: Cast) -> None:
        mediator(cast)
        speaking = mediator(cast, cast.he, body=body_of("sectoral"), languages=["en"])
        found = propose(cast.chen, raised(cast, sides=[{**WANG, "language": "en"}, ZHAO]).matter.id)
        assert found[0].mediator.id == speaking.id

    def test_who_is_out_of_office_is_not_proposed(self, cast: Cast) -> None:
        gone = mediator(cast)
        Mediator.objects.filter(id=gone.id).update(retired_on=date(2020, 1, 1))
        id = raised(cast).matter.id
        assert propose(cast.chen, id) == []
        with pytest.raises(NotPossible, match="no longer in office"):
            appoint(id, gone.id, by=cast.chen)

    @pytest.mark.parametrize("kind", ["family", "labour", "wages", "consumer"])
    def test_commercial_mediation_is_not_for_the_family_labour_or_consumers(self, kind: str, cast: Cast) -> None:
        commercial = mediator(cast, body=body_of("commercial"))
        id = raised(cast, kind=kind).matter.id
        assert propose(cast.chen, id) == []
        with pytest.raises(NotPossible, match="does not cover"):
            appoint(id, commercial.id, by=cast.chen)

    def test_another_towns_desk_sees_no_proposal(self, cast: Cast) -> None:
        with pytest.raises(Unknown):
            propose(cast.zhou, raised(cast).matter.id)


class TestConflict:
    def at_work(self, cast: Cast, **changes: Any) -> Matter:
        """Li is appointed, though a party has Li's telephone."""
        chosen = mediator(cast, **changes)
        matter = raised(cast, sides=[WANG, {**ZHAO, "phone": LI_PHONE}]).matter
        return appoint(matter.id, chosen.id, by=cast.chen)

    def test_the_same_telephone_is_found_and_blocks(self, cast: Cast) -> None:
        matter = self.at_work(cast)
        with pytest.raises(NotPossible, match="conflict of interest"):
            engine.advance(matter.id, "take_on", by=cast.li)

    def test_it_blocks_until_every_party_has_consented(self, cast: Cast) -> None:
        matter = self.at_work(cast)
        with everything():
            conflict = Conflict.objects.get(matter=matter)
        first, second = sides_of(matter, cast)
        consent(conflict.id, by=first)
        with pytest.raises(NotPossible):
            engine.advance(matter.id, "take_on", by=cast.li)
        consent(conflict.id, by=second)
        assert engine.advance(matter.id, "take_on", by=cast.li).state == "asking"

    def test_a_party_consents_once_and_for_itself(self, cast: Cast) -> None:
        matter = self.at_work(cast)
        with everything():
            conflict = Conflict.objects.get(matter=matter)
        first, _second = sides_of(matter, cast)
        consent(conflict.id, by=first)
        with pytest.raises(NotPossible, match="already"):
            consent(conflict.id, by=first)
        with pytest.raises(Unknown):
            consent(conflict.id, by=cast.chen)

    def test_the_same_household_is_found(self, cast: Cast) -> None:
        chosen = mediator(cast, home="德加公寓3幢201室")
        matter = raised(cast, sides=[{**WANG, "home": "德加公寓 3幢 201室"}, ZHAO]).matter
        appoint(matter.id, chosen.id, by=cast.chen)
        with everything():
            assert Conflict.objects.get(matter=matter).why == "household"

    def test_an_organisation_that_is_a_party_does_not_mediate(self, cast: Cast) -> None:
        body = body_of()
        chosen = mediator(cast, body=body)
        firm = {"side": "respondent", "name": body.organisation.name, "is_organisation": True}
        matter = raised(cast, sides=[WANG, firm]).matter
        appoint(matter.id, chosen.id, by=cast.chen)
        with everything():
            assert Conflict.objects.get(matter=matter).why == "organisation"

    def test_a_declared_conflict_blocks_a_mediation_that_goes_on(self, cast: Cast) -> None:
        chosen = mediator(cast)
        matter = raised(cast).matter
        appoint(matter.id, chosen.id, by=cast.chen)
        engine.advance(matter.id, "take_on", by=cast.li)
        declare(matter.id, chosen.id, "与被申请人是表亲", by=cast.li)
        with pytest.raises(NotPossible, match="conflict of interest"):
            engine.advance(matter.id, "begin", by=cast.li, told={"text": "双方同意"})

    def test_what_is_declared_says_something_and_once(self, cast: Cast) -> None:
        chosen, id = mediator(cast), raised(cast).matter.id
        with pytest.raises(BadInput):
            declare(id, chosen.id, " ", by=cast.chen)
        declare(id, chosen.id, "同学", by=cast.chen)
        with pytest.raises(NotPossible, match="already"):
            declare(id, chosen.id, "同学", by=cast.chen)

    def test_a_proposal_shows_who_is_blocked_last(self, cast: Cast) -> None:
        Account.objects.filter(username="he").update(phone_index=None)
        blocked, clear = mediator(cast), mediator(cast, cast.he, body=body_of("sectoral"), skills=[])
        found = propose(cast.chen, raised(cast, sides=[WANG, {**ZHAO, "phone": LI_PHONE}]).matter.id)
        assert [(each.mediator.id, each.blocked) for each in found] == [(clear.id, False), (blocked.id, True)]


class TestChoice:
    def test_whom_all_parties_choose_is_appointed(self, cast: Cast) -> None:
        chosen, matter = mediator(cast), raised(cast).matter
        first, second = sides_of(matter, cast)
        assert choose(matter.id, chosen.id, by=first).state == "registered"
        assert choose(matter.id, chosen.id, by=second).state == "appointed"
        assert now_of(matter.id).unit_id == chosen.unit_id

    def test_where_they_differ_nobody_is(self, cast: Cast) -> None:
        one, other = mediator(cast), mediator(cast, cast.he, body=body_of("sectoral"))
        matter = raised(cast).matter
        first, second = sides_of(matter, cast)
        choose(matter.id, one.id, by=first)
        assert choose(matter.id, other.id, by=second).state == "registered"

    def test_the_desk_does_not_choose_for_a_party(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            choose(raised(cast).matter.id, mediator(cast).id, by=cast.chen)


class TestRating:
    def finished(self, cast: Cast) -> Matter:
        chosen, matter = mediator(cast), raised(cast).matter
        appoint(matter.id, chosen.id, by=cast.chen)
        engine.advance(matter.id, "take_on", by=cast.li)
        engine.advance(matter.id, "begin", by=cast.li, told={"text": "同意"})
        on = {"effective_on": clock.today().isoformat()}
        return engine.advance(matter.id, "agree", by=cast.li, told={**REACHED, **on})

    def test_each_party_rates_a_finished_mediation_once(self, cast: Cast) -> None:
        matter = self.finished(cast)
        for side in sides_of(matter, cast):
            assert rate(matter.id, 5, "很公道", by=side).rating == 5
            with pytest.raises(NotPossible, match="already"):
                rate(matter.id, 1, by=side)

    def test_what_goes_on_is_not_rated_yet(self, cast: Cast) -> None:
        matter = raised(cast).matter
        with pytest.raises(NotPossible, match="when it is over"):
            rate(matter.id, 5, by=sides_of(matter, cast)[0])

    @pytest.mark.parametrize("level", [0, 6])
    def test_there_are_five_levels(self, level: int, cast: Cast) -> None:
        matter = self.finished(cast)
        with pytest.raises(BadInput):
            rate(matter.id, level, by=sides_of(matter, cast)[0])


class TestFee:
    def appointed(self, cast: Cast, kind: str) -> Matter:
        body = body_of(kind)
        if body.may_charge:
            fees.publish(body, "按标的额百分之一收取", percent=Decimal("1.00"), least_fen=20_000, most_fen=500_000)
        matter = raised(cast, kind="contract", amount_fen=5_000_000).matter
        return appoint(matter.id, mediator(cast, body=body).id, by=cast.chen)

    @pytest.mark.parametrize("kind", [each for each in Body.Type.values if each not in Body.MAY_CHARGE])
    def test_whoever_may_not_charge_publishes_no_schedule_and_costs_nothing(self, kind: str, cast: Cast) -> None:
        matter = self.appointed(cast, kind)
        assert fees.accept(matter.id, by=sides_of(matter, cast)[0]).amount_fen == 0
        with pytest.raises(NotPossible, match="free of charge"):
            fees.publish(Body.objects.filter(type=kind)[0], "收费")

    @pytest.mark.parametrize("kind", Body.MAY_CHARGE)
    def test_the_published_schedule_gives_the_fee(self, kind: str, cast: Cast) -> None:
        matter = self.appointed(cast, kind)
        fee = fees.accept(matter.id, by=sides_of(matter, cast)[0])
        assert fee.amount_fen == 50_000
        assert fee.schedule_published_on <= fee.accepted_on  # type: ignore[operator]

    def test_the_database_itself_refuses_a_fee_of_who_may_not_charge(self, cast: Cast) -> None:
        matter = self.appointed(cast, "peoples")
        fees.accept(matter.id, by=sides_of(matter, cast)[0])
        with everything(), pytest.raises(IntegrityError), transaction.atomic():
            Fee.objects.filter(matter=matter).update(amount_fen=1)

    def test_nor_can_the_kind_of_an_organisation_be_told_wrongly(self, cast: Cast) -> None:
        body = body_of("peoples")
        with pytest.raises(IntegrityError), transaction.atomic():
            FeeSchedule.objects.create(body=body, body_type="commercial", published_on=date(2026, 1, 1), text="收费")

    def test_a_fee_needs_a_payer_who_accepted_it_after_its_publication(self, cast: Cast) -> None:
        matter = self.appointed(cast, "commercial")
        fees.accept(matter.id, by=sides_of(matter, cast)[0])
        for changes in ({"payer": None}, {"schedule": None}, {"accepted_on": date(2000, 1, 1)}):
            with everything(), pytest.raises(IntegrityError), transaction.atomic():
                Fee.objects.filter(matter=matter).update(**changes)

    def test_it_is_accepted_before_the_mediation_begins(self, cast: Cast) -> None:
        matter = self.appointed(cast, "commercial")
        engine.advance(matter.id, "take_on", by=cast.li)
        engine.advance(matter.id, "begin", by=cast.li, told={"text": "同意"})
        with pytest.raises(NotPossible, match="before the mediation begins"):
            fees.accept(matter.id, by=sides_of(matter, cast)[0])

    def test_the_saving_is_computed_with_its_assumptions(self, cast: Cast) -> None:
        matter = self.appointed(cast, "commercial")
        fees.accept(matter.id, by=sides_of(matter, cast)[0])
        with everything():
            found = fees.saving(matter.id, on=date(2026, 3, 2))
        assert found is not None
        assert (found.court_fee_fen, found.mediation_fee_fen, found.saved_fen) == (105_000, 50_000, 55_000)
        assert any("not verified" in each for each in found.assumptions)

    @pytest.mark.parametrize(
        ("yuan", "fee"),
        [
            (0, 50),
            (10_000, 50),
            (100_000, 2_300),
            (200_000, 4_300),
            (500_000, 8_800),
            (1_000_000, 13_800),
            (2_000_000, 22_800),
            (5_000_000, 46_800),
            (10_000_000, 81_800),
            (20_000_000, 141_800),
            (30_000_000, 191_800),
        ],
    )
    def test_the_ladder_of_the_court_fee(self, yuan: int, fee: int) -> None:
        assert fees.court_fee(yuan * 100, on=date(2026, 3, 2)) == fee * 100

    @given(st.integers(0, 10**14), st.integers(0, 10**12))
    def test_more_is_never_cheaper_and_never_more_than_the_highest_rate(self, amount: int, more: int) -> None:
        day = date(2026, 3, 2)
        high = min(amount + more, 10**14)
        assert fees.court_fee(amount, on=day) <= fees.court_fee(high, on=day)
        assert fees.court_fee(amount, on=day) <= 5_000 + amount * 0.025 + 1

    @pytest.mark.parametrize("amount", [-1, 10**14 + 1])
    def test_a_sum_that_can_not_be_is_refused(self, amount: int) -> None:
        with pytest.raises(BadInput):
            fees.court_fee(amount, on=date(2026, 3, 2))


def test_nobody_is_a_mediator_twice(cast: Cast) -> None:
    mediator(cast)
    with pytest.raises(BadInput):
        mediator(cast, body=body_of("sectoral"))


def test_a_minor_is_not_asked_and_can_not_consent(cast: Cast) -> None:
    chosen = mediator(cast)
    child = {"side": "respondent", "name": "小明", "is_minor": True, "guardian": 1}
    matter = raised(cast, sides=[WANG, {**ZHAO, "phone": LI_PHONE}, child]).matter
    appoint(matter.id, chosen.id, by=cast.chen)
    with everything():
        conflict = Conflict.objects.get(matter=matter)
        small = Disputant.objects.get(matter=matter, is_minor=True).party_id
    for side in sides_of(matter, cast):
        assert side.takes_part is not None
        if side.takes_part.party == small:
            with pytest.raises(NotPossible, match="guardian"):
                consent(conflict.id, by=side)
        else:
            consent(conflict.id, by=side)
    assert engine.advance(matter.id, "take_on", by=cast.li).state == "asking"
