"""A resident of seventy with a telephone: says what is wrong, sees whose it will be, sends it once, and follows it."""

import re
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from anlan.city.areas.geometry import PointLocator
from anlan.city.people.access import scope_of, scoped, system
from anlan.city.people.models import Account
from anlan.loop import clock, engine, parties
from anlan.loop.doors import tracking_index
from anlan.loop.models import Attachment, Matter, Party
from anlan.loop.queries import by_code, public_view
from anlan.services.dispatch.actions import assign, direct
from tests.cast import CUIYUAN, DISTRICT, GRID, WENXIN, Cast

pytestmark = pytest.mark.django_db

LANGUAGES = ("zh-hans", "en")
WORDS = "文新街道德加社区的路灯不亮，晚上很黑"
CODE = re.compile(r"/t/((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})")
LAST = {path: path.split(".")[-1] for path in (DISTRICT, WENXIN, CUIYUAN)}


def photo(name: str = "lamp.jpg") -> SimpleUploadedFile:
    picture = BytesIO()
    Image.new("RGB", (40, 30), "orange").save(picture, "JPEG")
    return SimpleUploadedFile(name, picture.getvalue(), "image/jpeg")


def begun(client: Client, **where: str) -> str:
    """Through the first two steps; returns the address of the third."""
    place = client.post("/report", {"text": WORDS})["Location"]
    answer = client.post(place, {"address": "文二西路 100 号", **where})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def sent(client: Client, **told: Any) -> str:
    """A whole report; returns its code."""
    answer = client.post(begun(client), told)
    assert answer.status_code == 302, answer.content.decode()
    found = CODE.match(answer["Location"])
    assert found
    return found[1]


def matter_of(code: str) -> Matter:
    return by_code(tracking_index(code))


def settled(code: str, cast: Cast) -> Matter:
    """The same matter after the office has done its part."""
    matter = direct(matter_of(code).id)
    if matter.state == "routed":
        matter = assign(matter.id, cast.unit(cast.li), by=cast.chen)  # type: ignore[arg-type]
    for step, told in (("accept", {}), ("arrive", {}), ("resolve", {"outcome": "solved", "text": "灯泡已换"})):
        matter = engine.advance(matter.id, step, by=cast.li, told=told)
    return matter


def matters() -> int:
    with scoped(scope_of(system())):
        return Matter.objects.count()


# The first page


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "反映问题"), ("en", "Report something")])
def test_the_first_page_has_three_ways(client: Client, language: str, words: str, settings: Any) -> None:
    settings.ANLAN_HOTLINE = "12300"
    page = client.get("/", headers={"accept-language": language}).content.decode()
    assert words in page
    assert all(f'href="{way}"' in page for way in ("/report", "/track", "tel:12300"))


# Reporting


def test_the_third_step_says_whose_it_will_be_by_when_and_what_kind_of_promise_that_is(client: Client) -> None:
    page = client.get(begun(client, district=LAST[DISTRICT], town=LAST[WENXIN]), headers={"accept-language": "en"})
    shown = page.content.decode()
    assert "文新街道综合信息指挥室" in shown
    assert "service target, not a legal right" in shown
    assert "Source: " in shown
    assert matters() == 0


def test_a_report_becomes_one_matter_with_words_place_and_contact(client: Client) -> None:
    matter = matter_of(sent(client, phone="13800000001", name="王阿姨"))
    assert (matter.description, matter.address, matter.channel) == (WORDS, "文二西路 100 号", "web")
    with scoped(scope_of(system())):
        (party,) = Party.objects.filter(matter_id=matter.id)
    assert (party.name, party.phone) == ("王阿姨", "13800000001")


def test_whoever_is_signed_in_finds_the_report_among_their_own(client: Client, cast: Cast) -> None:
    client.force_login(Account.objects.get(username="wang"))
    assert matter_of(sent(client)).reporter_id == cast.wang.account_id


def test_a_chosen_area_decides_whose_it_is(client: Client) -> None:
    code = CODE.match(client.post(begun(client, district=LAST[DISTRICT], town=LAST[CUIYUAN]), {})["Location"])
    assert code
    assert matter_of(code[1]).area == CUIYUAN


