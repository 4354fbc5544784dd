"""Every procedure runs from its opening to its end; what they share is declared once; the law stays open."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from anlan.city.people.access import PARTY, anonymous, system
from anlan.foundation.environment import REPOSITORY
from anlan.loop import engine, taking_part
from anlan.loop.clock import ManualClock
from anlan.loop.diagrams import mermaid
from anlan.loop.models import Event, Matter, Party
from anlan.loop.procedures import Procedure, procedure
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Unknown
from anlan.loop.sweeps import sweep_deadlines
from anlan.services.mediation.procedures.confirmation import JudicialConfirmation
from anlan.services.mediation.procedures.court import CourtBeforeFiling, CourtOrdinary, CourtSummary
from anlan.services.mediation.procedures.mediation import (
    AdministrativeMediation,
    ConsumerMediation,
    LabourMediation,
    Mediation,
    PeoplesMediation,
    PoliceMediation,
)
from anlan.services.mediation.procedures.petition import Petition
from anlan.services.mediation.procedures.rising import raise_failed
from anlan.services.mediation.procedures.shared import Settling
from tests.cast import Cast
from tests.loop.stories import clocks, everything, now_of
from tests.services.mediation.conftest import REACHED, appointed, asking, mediating, opened, other_side

MEDIATIONS = [
    PeoplesMediation,
    AdministrativeMediation,
    PoliceMediation,
    CourtBeforeFiling,
    CourtOrdinary,
    CourtSummary,
    LabourMediation,
    ConsumerMediation,
]
ALL = [*MEDIATIONS, Petition, JudicialConfirmation]
LETTER = {"request": "修路", "facts": "经查属实", "opinion": "supported", "basis": "信访工作条例第三十二条"}


@pytest.mark.parametrize("rules", MEDIATIONS)
def test_a_mediation_runs_from_its_opening_to_its_performance(rules: type[Procedure], cast: Cast) -> None:
    matter = mediating(cast, rules)
    engine.advance(matter.id, "agree", by=cast.li, told=REACHED)
    done = engine.advance(matter.id, "perform", by=cast.li, told={"text": "已付清"})
    assert done.stands.final
    assert done.closed_at is not None
    assert not [each for each in clocks(matter.id).values() if each.ended_at is None]


@pytest.mark.parametrize("rules", MEDIATIONS)
def test_the_kinds_of_mediation_share_their_steps_as_the_same_objects(rules: type[Procedure]) -> None:
    for name in ("appoint", "take_on", "begin", "decline", "talk", "perform", "try_again"):
        assert rules.transitions[name] is vars(Mediation)[name]


@pytest.mark.parametrize("rules", ALL)
def test_every_procedure_is_registered_and_has_papers(rules: type[Settling]) -> None:
    assert procedure(rules.slug) is rules
    assert rules.papers
    assert rules.initial() is Settling.registered


def test_a_base_is_not_a_procedure_that_can_be_followed() -> None:
    with pytest.raises(KeyError):
        procedure("mediation")


@pytest.mark.parametrize("rules", MEDIATIONS)
def test_from_every_open_state_of_a_mediation_the_law_is_one_step_away(rules: type[Procedure]) -> None:
    assert {state for state in rules.states.values() if not state.final} == set(rules.transitions["lead_out"].sources)


@pytest.mark.parametrize("rules", MEDIATIONS)
def test_until_there_is_an_agreement_a_party_can_end_it(rules: type[Procedure]) -> None:
    before = {s for s in rules.states.values() if not s.final} - {Mediation.agreed, Mediation.ended}
    assert before == set(rules.transitions["end"].sources)
    assert PARTY in rules.transitions["end"].by


@pytest.mark.parametrize("bring", [opened, appointed, asking, mediating])
def test_a_party_ends_with_one_step_and_need_not_say_why(bring: Callable[[Cast], Matter], cast: Cast) -> None:
    matter = bring(cast)
    assert engine.advance(matter.id, "end", by=cast.wang).state == "ended"


def test_the_other_side_ends_it_by_a_code_of_its_own_and_the_history_knows_which_side(cast: Cast) -> None:
    matter = mediating(cast)
    respondent = other_side(cast, matter)
    ended = engine.advance(matter.id, "end", by=respondent, told={"text": "不愿意"})
    assert ended.state == "ended"
    assert respondent.takes_part is not None
    with everything():
        last = Event.objects.filter(matter_id=matter.id).latest("seq")
    assert (last.actor_role, last.data["party"]) == ("PARTY", str(respondent.takes_part.party))


def test_a_party_of_one_matter_is_a_stranger_in_another(cast: Cast) -> None:
    one, other = mediating(cast), mediating(cast)
    respondent = other_side(cast, one)
    with pytest.raises((Unknown, NotAllowed)):
        engine.advance(other.id, "end", by=respondent)


def test_a_party_may_not_make_the_steps_of_the_office(cast: Cast) -> None:
    matter = mediating(cast)
    with pytest.raises(NotAllowed):
        engine.advance(matter.id, "agree", by=other_side(cast, matter), told=REACHED)


def test_a_stranger_ends_nothing(cast: Cast) -> None:
    matter = mediating(cast)
    with pytest.raises(Unknown):
        engine.advance(matter.id, "end", by=anonymous())


def test_a_wrong_code_opens_nothing(cast: Cast) -> None:
    with pytest.raises(Unknown):
        taking_part.by_code(b"\x01" * 16)


def test_a_new_code_takes_the_place_of_the_old_one(cast: Cast) -> None:
    matter = mediating(cast)
    first = other_side(cast, matter)
    assert first.takes_part is not None
    taking_part.invite(matter.id, first.takes_part.party, by=cast.chen)
    with everything():
        codes = {bytes(each.code_index) for each in Party.objects.filter(matter_id=matter.id) if each.code_index}
    assert len(codes) == 1


def test_an_account_that_was_invited_acts_as_a_party(cast: Cast) -> None:
    matter = mediating(cast)
    part = other_side(cast, matter).takes_part
    assert part is not None
    taking_part.invite(matter.id, part.party, by=cast.chen, account_id=cast.qian.account_id)
    resident = replace(cast.qian, held=())
    assert engine.advance(matter.id, "end", by=taking_part.by_account(resident, matter.id)).state == "ended"


def test_whoever_is_led_out_is_told_the_way(cast: Cast) -> None:
    matter = mediating(cast)
    with pytest.raises(BadInput) as refused:
        engine.advance(matter.id, "lead_out", by=cast.li)
    assert refused.value.field == "channel"
    assert engine.advance(matter.id, "lead_out", by=cast.wang, told={"channel": "litigation"}).state == "led_out"


def failed(cast: Cast, why: str = "far_apart") -> Matter:
    return engine.advance(mediating(cast).id, "fail", by=cast.li, told={"why": why})


def test_what_failed_in_the_community_goes_to_the_town_by_itself(cast: Cast) -> None:
    matter = failed(cast)
    assert raise_failed() == 1
    risen = now_of(matter.id)
    assert (risen.state, risen.level, risen.unit_id) == ("registered", 1, None)


def test_at_the_county_it_ends(cast: Cast) -> None:
    matter = failed(cast)
    raise_failed()
    for level in (1, 2):
        assert now_of(matter.id).level == level
        engine.advance(matter.id, "appoint", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
        engine.advance(matter.id, "take_on", by=cast.li)
        engine.advance(matter.id, "fail", by=cast.li, told={"why": "far_apart"})
        raise_failed()
    assert (now_of(matter.id).state, now_of(matter.id).level) == ("failed", 2)
    with pytest.raises(NotPossible, match="county"):
        engine.advance(matter.id, "go_up", by=system())


@pytest.mark.parametrize("why", ["unwilling", "withdrawn", "sham"])
def test_whoever_does_not_want_mediation_is_not_sent_on_to_the_next(why: str, cast: Cast) -> None:
    matter = failed(cast, why)
    assert raise_failed() == 0
    assert now_of(matter.id).state == "failed"


def test_what_takes_too_long_goes_up_by_itself(cast: Cast, clock: ManualClock) -> None:
    matter = mediating(cast)
    clock.advance(timedelta(days=32))
    sweep_deadlines()
    risen = now_of(matter.id)
    assert (risen.state, risen.level, risen.unit_id) == ("registered", 1, None)
    assert "conclude_in_time" not in {name for name, each in clocks(matter.id).items() if each.ended_at is None}


def test_a_labour_mediation_is_over_after_fifteen_days(cast: Cast, clock: ManualClock) -> None:
    matter = mediating(cast, LabourMediation)
    clock.advance(timedelta(days=16))
    sweep_deadlines()
    assert now_of(matter.id).state == "failed"


def test_a_mediator_who_stays_silent_is_replaced_by_the_court(cast: Cast, clock: ManualClock) -> None:
    matter = appointed(cast, CourtBeforeFiling)
    clock.advance(timedelta(days=4))
    sweep_deadlines()
    assert (now_of(matter.id).state, now_of(matter.id).unit_id) == ("designating", None)


def test_the_court_designates_where_the_parties_do_not_choose(cast: Cast, clock: ManualClock) -> None:
    matter = opened(cast, CourtOrdinary)
    clock.advance(timedelta(days=3))
    sweep_deadlines()
    assert now_of(matter.id).state == "designating"
    engine.advance(matter.id, "designate", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    assert now_of(matter.id).state == "appointed"


def test_all_parties_may_agree_on_more_time(cast: Cast, clock: ManualClock) -> None:
    matter = mediating(cast, CourtSummary)
    engine.advance(matter.id, "prolong", by=cast.li, told={"text": "双方书面同意延长"})
    clock.advance(timedelta(days=10))
    sweep_deadlines()
    assert now_of(matter.id).state == "prolonged"
    clock.advance(timedelta(days=25))
    sweep_deadlines()
    assert now_of(matter.id).state == "failed"


def test_the_result_of_a_referred_mediation_goes_back_to_the_court(cast: Cast) -> None:
    matter = mediating(cast, CourtSummary)
    engine.advance(matter.id, "fail", by=cast.li, told={"why": "far_apart"})
    assert engine.advance(matter.id, "return_to_court", by=cast.chen, told={"reason": "调解不成"}).stands.final


def test_the_police_mediate_at_most_twice(cast: Cast, clock: ManualClock) -> None:
    matter = mediating(cast, PoliceMediation)
    engine.advance(matter.id, "arrange_second", by=cast.li, told={"text": "下周再谈"})
    clock.advance(timedelta(days=10))
    sweep_deadlines()
    assert now_of(matter.id).state == "failed"
    assert "arrange_second" not in {step.name for step in engine.possible(now_of(matter.id), cast.li)}


class TestPetition:
    def test_it_runs_from_registration_to_the_end_of_re_review(self, cast: Cast) -> None:
        id = opened(cast, Petition).id
        engine.advance(id, "transfer", by=cast.chen, told={"reason": "属街道职权"})
        engine.advance(id, "accept", by=cast.chen, told={"text": "已受理"})
        engine.advance(id, "reply", by=cast.chen, told=LETTER)
        engine.advance(id, "ask_review", by=cast.wang, told={"reason": "不服"})
        engine.advance(id, "answer_review", by=cast.sun, told=LETTER)
        engine.advance(id, "ask_re_review", by=cast.wang, told={"reason": "不服"})
        assert engine.advance(id, "answer_re_review", by=cast.sun, told=LETTER).state == "concluded"

    def test_an_opinion_letter_needs_its_legal_basis(self, cast: Cast) -> None:
        id = opened(cast, Petition).id
        engine.advance(id, "accept_directly", by=cast.chen, told={"text": "已受理"})
        with pytest.raises(BadInput) as refused:
            engine.advance(id, "reply", by=cast.chen, told={**LETTER, "basis": " "})
        assert refused.value.field == "basis"

    def test_a_wrong_dispatch_is_returned_only_after_the_sender_agrees(self, cast: Cast) -> None:
        id = opened(cast, Petition).id
        engine.advance(id, "transfer", by=cast.chen, told={"reason": "转办"})
        engine.advance(id, "object_to_it", by=cast.chen, told={"reason": "不属本单位职权，属住建"})
        assert engine.advance(id, "take_back", by=cast.chen, told={"reason": "核实属实"}).state == "registered"

    def test_an_objection_after_five_working_days_is_too_late(self, cast: Cast, clock: ManualClock) -> None:
        id = opened(cast, Petition).id
        engine.advance(id, "transfer", by=cast.chen, told={"reason": "转办"})
        clock.advance(timedelta(days=8))
        with pytest.raises(NotPossible, match="5 working days"):
            engine.advance(id, "object_to_it", by=cast.chen, told={"reason": "不属本单位职权"})

    def test_without_a_request_for_review_it_rests_after_thirty_days(self, cast: Cast, clock: ManualClock) -> None:
        id = opened(cast, Petition).id
        engine.advance(id, "accept_directly", by=cast.chen, told={"text": "已受理"})
        engine.advance(id, "reply", by=cast.chen, told=LETTER)
        clock.advance(timedelta(days=31))
        sweep_deadlines()
        assert now_of(id).state == "concluded"

    def test_what_belongs_before_the_court_is_led_there_and_not_refused(self, cast: Cast) -> None:
        id = opened(cast, Petition).id
        assert engine.advance(id, "lead_out", by=cast.chen, told={"channel": "litigation"}).state == "led_out"


class TestConfirmation:
    def test_both_parties_apply_and_the_court_confirms(self, cast: Cast) -> None:
        id = opened(cast, JudicialConfirmation).id
        engine.advance(id, "apply", by=cast.wang)
        engine.advance(id, "admit", by=cast.chen, told={"text": "受理"})
        assert engine.advance(id, "confirm", by=cast.chen, told={"text": "协议有效"}).state == "confirmed"

    def test_without_an_application_in_thirty_days_the_way_is_closed(self, cast: Cast, clock: ManualClock) -> None:
        id = opened(cast, JudicialConfirmation).id
        clock.advance(timedelta(days=31))
        sweep_deadlines()
        assert now_of(id).state == "not_asked"


@pytest.mark.parametrize("rules", ALL)
def test_the_document_shows_each_procedure_as_it_is_declared(rules: type[Procedure]) -> None:
    """If it doesn't: the diagram stands in what `anlan procedures` prints."""
    assert mermaid(rules) in (REPOSITORY / "docs" / "disputes.md").read_text(encoding="utf-8")
