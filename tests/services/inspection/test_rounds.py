"""A sample is drawn so that the draw can be repeated, goes to the grids' workers, and puts the base right."""

import pytest

from anlan.city.addresses.models import Address, Level
from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import clock, engine
from anlan.loop.models import Matter
from anlan.loop.refusals import BadInput, NotAllowed, Unknown
from anlan.services.dispatch.tasks import tasks
from anlan.services.inspection import checks, findings, rounds
from anlan.services.inspection.checks import Looked
from anlan.services.inspection.detection import inspect
from anlan.services.inspection.models import Check, Finding, Round
from anlan.services.inspection.schemas import Act, Correction, Judgement, RoundIn, Seen
from tests.cast import CITY, Cast
from tests.services.administration.city import acting, administrator
from tests.services.inspection.conftest import CODE
from tests.services.inspection.test_detection import change, copy, number_too_high

ALL = RoundIn(in_area=CODE, margin=1, reason="季度抽查")
FEW = RoundIn(in_area=CODE, confidence=80, margin=20, reason="季度抽查")


def drawn(cast: Cast, given: RoundIn = FEW) -> list[Looked]:
    """The checks of a round that has been sent."""
    round = rounds.draw(given, by=cast.wu)
    while rounds.send_waiting():
        pass
    return checks.checks_of(cast.wu, round)


def answered(cast: Cast, looked: Looked, **told: str) -> Looked:
    assert looked.check.matter_id
    by = cast.li if looked.check.matter and looked.check.matter.unit_id == cast.li.units[0] else cast.he
    engine.advance(looked.check.matter_id, "check", by=by, told=told)
    return checks.check_of(cast.wu, looked.check.id)


