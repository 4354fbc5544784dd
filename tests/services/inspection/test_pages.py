"""The pages of the inspection, as those who may see them use them."""

import csv
import io

import pytest

from anlan.city.people.models import Account
from anlan.services.inspection import checks, rounds
from anlan.services.inspection.detection import inspect
from anlan.services.inspection.models import Check, Finding
from tests.cast import CITY, Cast
from tests.services.administration.city import acting, administrator, browser
from tests.services.inspection.conftest import CODE
from tests.services.inspection.test_detection import bad_name, open_findings, outside
from tests.services.inspection.test_rounds import FEW, answered, drawn

PAGES = (
    "/inspection",
    "/inspection/findings",
    "/inspection/rounds",
    "/inspection/rounds/new",
    "/inspection/findings.csv",
)


def wu() -> Account:
    return Account.objects.get(username="wu")


@pytest.mark.parametrize("page", PAGES)
def test_who_supervises_or_administers_sees_them_and_nobody_else(base: Cast, page: str) -> None:
    assert browser(wu()).get(page).status_code == 200
    assert browser(administrator()).get(page).status_code == 200
    for username in ("chen", "li", "wang"):
        assert browser(Account.objects.get(username=username)).get(page).status_code == 403


def test_empty_pages_say_what_to_do(base: Cast) -> None:
    seen = browser(wu())
    assert "Nothing has been measured here yet." in seen.get("/inspection").content.decode()
    assert "No sample has been drawn yet." in seen.get("/inspection/rounds").content.decode()
    assert "nothing wrong with the addresses" in seen.get("/inspection/findings").content.decode()


def test_looking_through_an_area_shows_scores_with_words_and_what_was_found(base: Cast) -> None:
    outside()
    page = browser(wu()).post("/inspection/look", {"area": CODE}, follow=True).content.decode()
    assert "New findings: 1." in page
    assert "good base" in page
    assert "nothing here is counted by worker" in page


def test_another_town_is_not_looked_through(base: Cast) -> None:
    answer = browser(wu()).post("/inspection/look", {"area": "330106004"})
    assert answer.status_code == 422
    assert browser(wu()).get("/inspection?area=330106004").status_code == 422


def test_findings_are_filtered_settled_and_opened_again(base: Cast) -> None:
    outside()
    bad_name()
    inspect(CITY)
    seen = browser(wu())
    one = next(each for each in open_findings() if each.kind == "outside")
    page = seen.get("/inspection/findings", {"kind": "outside", "q": "文一路", "area": CODE}).content.decode()
    assert "its position lies outside its grid" in page
    assert "Chinese characters only" not in page
    refused = seen.post("/inspection/findings/settle", {"chosen": one.id})
    assert refused.status_code == 422
    settled = seen.post(
        "/inspection/findings/settle?kind=outside", {"chosen": one.id, "reason": "实地在此"}, follow=True
    )
    assert "Settled as fine: 1." in settled.content.decode()
    assert "实地在此" in seen.get("/inspection/findings", {"state": "settled"}).content.decode()
    again = seen.post("/inspection/findings/reopen", {"chosen": one.id, "reason": "再看"}, follow=True)
    assert "Open again: 1." in again.content.decode()


@pytest.mark.parametrize("chosen", ["", "x", "99999999999999999999"])
def test_a_choice_that_is_none_is_refused(base: Cast, chosen: str) -> None:
    told = {"chosen": chosen, "reason": "试"} if chosen else {"reason": "试"}
    assert browser(wu()).post("/inspection/findings/settle", told).status_code == 422


def test_findings_as_a_file_hold_what_the_page_holds_and_no_formula(base: Cast) -> None:
    bad_name()
    inspect(CITY)
    (finding,) = open_findings()
    finding.address.text = "=1+1"
    finding.address.save()
    text = browser(wu()).get("/inspection/findings.csv").content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["address"] == "'=1+1"
    assert row["rule"] == "unified address rules of Xihu district"


def test_a_finding_is_sent_and_leads_to_its_check(base: Cast) -> None:
    outside()
    inspect(CITY)
    (finding,) = open_findings()
    page = browser(wu()).post(f"/inspection/findings/{finding.id}/send", follow=True).content.decode()
    assert "its position lies outside its grid" in page
    assert rounds.send_waiting() == 1
    assert browser(wu()).post("/inspection/findings/0/send").status_code == 404


def test_a_round_is_drawn_answered_confirmed_and_put_right(base: Cast) -> None:
    seen = browser(wu())
    told = {"in_area": CODE, "confidence": "80", "margin": "20", "reason": "季度抽查"}
    answer = seen.post("/inspection/rounds/new", told)
    where = answer["Location"]
    assert "No answer has been reviewed yet" in seen.get(where).content.decode()
    rounds.send_waiting()
    looked = checks.checks_of(base.wu, rounds.rounds(base.wu)[0])
    answered(base, looked[0], found="right")
    answered(base, looked[1], found="wrong", text="128号")
    page = seen.post(f"{where}/confirm", follow=True).content.decode()
    assert "Confirmed as right: 1." in page
    assert "1 of 1 reviewed addresses are right" in page
    check = f"/inspection/checks/{looked[1].check.id}"
    version = checks.check_of(base.wu, looked[1].check.id).check.matter
    assert version is not None
    reviewed = seen.post(f"{check}/review", {"version": version.version, "found": "wrong"}, follow=True)
    assert "this waits for one" in reviewed.content.decode()
    feng = browser(administrator())
    stale = feng.post(
        f"{check}/correct", {"version": version.version, "act": "rename", "name": "128号", "reason": "实"}
    )
    assert stale.status_code == 409
    told = {"version": str(version.version + 1), "act": "rename", "reason": "实"}
    nameless = feng.post(f"{check}/correct", told)
    assert (nameless.status_code, "say what it is called" in nameless.content.decode()) == (422, True)
    feng.post(f"{check}/correct", {**told, "name": "128号"})
    assert checks.check_of(acting(administrator()), looked[1].check.id).state == "closed"


@pytest.mark.parametrize("wrong", [{"in_area": "330106004"}, {"margin": "0"}, {"confidence": "100"}, {"reason": ""}])
def test_a_draw_that_can_not_be_is_refused_with_the_field(base: Cast, wrong: dict[str, str]) -> None:
    told = {"in_area": CODE, "confidence": "80", "margin": "20", "reason": "试", **wrong}
    answer = browser(wu()).post("/inspection/rounds/new", told)
    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()


def test_the_rest_of_a_round_is_given_up_with_a_reason(base: Cast) -> None:
    round = drawn(base, FEW)[0].check.round
    assert round is not None
    assert browser(wu()).post(f"/inspection/rounds/{round.id}/give-up", {}).status_code == 422
    page = browser(wu()).post(f"/inspection/rounds/{round.id}/give-up", {"reason": "台风"}, follow=True)
    assert "Cancelled:" in page.content.decode()


def test_the_pages_are_chinese_too(base: Cast) -> None:
    outside()
    inspect(CITY)
    page = browser(wu(), "zh-hans").get("/inspection").content.decode()
    assert "地址库质量" in page
    assert Check.objects.count() == Finding.objects.count() == 0  # without a scope nothing is read
