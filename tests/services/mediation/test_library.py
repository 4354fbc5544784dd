"""One dispute is one matter however often and wherever it is raised; its grade calls somebody and decides nothing."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pydantic import ValidationError

from anlan.city.people.access import anonymous, scope_of, scoped, system
from anlan.loop import engine, verbs
from anlan.loop.models import Matter, Notice
from anlan.loop.refusals import BadInput, NotAllowed, Unknown
from anlan.loop.suggestions import Severity
from anlan.services.mediation.disputes import duplicates
from anlan.services.mediation.disputes.actions import Raised, raise_dispute, regrade, tell_attempt
from anlan.services.mediation.disputes.duplicates import find_same
from anlan.services.mediation.disputes.kinds import Kind
from anlan.services.mediation.disputes.models import Disputant, Dispute, DisputeGrams
from anlan.services.mediation.disputes.queries import find_by_person, search, whole
from anlan.services.mediation.disputes.risk import Known, grade
from anlan.services.mediation.disputes.schemas import AttemptIn, DisputeIn, LibraryWanted
from anlan.services.mediation.disputes.words import grams, pairs
from tests.cast import CUIYUAN_GRID, GRID, Cast
from tests.loop.stories import everything, now_of
from tests.services.mediation.conftest import mediating

TEXT = "楼上三零二室卫生间漏水，把楼下客厅的天花板泡坏了，双方为赔偿数额争吵多次。"
WANG = {"side": "applicant", "name": "王桂英", "phone": "13800000001", "id_number": "33010619500101002X"}
ZHAO = {"side": "respondent", "name": "赵四", "phone": "13911110000"}


def told(**changes: Any) -> DisputeIn:
    given = {
        "source": "self",
        "kind": "neighbour",
        "title": "楼上漏水赔偿",
        "text": TEXT,
        "area": GRID.rpartition(".")[2],
        "sides": [WANG, ZHAO],
        **changes,
    }
    return DisputeIn.model_validate(given)


def raised(cast: Cast, **changes: Any) -> Raised:
    return raise_dispute(told(**changes), by=cast.chen)


def test_a_dispute_is_a_matter_with_its_sides_and_a_suggested_grade(cast: Cast) -> None:
    found = raised(cast, amount_fen=300_000)
    dispute = whole(cast.chen, found.matter.id).dispute
    assert (dispute.matter.procedure, dispute.kind, dispute.amount_fen) == ("peoplesmediation", "neighbour", 300_000)
    with everything():
        sides = list(Disputant.objects.filter(matter=found.matter).order_by("side").values_list("side", flat=True))
    assert sides == ["applicant", "respondent"]


@pytest.mark.parametrize("source", ["police", "petition", "court", "patrol"])
def test_the_same_dispute_from_another_source_is_joined_to_the_first(source: str, cast: Cast) -> None:
    first = raised(cast)
    second = raised(cast, source=source, text=TEXT + "请处理。")
    assert second.joined is not None
    assert second.joined.id == first.matter.id
    assert now_of(second.matter.id).merged_into_id == first.matter.id
    assert [each.source for each in whole(cast.chen, first.matter.id).raisings] == ["self", source]


def test_it_is_joined_also_when_it_was_raised_in_another_town(cast: Cast) -> None:
    first = raised(cast)
    second = raise_dispute(told(area=CUIYUAN_GRID.rpartition(".")[2], source="police"), by=cast.zhou)
    assert second.joined is not None
    assert second.joined.id == first.matter.id


def test_a_joining_is_taken_back_by_whoever_is_on_duty(cast: Cast) -> None:
    raised(cast)
    second = raised(cast, source="police")
    verbs.unmerge(second.matter.id, by=cast.chen, reason="是另一次漏水")
    assert now_of(second.matter.id).merged_into_id is None
    assert len(whole(cast.chen, second.matter.id).raisings) == 1


def test_the_same_people_about_something_else_are_not_joined_but_shown(cast: Cast) -> None:
    first = raised(cast)
    other = raised(cast, kind="contract", title="借款不还", text="去年借出两万元，约定年底归还，至今分文未还。")
    assert other.joined is None
    assert [each.matter.id for each in other.maybe] == [first.matter.id]
    assert "2 side(s)" in other.maybe[0].reasons[0].text_en


def test_names_alone_never_join(cast: Cast) -> None:
    raised(cast)
    sides = [{"side": "applicant", "name": "王桂英"}, {"side": "respondent", "name": "赵四"}]
    again = raised(cast, sides=sides)
    assert again.joined is None
    assert again.maybe


def test_words_alike_next_door_without_a_common_side_are_shown_and_not_joined(cast: Cast) -> None:
    raised(cast)
    sides = [{"side": "applicant", "name": "孙五"}, {"side": "respondent", "name": "周六"}]
    again = raised(cast, sides=sides)
    assert again.joined is None
    assert again.maybe[0].alike > 0.9


def test_nobody_is_shown_a_dispute_of_another_town(cast: Cast) -> None:
    raised(cast)
    sides = [WANG, {"side": "respondent", "name": "周六"}]
    other = raise_dispute(told(area=CUIYUAN_GRID.rpartition(".")[2], sides=sides, text="另一件事"), by=cast.zhou)
    assert find_same(cast.zhou, other.matter.id) == []
    assert find_same(system(), other.matter.id)


def test_common_names_do_not_crowd_out_a_sure_match(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MET_BEFORE", 2)
    monkeypatch.setattr(duplicates, "MET_BY_NAME", 2)
    first = raised(cast, area=CUIYUAN_GRID.rpartition(".")[2], kind="other")
    named_alike = [{"side": "applicant", "name": "王桂英"}, {"side": "respondent", "name": "赵四"}]
    for title in ("借款", "停车", "噪音"):
        raised(cast, sides=named_alike, title=title, text=f"为{title}的事起了争执。")
    again = raised(cast)
    assert again.joined is not None
    assert again.joined.id == first.matter.id


def test_a_duplicate_check_takes_at_most_eight_statements(cast: Cast) -> None:
    id = raised(cast).matter.id
    raised(cast, text="另一件事情", title="别的")
    with CaptureQueriesContext(connection) as queries:
        find_same(cast.chen, id)
    assert len(queries) <= 8


def test_attempts_before_and_here_are_told_together(cast: Cast) -> None:
    id = raised(cast).matter.id
    given = AttemptIn(source="police", office="文新派出所", on=date(2026, 1, 5), result="failed", text="当场未达成")
    tell_attempt(id, given, by=cast.chen)
    engine.advance(id, "appoint", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    engine.advance(id, "take_on", by=cast.li)
    engine.advance(id, "fail", by=cast.li, told={"why": "far_apart"})
    assert [(each.office, each.result) for each in whole(cast.chen, id).tried] == [
        ("文新派出所", "failed"),
        ("here", "failed"),
    ]


class TestSearch:
    def test_words_are_found_in_title_text_and_address(self, cast: Cast) -> None:
        id = raised(cast, address="文二西路七百号").matter.id
        for q in ("漏水赔偿", "天花板", "文二西路", "天花板 漏水"):
            assert [each.id for each in search(cast.chen, LibraryWanted(q=q))] == [id]
        assert search(cast.chen, LibraryWanted(q="宅基地")) == []

    def test_a_number_finds_its_dispute(self, cast: Cast) -> None:
        matter = raised(cast).matter
        assert [each.id for each in search(cast.chen, LibraryWanted(q=matter.reference))] == [matter.id]

    def test_source_and_kind_narrow_it(self, cast: Cast) -> None:
        raised(cast)
        assert search(cast.chen, LibraryWanted(q="漏水", source="court")) == []
        assert search(cast.chen, LibraryWanted(kind="family")) == []
        assert len(search(cast.chen, LibraryWanted(kind="neighbour", open=True))) == 1

    def test_a_desk_finds_nothing_of_another_town(self, cast: Cast) -> None:
        raised(cast)
        assert search(cast.zhou, LibraryWanted(q="漏水")) == []
        assert len(search(cast.sun, LibraryWanted(q="漏水"))) == 1

    def test_a_page_goes_on_after_the_last_of_the_page_before(self, cast: Cast) -> None:
        first, second = raised(cast).matter.id, raised(cast, source="police").matter.id
        assert [each.id for each in search(cast.chen, LibraryWanted(after=second))] == [first]

    def test_one_sign_is_refused(self, cast: Cast) -> None:
        with pytest.raises(BadInput) as refused:
            search(cast.chen, LibraryWanted(q="水"))
        assert refused.value.field == "q"

    def test_a_resident_has_no_library(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            search(cast.wang, LibraryWanted())

    def test_a_person_on_duty_finds_the_disputes_of_a_telephone(self, cast: Cast) -> None:
        id = raised(cast).matter.id
        assert [each.id for each in find_by_person(cast.chen, "phone", "+86 139 1111 0000")] == [id]
        assert find_by_person(cast.zhou, "phone", "13911110000") == []

    def test_a_page_takes_at_most_eight_statements(self, cast: Cast) -> None:
        raised(cast)
        with CaptureQueriesContext(connection) as queries:
            search(cast.chen, LibraryWanted(q="漏水"))
        assert len(queries) <= 8

    def test_what_makes_it_searchable_holds_no_readable_word(self, cast: Cast) -> None:
        raised(cast)
        (row,) = DisputeGrams.objects.all()
        assert all(isinstance(gram, int) for gram in row.grams)
        assert grams("漏水") != [ord(sign) for sign in "漏水"]

    def test_full_width_and_capitals_are_alike(self) -> None:
        assert pairs("ＡＢ１２") == pairs("ab12") == {"ab", "b1", "12"}
        assert pairs("水，电") == set()


class TestGrade:
    def test_a_quiet_quarrel_is_blue(self) -> None:
        assert grade(Known(Kind.PROPERTY, "物业费"), on=date(2026, 3, 2)).severity is Severity.BLUE

    def test_violence_with_threats_is_red_and_says_why(self) -> None:
        found = grade(Known(Kind.FAMILY, "争吵", {"violence", "threat"}), on=date(2026, 3, 2))
        assert found.severity is Severity.RED
        assert [reason.text for reason in found.reasons] == [
            "已发生暴力（6分）",
            "扬言报复或者威胁（5分）",
            "家庭、感情、邻里纠纷（1分）",
        ]
        assert found.points == 12

    @pytest.mark.parametrize(
        ("more", "less"),
        [
            ({"raised": 4}, {"raised": 1}),
            ({"failed_before": 3}, {"failed_before": 0}),
            ({"people": 30}, {"people": 3}),
            ({"amount_fen": 10**9}, {"amount_fen": 100}),
            ({"text": "再不解决就同归于尽"}, {"text": "请尽快解决"}),
        ],
    )
    def test_each_fact_weighs(self, more: dict[str, Any], less: dict[str, Any]) -> None:
        base = {"kind": Kind.CONTRACT, "text": ""}
        day = date(2026, 3, 2)
        assert grade(Known(**{**base, **more}), on=day).points > grade(Known(**{**base, **less}), on=day).points

    def test_who_the_parties_are_is_no_part_of_it(self, cast: Cast) -> None:
        first = raised(cast).grade
        for number in range(3):
            raised(cast, kind="contract", title=f"另一件{number}", text=f"完全不同的事情{number}")
        stranger = raised(cast, sides=[{"side": "applicant", "name": "甲"}, {"side": "respondent", "name": "乙"}]).grade
        again = raised(cast, title="又一件", text="还是别的事").grade
        assert first.points == stranger.points == again.points

    def test_a_high_grade_calls_the_desk_and_does_nothing_else(self, cast: Cast) -> None:
        found = raised(cast, facts=["violence", "threat"])
        with everything():
            told = list(Notice.objects.filter(matter=found.matter, kind="grade_suggested").values_list("to", flat=True))
        assert told == ["desk"]
        assert now_of(found.matter.id).state == "registered"

    def test_raised_again_and_again_the_suggestion_rises_and_what_a_person_set_stays(self, cast: Cast) -> None:
        first = raised(cast).matter
        verbs.reclassify(first.id, by=cast.chen, reason="已经平息", severity=Severity.YELLOW)
        for source in ("police", "petition", "court"):
            raised(cast, source=source)
        with everything():
            assert Dispute.objects.get(matter=first).suggested_grade == Severity.YELLOW
        assert now_of(first.id).severity == Severity.YELLOW

    def test_a_grade_is_suggested_anew_when_a_mediation_has_failed(self, cast: Cast) -> None:
        id = raised(cast, facts=["threat"]).matter.id
        engine.advance(id, "appoint", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
        engine.advance(id, "take_on", by=cast.li)
        engine.advance(id, "fail", by=cast.li, told={"why": "far_apart"})
        assert regrade(id).points == 8


class TestBadInput:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"sides": [WANG]}, "at least 2 items"),
            ({"sides": [WANG, {**WANG, "name": "李"}]}, "there is no respondent"),
            ({"sides": [WANG, {**WANG, "side": "respondent"}]}, "two sides"),
            ({"sides": [WANG, {**ZHAO, "name": ""}]}, "at least 1 character"),
            ({"sides": [WANG, {**ZHAO, "is_minor": True}]}, "guardian"),
            ({"sides": [WANG, {**ZHAO, "is_minor": True, "guardian": 7}]}, "no such guardian"),
            ({"sides": [WANG, {**ZHAO, "is_minor": True, "guardian": 1}]}, "no such guardian"),
            ({"amount_fen": 10**15}, "less than or equal"),
            ({"amount_fen": -1}, "greater than or equal"),
            ({"occurred_on": "1900-01-01"}, "before 1949"),
            ({"occurred_on": "2999-01-01"}, "future"),
            ({"text": "\x00"}, "can't be stored"),
            ({"people": 1}, "greater than or equal"),
            ({"kind": "unheard"}, "Input should be"),
            ({"colour": "red"}, "not permitted"),
        ],
    )
    def test_what_can_not_be_is_refused_naming_what_is_wrong(self, changes: dict[str, Any], said: str) -> None:
        with pytest.raises(ValidationError, match=said):
            told(**changes)

    def test_a_child_with_a_guardian_takes_part(self, cast: Cast) -> None:
        child = {"side": "applicant", "name": "小明", "is_minor": True, "guardian": 0}
        found = raised(cast, sides=[WANG, ZHAO, child])
        with everything():
            row = Disputant.objects.get(matter=found.matter, is_minor=True)
        assert row.guardian_id is not None

    def test_an_unknown_area_is_refused(self, cast: Cast) -> None:
        with pytest.raises(BadInput) as refused:
            raised(cast, area="999999")
        assert refused.value.field == "area"

    def test_a_resident_speaks_for_no_office(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            raise_dispute(told(source="court"), by=anonymous())
        assert raise_dispute(told(), by=anonymous()).matter.state == "registered"


def test_what_is_no_dispute_has_no_place_in_the_library(cast: Cast) -> None:
    with pytest.raises(Unknown):
        whole(cast.chen, mediating(cast).id)


def test_the_rows_of_a_dispute_follow_it_into_another_area(cast: Cast) -> None:
    id = raised(cast).matter.id
    to = CUIYUAN_GRID.split(".")[2]
    verbs.hand_over(id, to_area=f"3301.330106.{to}", by=cast.sun, reason="属翠苑")
    with scoped(scope_of(cast.zhou)):
        assert Dispute.objects.filter(matter_id=id).exists()
        assert Disputant.objects.filter(matter_id=id).count() == 2
    with scoped(scope_of(cast.chen)):
        assert not Disputant.objects.filter(matter_id=id).exists()
        assert not Matter.objects.filter(id=id).exists()