def test_the_same_seed_draws_the_same_and_another_one_others(base: Cast) -> None:
    first, again, other = (rounds.draw(FEW, by=base.wu, seed=seed) for seed in ("a", "a", "b"))
    with scoped(scope_of(system())):
        ids = [set(each.checks.values_list("address_id", flat=True)) for each in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert first.population == 47
    assert rounds.repeats(first) is True


def test_where_the_base_has_changed_nothing_is_claimed_of_the_draw(base: Cast) -> None:
    round = rounds.draw(FEW, by=base.wu)
    copy(Address.objects.filter(level=Level.NUMBER)[0], canonical="500", number="500")
    assert rounds.repeats(round) is None


def test_rooms_are_only_drawn_where_they_are_asked_for(base: Cast) -> None:
    without, within = (rounds.draw(ALL.model_copy(update={"rooms": rooms}), by=base.wu) for rooms in (False, True))
    assert within.population - without.population == 3


def test_each_address_goes_to_a_worker_of_its_grid_and_shows_on_the_phone(base: Cast) -> None:
    looked = drawn(base)
    assert {each.state for each in looked} == {"sent"}
    units = {each.check.matter.unit_id for each in looked if each.check.matter}
    assert units <= {base.li.units[0], base.he.units[0]}
    shown = [task for actor in (base.li, base.he) for task in tasks(actor)]
    assert len(shown) == len(looked)
    assert {task.doing.next.name for task in shown if task.doing.next} == {"check"}


def test_where_a_grid_has_nobody_the_desk_sends_it(base: Cast) -> None:
    Address.objects.update(grid="")
    looked = drawn(base)
    assert {each.state for each in looked} == {"drawn"}
    assert looked[0].check.matter_id
    matter = engine.advance(looked[0].check.matter_id, "send", by=base.chen, told={"unit_id": base.unit(base.li)})
    assert matter.state == "sent"


def test_who_finds_it_wrong_says_what_is_right(base: Cast) -> None:
    with pytest.raises(BadInput) as refused:
        answered(base, drawn(base)[0], found="wrong")
    assert "say what is right" in str(refused.value.message)


def test_what_is_right_is_noted_in_the_base_and_done_with_the_review(base: Cast) -> None:
    looked = answered(base, drawn(base)[0], found="right")
    assert looked.state == "checked"
    looked = checks.review(looked.check.id, Judgement(found=Seen.RIGHT), by=base.wu)
    assert looked.state == "closed"
    assert Address.objects.get(id=looked.check.address_id).checked_on == clock.today()


def test_the_administrator_puts_right_what_is_wrong_by_the_bases_own_actions(base: Cast) -> None:
    house = next(each for each in drawn(base, ALL) if each.check.address.level == Level.NUMBER)
    looked = answered(base, house, found="wrong", text="128号")
    looked = checks.review(looked.check.id, Judgement(found=Seen.WRONG), by=base.wu)
    assert looked.state == "reviewed"
    renaming = Correction(act=Act.RENAME, name="128号", reason="现场核对")
    with pytest.raises(NotAllowed):
        checks.correct(looked.check.id, renaming, by=base.wu)
    looked = checks.correct(looked.check.id, renaming, by=acting(administrator()))
    assert looked.state == "closed"
    assert Address.objects.get(id=looked.check.address_id).name == "128号"


def test_a_correction_the_base_refuses_changes_nothing(base: Cast) -> None:
    house = next(each for each in drawn(base, ALL) if each.check.address.name == "7号")
    looked = answered(base, house, found="wrong", text="8号")
    checks.review(looked.check.id, Judgement(found=Seen.WRONG), by=base.wu)
    with pytest.raises(BadInput) as refused:
        checks.correct(
            looked.check.id, Correction(act=Act.RENAME, name="8号", reason="核对"), by=acting(administrator())
        )
    assert refused.value.field == "name"
    assert checks.check_of(base.wu, looked.check.id).state == "reviewed"


def test_what_is_not_there_ends_in_the_base(base: Cast) -> None:
    looked = answered(base, drawn(base)[0], found="not_found")
    checks.review(looked.check.id, Judgement(found=Seen.NOT_FOUND), by=base.wu)
    checks.correct(looked.check.id, Correction(act=Act.END, reason="已拆除"), by=acting(administrator()))
    assert Address.objects.get(id=looked.check.address_id).status == Address.Status.DEMOLISHED


def test_a_round_counts_what_was_reviewed_and_nothing_else(base: Cast) -> None:
    looked = drawn(base)
    round = looked[0].check.round
    assert round is not None
    for each in looked[:3]:
        answered(base, each, found="right")
    answered(base, looked[3], found="wrong", text="别处")
    assert rounds.result(round).share is None
    assert checks.confirm_right(round, by=base.wu) == 3
    checks.review(looked[3].check.id, Judgement(found=Seen.WRONG), by=base.wu)
    result = rounds.result(round)
    assert (result.right, result.wrong, result.seen) == (3, 1, 4)
    assert result.share is not None
    assert result.share.low < 0.75 == result.share.share < result.share.high
    assert result.waiting == len(looked) - 4
    assert rounds.latest_results(base.wu, {CODE})[CODE].seen == 4


def test_giving_up_cancels_what_is_open_and_keeps_what_was_seen(base: Cast) -> None:
    looked = drawn(base)
    round = looked[0].check.round
    assert round is not None
    answered(base, looked[0], found="right")
    checks.confirm_right(round, by=base.wu)
    assert checks.give_up(round, reason="台风", by=base.wu) == len(looked) - 1
    assert rounds.result(round).seen == 1
    assert rounds.result(round).waiting == 0


def test_a_sample_larger_than_a_round_may_be_is_refused(base: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "most_in_round", lambda: 10)
    with pytest.raises(BadInput) as refused:
        rounds.draw(ALL, by=base.wu)
    assert refused.value.field == "margin"


def test_nobody_draws_or_reads_in_anothers_town(base: Cast) -> None:
    with pytest.raises(BadInput):
        rounds.draw(ALL.model_copy(update={"in_area": "330106004"}), by=base.wu)
    with pytest.raises(BadInput):
        rounds.draw(ALL.model_copy(update={"in_area": "330106"}), by=base.wu)
    round = rounds.draw(FEW, by=base.wu)
    other = acting(administrator("ning", "3301.330106.330106004"))
    with pytest.raises(Unknown):
        rounds.round_of(other, round.id)
    assert rounds.rounds(other) == []


def test_a_finding_is_looked_at_on_the_spot_once(base: Cast) -> None:
    number_too_high()
    inspect(CITY)
    with scoped(scope_of(system())):
        finding = Finding.objects.get()
    check = findings.send(finding.id, by=base.wu)
    with pytest.raises(BadInput):
        findings.send(finding.id, by=base.wu)
    rounds.send_waiting()
    looked = answered(base, checks.check_of(base.wu, check.id), found="wrong", text="7号")
    checks.review(looked.check.id, Judgement(found=Seen.WRONG), by=base.wu)
    fine = Correction(act=Act.NOTHING, reason="门牌确实如此")
    checks.correct(check.id, fine, by=acting(administrator()))
    assert looked.check.matter_id
    with scoped(scope_of(system())):
        finding.refresh_from_db()
        assert (finding.settled_how, finding.reason) == ("fine", "门牌确实如此")
        assert Matter.objects.get(id=looked.check.matter_id).closed_at is not None


def test_without_a_scope_nothing_of_it_is_read(base: Cast) -> None:
    rounds.draw(FEW, by=base.wu)
    change(Address.objects.filter(level=Level.NUMBER)[0], lon=120.2)
    inspect(CITY)
    assert [model.objects.count() for model in (Round, Check, Finding)] == [0, 0, 0]
