"""A resident's own pages: their reports in one place, what is kept of them, and the end of the account."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from anlan.city.people.access import scoped
from anlan.city.people.models import Account, ExternalIdentity
from anlan.city.people.phone_codes import account_of_phone
from anlan.loop import clock, engine, parties
from anlan.loop.models import Matter, Party
from anlan.services.dispatch.actions import direct
from anlan.services.intake import mine
from anlan.services.intake.models import Visit
from tests.cast import COMMUNITY, DISTRICT, WENXIN, Cast
from tests.loop.stories import everything, kinds, routed
from tests.services.intake.test_pages import WORDS, begun, matter_of, sent, settled

pytestmark = pytest.mark.django_db

PHONE = "13911112222"
LANGUAGES = ("zh-hans", "en")
AREA = {"district": DISTRICT.split(".")[-1], "town": WENXIN.split(".")[-1], "community": COMMUNITY.split(".")[-1]}


@pytest.fixture
def resident() -> Account:
    return Account.objects.create_user("resident-x", kind="resident", phone=PHONE)


@pytest.fixture
def me(client: Client, resident: Account) -> Client:
    client.force_login(resident)
    return client


def shown(client: Client, address: str = "/account") -> str:
    answer = client.get(address, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return str(answer.content.decode())


# The list


@pytest.mark.parametrize("address", ["/account", "/account/data", "/account/delete"])
def test_whoever_is_not_signed_in_is_led_to_the_residents_door(client: Client, address: str) -> None:
    assert client.get(address)["Location"].startswith("/account/sign-in?next=%2Faccount")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_list_says_what_to_do(me: Client, language: str) -> None:
    page = me.get("/account", headers={"accept-language": language}).content.decode()
    assert {"zh-hans": "还没有事项", "en": "No reports yet"}[language] in page


def test_a_report_of_mine_stands_there_with_its_state_its_time_and_its_page(me: Client, resident: Account) -> None:
    code = sent(me)
    assert matter_of(code).reporter_id == resident.id
    page = shown(me)
    assert f'href="/t/{code}"' in page
    assert matter_of(code).reference in page
    assert "data-clock" in page


def test_nobody_elses_report_is_in_my_list(me: Client, cast: Cast) -> None:
    other = routed(cast)
    sent(Client())
    assert other.reference not in shown(me)
    assert "No reports yet" in shown(me)


def test_news_is_marked_until_it_has_been_read(me: Client, cast: Cast) -> None:
    code = sent(me)
    assert "News" not in shown(me)
    direct(matter_of(code).id)
    assert "News" in shown(me)
    me.get(f"/t/{code}")
    assert "News" not in shown(me)
    engine.note(matter_of(code).id, "内部商量", by=cast.chen)
    assert "News" not in shown(me)
    engine.note(matter_of(code).id, "明天来修", by=cast.chen, public=True)
    assert "News" in shown(me)


def test_what_i_say_myself_is_no_news(me: Client) -> None:
    code = sent(me)
    me.post(f"/t/{code}", {"act": "note", "text": "还是不亮"})
    assert "News" not in shown(me)


def test_somebody_else_with_the_code_leaves_no_visit_of_mine(me: Client) -> None:
    code = sent(me)
    Client().get(f"/t/{code}")
    with everything():
        assert not Visit.objects.exists()


def test_a_long_list_has_pages(me: Client, resident: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mine, "PAGE", 2)
    for _ in range(3):
        sent(me)
    assert shown(me).count('class="report"') == 2
    assert shown(me, "/account?page=2").count('class="report"') == 1
    assert shown(me, "/account?page=x").count('class="report"') == 2


# Claiming


def test_an_earlier_report_comes_by_its_code(me: Client, resident: Account) -> None:
    code = sent(Client())
    assert "Put it among my reports" in shown(me, f"/t/{code}")
    assert me.post("/account/claim", {"code": code.lower()})["Location"] == "/account?done=claimed"
    assert matter_of(code).reporter_id == resident.id
    assert kinds(matter_of(code).id)[-1] == "claimed"


@pytest.mark.parametrize("code", ["", "x", "0000-0000-0000-0000", "A" * 300, "\x00"])
def test_every_wrong_code_is_refused_alike(me: Client, code: str) -> None:
    answer = me.post("/account/claim", {"code": code}, headers={"accept-language": "en"})
    assert answer.status_code == 404
    assert "No matter has this code" in answer.content.decode()


def test_a_report_of_another_account_stays_there(me: Client, cast: Cast) -> None:
    owner = Client()
    owner.force_login(Account.objects.get(username="wang"))
    code = sent(owner)
    assert me.post("/account/claim", {"code": code}).status_code == 409
    assert matter_of(code).reporter_id == cast.wang.account_id


# What is kept


def test_the_next_report_is_filled_in_from_the_account(me: Client) -> None:
    assert f'value="{PHONE}"' in me.get(begun(me)).content.decode()
    sent(me, phone=PHONE, name="王阿姨")
    page = me.get(begun(me)).content.decode()
    assert 'value="王阿姨"' in page
    assert "王阿姨" not in Client().get("/report").content.decode()


def test_who_has_looked_is_listed_over_all_reports(me: Client, cast: Cast) -> None:
    assert "Nobody so far" in shown(me, "/account/data")
    for purpose in ("回电核实", "约定时间"):
        matter = direct(matter_of(sent(me, phone=PHONE)).id)
        with everything():
            party = Party.objects.get(matter_id=matter.id)
        parties.reveal(matter.id, party.id, by=cast.sun, purpose=purpose)
    page = shown(me, "/account/data")
    assert "回电核实" in page
    assert "约定时间" in page
    assert "139****2222" in page
    assert PHONE not in page


def test_my_data_are_a_file_with_everything_of_mine(me: Client, cast: Cast) -> None:
    code = sent(me, phone=PHONE, name="王阿姨")
    answer = me.post("/account/data/export")
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    told = json.loads(answer.content)
    (report,) = told["reports"]
    assert told["account"]["phone"] == PHONE
    assert report["description"] == WORDS
    assert report["contact"][0]["name"] == "王阿姨"
    assert report["number"] == matter_of(code).reference
    assert me.get("/account/data/export").status_code == 405


def test_whoever_only_has_the_code_is_not_given_the_number_that_was_left(me: Client) -> None:
    code = sent(Client(), phone="13800000001", name="李先生")
    me.post("/account/claim", {"code": code})
    told = me.post("/account/data/export").content.decode()
    assert "13800000001" not in told
    assert "李先生" not in told
    assert "李先生" not in me.get(begun(me)).content.decode()


# The end


def test_deleting_asks_twice_and_then_leaves_nothing_that_leads_to_me(me: Client, resident: Account) -> None:
    code = sent(me, phone=PHONE)
    me.get(f"/t/{code}")
    ExternalIdentity.objects.create(
        account=resident, issuer="https://id.example", subject=b"x" * 16, linked_at=clock.now()
    )
    assert "Your open reports (1) go on" in shown(me, "/account/delete")
    assert me.post("/account/delete", {"step": "first"}).status_code == 200
    assert me.post("/account/delete", {"step": "last"}).status_code == 422
    assert Account.objects.get(id=resident.id).is_active
    assert me.post("/account/delete", {"step": "last", "sure": "yes"}).status_code == 200
    left = Account.objects.get(id=resident.id)
    assert (left.is_active, left.phone, left.phone_index, left.name) == (False, None, None, None)
    assert "resident-x" not in left.username
    assert not left.identities.exists()
    with scoped(mine.own_scope(resident)):
        assert not Visit.objects.exists()
    assert me.get("/account").status_code == 302
    # The report goes on, and its code still opens it.
    assert direct(matter_of(code).id).state == "routed"
    assert me.get(f"/t/{code}").status_code == 200


def test_after_a_deletion_the_number_makes_a_new_account(me: Client, resident: Account) -> None:
    mine.delete(resident)
    made = account_of_phone(PHONE)
    assert made
    assert made.id != resident.id


def test_an_account_of_the_office_is_not_deleted_here(client: Client) -> None:
    chen = Account.objects.get(username="chen")
    client.force_login(chen)
    assert client.post("/account/delete", {"step": "last", "sure": "yes"})["Location"] == "/account/data"
    assert Account.objects.get(id=chen.id).is_active


# Joining


def offered(client: Client) -> list[str]:
    page = client.get(begun(client, **AREA)).content.decode()
    return [found for found in re.findall(r'name="join" value="([^"]*)"', page) if found]


def joined(client: Client, main: Matter) -> str:
    answer = client.post(begun(client, **AREA), {"join": str(main.id), "phone": "13800000007"})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"].split("/")[2])


def test_before_sending_open_matters_nearby_are_offered_without_anybodys_words(client: Client, cast: Cast) -> None:
    main = routed(cast, title="王家门口的灯", description="三单元", address="文二西路 9 号")
    page = client.get(begun(client, **AREA), headers={"accept-language": "en"}).content.decode()
    assert str(main.id) in page
    assert "follow it together" in page
    assert all(words not in page for words in ("王家", "三单元", "9 号", main.reference))


def test_joining_sends_a_report_of_ones_own_and_merges_it(client: Client, cast: Cast) -> None:
    main = routed(cast)
    code = joined(client, main)
    own = matter_of(code)
    assert own.merged_into_id == main.id
    assert own.description == WORDS
    assert kinds(own.id) == ["opened", "joined"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_who_joined_tells_how_the_other_goes(client: Client, cast: Cast, language: str) -> None:
    main = routed(cast)
    code = joined(client, main)
    unit = cast.unit(cast.li)
    engine.advance(main.id, "assign", by=cast.chen, told={"unit_id": unit})
    for step, told in (("accept", {}), ("arrive", {}), ("resolve", {"outcome": "solved", "text": "灯泡已换"})):
        engine.advance(main.id, step, by=cast.li, told=told)
    page = client.get(f"/t/{code}", headers={"accept-language": language}).content.decode()
    assert "灯泡已换" in page
    assert {"zh-hans": "待评价", "en": "rat"}[language] in page
    assert 'name="rating"' not in page
    assert 'value="leave"' in page


def test_who_joined_takes_the_report_out_again(client: Client, cast: Cast) -> None:
    code = joined(client, routed(cast))
    assert client.post(f"/t/{code}", {"act": "leave", "reason": " "}).status_code == 422
    assert client.post(f"/t/{code}", {"act": "leave", "reason": "不是同一盏灯"}).status_code == 302
    assert matter_of(code).merged_into_id is None
    assert client.post(f"/t/{code}", {"act": "leave", "reason": "再来"}).status_code == 409


def test_only_what_is_offered_can_be_joined_and_nothing_is_sent_otherwise(client: Client, cast: Cast) -> None:
    hidden = routed(cast, category="dispute.family")
    for wanted in (str(hidden.id), "x", "<script>"):
        answer = client.post(begun(client, **AREA), {"join": wanted})
        assert answer.status_code == 409
    with everything():
        assert Matter.objects.count() == 1


def test_a_double_click_joins_once(client: Client, cast: Cast) -> None:
    main = routed(cast)
    send = begun(client, **AREA)
    session = dict(client.session.items())
    first = client.post(send, {"join": str(main.id)})
    kept = client.session
    kept.update(session)
    kept.save()
    assert client.post(send, {"join": str(main.id)})["Location"] == first["Location"]
    assert kinds(main.id).count("was_joined") == 1


def test_a_joined_report_in_my_list_shows_how_the_other_stands(me: Client, cast: Cast, settings: Any) -> None:
    main = routed(cast)
    joined(me, main)
    assert "handled together" in shown(me)


def test_a_settled_matter_of_mine_is_rated_from_its_page(me: Client, cast: Cast) -> None:
    code = sent(me)
    settled(code, cast)
    assert me.post(f"/t/{code}", {"act": "rate", "rating": "4"}).status_code == 302
    assert matter_of(code).rating == 4