@pytest.mark.parametrize(("town", "area"), [(WENXIN, GRID), (CUIYUAN, CUIYUAN)])
def test_a_position_narrows_the_chosen_area_and_never_moves_it(
    client: Client, monkeypatch: pytest.MonkeyPatch, town: str, area: str
) -> None:
    monkeypatch.setattr(PointLocator, "locate", lambda *_: GRID.split(".")[-1])
    send = begun(client, district=LAST[DISTRICT], town=LAST[town], lon="120.1", lat="30.29")
    code = CODE.match(client.post(send, {})["Location"])
    assert code
    assert matter_of(code[1]).area == area


def test_a_double_click_makes_one_matter_and_keeps_its_photo_once(client: Client) -> None:
    send = begun(client)
    session = dict(client.session.items())
    first = client.post(send, {"files": [photo()]})
    # The second click was sent before the first was answered: it knows nothing of it.
    kept = client.session
    kept.update(session)
    kept.save()
    second = client.post(send, {"files": [photo()]})
    assert first["Location"] == second["Location"]
    assert matters() == 1
    with scoped(scope_of(system())):
        assert Attachment.objects.count() == 1


@pytest.mark.parametrize("step", ["what", "where", "send"])
def test_every_step_of_a_sent_report_leads_to_its_receipt(client: Client, step: str) -> None:
    send = begun(client)
    receipt = client.post(send, {})["Location"]
    address = send.replace("/send", f"/{step}")
    assert client.get(address)["Location"] == client.post(address, {"text": "another"})["Location"] == receipt
    assert matters() == 1


def test_photos_come_with_the_report(client: Client) -> None:
    code = sent(client, files=[photo("a.jpg"), photo("b.jpg")])
    files = public_view(tracking_index(code)).files
    assert [each.name for each in files] == ["a.jpg", "b.jpg"]
    page = client.get(f"/t/{code}").content.decode()
    assert f'src="/t/{code}/files/{files[0].id}"' in page
    assert client.get(f"/t/{code}/files/{files[0].id}")["Content-Type"] == "image/jpeg"


def test_a_photo_that_is_none_is_named_and_nothing_is_sent(client: Client) -> None:
    wrong = SimpleUploadedFile("lamp.jpg", b"<svg onload=alert(1)>", "image/jpeg")
    answer = client.post(begun(client), {"files": [wrong], "name": "王阿姨"})
    assert answer.status_code == 422
    assert re.search(r'id="files-error">[^<]+<', answer.content.decode())
    assert 'value="王阿姨"' in answer.content.decode()
    assert matters() == 0


@pytest.mark.parametrize(
    ("step", "told", "field"),
    [
        ("what", {"text": "   "}, "text"),
        ("what", {"text": "a\x00b"}, "text"),
        ("where", {"address": "x" * 201}, "address"),
        ("where", {"district": "9999"}, "district"),
        ("where", {"district": "<script>"}, "district"),
        ("send", {"phone": "call me"}, "phone"),
        ("send", {"name": "x" * 201}, "name"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_wrong_is_said_beside_its_field(
    client: Client, step: str, told: dict[str, str], field: str, language: str
) -> None:
    address = begun(client).replace("/send", f"/{step}")
    answer = client.post(address, told, headers={"accept-language": language})
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">[^<]+<', answer.content.decode())


def test_what_was_typed_stays_where_something_else_is_wrong(client: Client) -> None:
    answer = client.post(begun(client), {"phone": "call me", "name": "<b>王</b>"})
    assert 'value="call me"' in answer.content.decode()
    assert "&lt;b&gt;王&lt;/b&gt;" in answer.content.decode()


@pytest.mark.parametrize("told", [{"lon": "2.35", "lat": "48.85"}, {"lon": "120.1"}, {"lon": "east", "lat": "north"}])
def test_a_position_that_is_none_of_this_city_is_refused(client: Client, told: dict[str, str]) -> None:
    answer = client.post(begun(client).replace("/send", "/where"), told)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


def test_the_lists_follow_one_another_without_javascript(client: Client) -> None:
    where = begun(client).replace("/send", "/where")
    assert 'name="town"' not in client.get(where).content.decode()
    answer = client.post(where, {"district": LAST[DISTRICT], "address": "某处", "go": "area"})
    assert answer["Location"] == f"{where}#area"
    page = client.get(where).content.decode()
    assert "翠苑街道" in page
    assert 'value="某处"' in page
    # Another district was chosen since: its streets are not the old one's.
    client.post(where, {"district": "", "town": LAST[WENXIN], "go": "area"})
    assert 'name="town"' not in client.get(where).content.decode()


def test_words_and_place_can_be_changed_before_sending(client: Client) -> None:
    send = begun(client)
    client.post(send.replace("/send", "/what"), {"text": "井盖松动"})
    page = client.get(send).content.decode()
    assert "井盖松动" in page
    assert "文二西路 100 号" in page


def test_a_draft_is_sealed_and_opens_in_its_own_session_only(client: Client) -> None:
    send = begun(client)
    assert "路灯" not in str(dict(client.session.items()))
    assert Client().get(send)["Location"] == "/report"
    assert client.get(f"/report/{uuid4()}/send")["Location"] == "/report"


def test_a_forged_form_is_refused(settings: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/report", {"text": WORDS}, headers={"accept-language": "en"})
    assert answer.status_code == 403
    assert "The page is too old" in answer.content.decode()


# The receipt


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_receipt_shows_number_code_and_picture(client: Client, language: str) -> None:
    code = sent(client)
    page = client.get(f"/t/{code}/receipt", headers={"accept-language": language}).content.decode()
    assert code in page
    assert matter_of(code).reference in page
    assert client.get(f"/t/{code}/qr.svg")["Content-Type"] == "image/svg+xml"


# Tracking


@pytest.mark.parametrize("tail", ["", "/receipt", "/qr.svg", "/files/00000000-0000-4000-8000-000000000000"])
def test_every_wrong_code_gets_the_same_answer(client: Client, tail: str) -> None:
    answers = [client.get(f"/t/{code}{tail}") for code in ("0000-0000-0000-0000", "x", "%F0%9F%98%80", "A" * 300)]
    assert {answer.status_code for answer in answers} == {404}
    bare = {re.sub(r'name="(csrfmiddlewaretoken|next)" value="[^"]*"', "", each.content.decode()) for each in answers}
    assert len(bare) == 1


def test_a_typed_code_opens_its_page_and_a_wrong_one_stays_in_the_form(client: Client) -> None:
    code = sent(client)
    typed = code.replace("-", "").lower()
    assert client.post("/track", {"code": typed})["Location"] == f"/t/{code}"
    answer = client.post("/track", {"code": "0000-1111"})
    assert answer.status_code == 404
    assert 'value="0000-1111"' in answer.content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_story_shows_state_times_and_their_source(client: Client, cast: Cast, language: str) -> None:
    code = sent(client)
    direct(matter_of(code).id)
    view = client.get(f"/t/{code}", headers={"accept-language": language})
    page = view.content.decode()
    assert matter_of(code).reference in page
    assert "data-clock" in page
    assert {"zh-hans": "公开报道", "en": "Published account"}[language] in page
    assert view["Cache-Control"].startswith("max-age=0")
    assert view["X-Robots-Tag"] == "noindex"


def test_a_word_is_added_and_read_again(client: Client) -> None:
    code = sent(client)
    answer = client.post(f"/t/{code}", {"act": "note", "text": "还有一盏也不亮 <b>"})
    assert answer["Location"] == f"/t/{code}?done=note"
    assert "还有一盏也不亮 &lt;b&gt;" in client.get(answer["Location"]).content.decode()


def test_an_empty_word_is_refused_beside_its_field(client: Client) -> None:
    answer = client.post(f"/t/{sent(client)}", {"act": "note", "text": " "})
    assert answer.status_code == 422
    assert re.search(r'id="text-error">[^<]+<', answer.content.decode())


def test_a_photo_is_added_with_a_word(client: Client) -> None:
    code = sent(client)
    client.post(f"/t/{code}", {"act": "note", "text": "在这里", "files": [photo("here.jpg")]})
    assert "here.jpg" in client.get(f"/t/{code}").content.decode()


@pytest.mark.parametrize("level", [1, 5])
def test_one_tap_rates_what_was_settled(client: Client, cast: Cast, level: int) -> None:
    code = sent(client)
    assert 'name="rating"' not in client.get(f"/t/{code}").content.decode()
    settled(code, cast)
    assert client.get(f"/t/{code}").content.decode().count('name="rating"') == 5
    assert client.post(f"/t/{code}", {"act": "rate", "rating": str(level)}).status_code == 302
    assert (matter_of(code).rating, matter_of(code).state) == (level, "closed")


def test_a_second_rating_changes_nothing_and_says_so(client: Client, cast: Cast) -> None:
    code = sent(client)
    settled(code, cast)
    client.post(f"/t/{code}", {"act": "rate", "rating": "5"})
    answer = client.post(f"/t/{code}", {"act": "rate", "rating": "1"}, headers={"accept-language": "en"})
    assert answer.status_code == 409
    assert "can&#x27;t be done any more" in answer.content.decode()
    assert matter_of(code).rating == 5


def test_what_is_not_in_order_is_taken_up_again(client: Client, cast: Cast) -> None:
    code = sent(client)
    assert 'value="reopen"' not in client.get(f"/t/{code}").content.decode()
    settled(code, cast)
    assert 'value="reopen"' in client.get(f"/t/{code}").content.decode()
    assert client.post(f"/t/{code}", {"act": "reopen", "reason": ""}).status_code == 422
    assert client.post(f"/t/{code}", {"act": "reopen", "reason": "又不亮了"}).status_code == 302
    assert matter_of(code).state == "routed"


@pytest.mark.parametrize("act", ["accept", "resolve", "assign", "", "<script>"])
def test_a_step_that_is_the_offices_cannot_be_taken_with_a_code(client: Client, act: str) -> None:
    code = sent(client)
    answer = client.post(f"/t/{code}", {"act": act, "text": "x"})
    assert answer.status_code == 409
    assert "<script>" not in answer.content.decode()


def test_the_reporter_sees_who_opened_their_data_and_no_page_shows_the_data(client: Client, cast: Cast) -> None:
    code = sent(client, phone="13812345678", name="王阿姨")
    matter = direct(matter_of(code).id)
    with scoped(scope_of(system())):
        party = Party.objects.get(matter_id=matter.id)
    assert "Nobody so far" in client.get(f"/t/{code}", headers={"accept-language": "en"}).content.decode()
    parties.reveal(matter.id, party.id, by=cast.chen, purpose="回电核实位置")
    for tail in ("", "/receipt"):
        page = client.get(f"/t/{code}{tail}").content.decode()
        assert "13812345678" not in page
        assert "王阿姨" not in page
    assert "回电核实位置" in client.get(f"/t/{code}").content.decode()


@pytest.mark.parametrize("username", ["chen", "zhou", "sun", "li", "qian", "wang"])
def test_a_code_opens_the_residents_view_whoever_is_signed_in(client: Client, cast: Cast, username: str) -> None:
    code = sent(client, phone="13812345678", name="王阿姨")
    matter = direct(matter_of(code).id)
    engine.note(matter.id, "内部：先问物业", by=cast.chen)
    client.force_login(Account.objects.get(username=username))
    page = client.get(f"/t/{code}").content.decode()
    assert matter.reference in page
    assert "内部" not in page
    assert "13812345678" not in page
    # What their posting allows is done on their own pages, under their own name.
    assert client.post(f"/t/{code}", {"act": "assign", "unit_id": cast.unit(cast.li)}).status_code == 409


def test_what_offices_tell_each_other_is_not_on_the_page(client: Client, cast: Cast) -> None:
    code = sent(client)
    matter = direct(matter_of(code).id)
    engine.note(matter.id, "内部：此人常投诉", by=cast.chen)
    assert "内部" not in client.get(f"/t/{code}").content.decode()


def test_a_file_of_another_matter_is_not_opened(client: Client) -> None:
    mine, other = sent(client), sent(client, files=[photo()])
    (file,) = public_view(tracking_index(other)).files
    assert client.get(f"/t/{mine}/files/{file.id}").status_code == 404


def test_a_late_promise_is_told_plainly(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    code = sent(client)
    late = clock.now() + (clock.now() - clock.now().replace(year=clock.now().year - 1))
    monkeypatch.setattr(clock, "now", lambda: late)
    page = client.get(f"/t/{code}", headers={"accept-language": "en"}).content.decode()
    assert "A time was not kept" in page
    assert "not kept: overdue" in page
