"""Personal data: masked wherever they are shown, opened only with a purpose, and never unseen by whom they concern."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from anlan.city.people.access import Actor, bearer, system
from anlan.city.people.models import Account
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import engine, parties, queries, verbs
from anlan.loop.doors import token_for
from anlan.loop.engine import Opened
from anlan.loop.models import Event, Look, Party
from anlan.loop.refusals import BadInput, NotAllowed, Refused, Unknown
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CUIYUAN, Cast, lamp
from tests.loop.stories import assigned, everything, kinds, morning, now_of

NAME, PHONE, ADDRESS = "欧阳秀英", "13712345678", "德加社区3幢2单元501室"
SEALED = (NAME, PHONE, ADDRESS)


def grandma() -> Party:
    return Party(part="reporter", name=NAME, phone=PHONE, phone_index=blind_index("phone", PHONE), address=ADDRESS)


def neighbour() -> Party:
    return Party(part="affected", name="李国强", phone="13900002222")


@pytest.fixture
def opened(cast: Cast) -> Opened:
    return engine.open_matter(Dispatching, lamp(parties=[grandma()]), by=cast.wang)  # type: ignore[arg-type]


def party_of(matter_id: UUID, part: str = "reporter") -> UUID:
    with everything():
        return Party.objects.get(matter_id=matter_id, part=part).id


def look(opened: Opened, by: Actor, purpose: str = "回访") -> Any:
    return parties.reveal(opened.matter.id, party_of(opened.matter.id), by=by, purpose=purpose)


def headers(who: str, opened: Opened) -> dict[str, str]:
    if who == "code":
        return {"X-Tracking-Code": opened.code}
    return {"Authorization": f"Bearer {token_for(Account.objects.get(username=who))}"} if who else {}


# What is shown.


def test_a_person_is_masked() -> None:
    shown = parties.masked(grandma())
    assert (shown.name, shown.phone, shown.address) == ("欧阳**", "137****5678", "德加社区****")
    unnamed = parties.masked(Party(part="other"))
    assert (unnamed.name, unnamed.phone, unnamed.address) == ("", "", "")


def reading_addresses() -> Iterator[str]:
    """Every address of the API that is read, by its own description, and those outside it."""
    for path, operations in Client().get("/api/openapi.json").json()["paths"].items():
        if "get" in operations:
            yield path
    yield "/open311/v2/requests.json"
    yield "/open311/v2/requests.xml"


@pytest.mark.parametrize("who", ["", "chen", "wu", "sun", "li", "he", "zhou", "wang", "code"])
def test_no_answer_of_the_api_holds_a_sealed_value_without_a_look(opened: Opened, cast: Cast, who: str) -> None:
    matter = opened.matter
    engine.advance(matter.id, "route", by=cast.chen)
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    look(opened, cast.chen)
    known = {"matter_id": str(matter.id), "code": opened.code, "attachment_id": str(uuid4())}
    answers = {
        path: Client()
        .get(re.sub(r"{(\w+)}", lambda name: known.get(name[1], str(uuid4())), path), headers=headers(who, opened))
        .content.decode()
        for path in reading_addresses()
    }
    assert len(answers) >= 10
    for path, answer in answers.items():
        for sealed in SEALED:
            assert sealed not in answer, path
            assert json.dumps(sealed).strip('"') not in answer, path
        assert who == "code" or opened.code not in answer, path


@pytest.mark.parametrize("who", ["chen", "li", "wang", "code"])
def test_no_step_answers_with_a_sealed_value(opened: Opened, cast: Cast, who: str) -> None:
    path = f"/api/v1/matters/{opened.matter.id}"
    for step, body in (("/notes", {"text": "好"}), ("/transitions/route", {}), ("/parties/x/look", {"purpose": "x"})):
        answer = Client().post(
            path + step, json.dumps(body), content_type="application/json", headers=headers(who, opened)
        )
        assert not any(sealed in answer.content.decode() for sealed in SEALED)


def test_staff_see_everybody_masked_and_the_reporter_only_themselves(cast: Cast) -> None:
    opened = engine.open_matter(Dispatching, lamp(parties=[grandma(), neighbour()]), by=cast.wang)  # type: ignore[arg-type]
    id = opened.matter.id
    assert {person.name for person in queries.people(cast.chen, id)} == {"欧阳**", "李**"}
    for reporter in (cast.wang, bearer(blind_index("code", opened.code))):
        assert [person.name for person in queries.people(reporter, id)] == ["欧阳**"]


def test_the_people_of_another_towns_matter_are_not_there(opened: Opened, cast: Cast) -> None:
    with pytest.raises(Unknown):
        queries.people(cast.zhou, opened.matter.id)


# Who may look.


def test_a_look_opens_the_data_and_is_written_down_with_its_purpose(opened: Opened, cast: Cast) -> None:
    shown = look(opened, cast.chen, "  回访满意度 ")
    assert (shown.name, shown.phone, shown.address) == SEALED
    with everything():
        written = Look.objects.get()
        event = Event.objects.get(kind="looked")
    assert (written.id, written.account_id) == (shown.look, cast.chen.account_id)
    assert (written.role, written.purpose, written.at) == ("DISPATCHER", "回访满意度", event.at)
    assert now_of(opened.matter.id).version == 2


def test_the_history_names_the_look_and_nothing_personal(opened: Opened, cast: Cast) -> None:
    shown = look(opened, cast.chen, f"打给{NAME}")
    with everything():
        event = Event.objects.get(kind="looked")
    assert event.data == {
        "party": str(shown.id),
        "look": str(shown.look),
        "office": "文新街道综合信息指挥室",
    }


def test_each_who_works_on_it_may_look_in_their_own_role(cast: Cast) -> None:
    matter = assigned(cast, parties=[grandma()])
    for actor in (cast.chen, cast.wu, cast.sun, cast.li):
        parties.reveal(matter.id, party_of(matter.id), by=actor, purpose="联系")
    with everything():
        roles = list(Look.objects.order_by("at", "id").values_list("role", flat=True))
        offices = [event.data["office"] for event in Event.objects.filter(kind="looked").order_by("seq")]
    assert roles == ["DISPATCHER", "SUPERVISOR", "SUPERVISOR", "RESPONDER"]
    assert offices == ["文新街道综合信息指挥室", "西湖区文新街道", "西湖区社会治理中心", "文新街道综合信息指挥室"]


def test_a_town_that_helps_may_look_and_says_so(opened: Opened, cast: Cast) -> None:
    verbs.share(opened.matter.id, with_area=CUIYUAN, by=cast.chen, reason="交界处")
    look(opened, cast.zhou)
    assert [seen.office for seen in told_to_the_reporter(opened)] == ["翠苑街道综合信息指挥室"]


@pytest.mark.parametrize("who", ["zhou", "qian"])
def test_for_another_town_there_is_no_such_matter(opened: Opened, cast: Cast, who: str) -> None:
    with pytest.raises(Unknown):
        look(opened, getattr(cast, who))
    assert_nobody_looked(opened)


def test_a_unit_that_does_not_have_it_may_not_look(opened: Opened, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        look(opened, cast.he)
    assert_nobody_looked(opened)


def test_a_reporter_and_the_program_open_nobody(opened: Opened, cast: Cast) -> None:
    for actor in (cast.wang, bearer(blind_index("code", opened.code)), system()):
        with pytest.raises(NotAllowed):
            look(opened, actor)
    assert_nobody_looked(opened)


@pytest.mark.parametrize("purpose", ["", "   ", "x" * 201, "a\x00b", "\ud800"])
def test_a_purpose_must_say_something(opened: Opened, cast: Cast, purpose: str) -> None:
    with pytest.raises(BadInput) as refused:
        look(opened, cast.chen, purpose)
    assert refused.value.field == "purpose"
    assert_nobody_looked(opened)


def test_a_purpose_tells_the_reporter_nobody_elses_number(opened: Opened, cast: Cast) -> None:
    look(opened, cast.chen, "核对邻居13900002222")
    assert [seen.purpose for seen in told_to_the_reporter(opened)] == ["核对邻居139****2222"]


def test_a_person_of_another_matter_is_not_opened_here(opened: Opened, cast: Cast) -> None:
    other = engine.open_matter(Dispatching, lamp(parties=[neighbour()]), by=cast.wang)  # type: ignore[arg-type]
    for wrong in (party_of(other.matter.id, "affected"), uuid4()):
        with pytest.raises(Unknown):
            parties.reveal(opened.matter.id, wrong, by=cast.chen, purpose="回访")
    assert_nobody_looked(opened)


def test_what_was_not_written_down_was_not_shown(opened: Opened, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("anlan.loop.store.update", fails)
    with pytest.raises(ZeroDivisionError):
        look(opened, cast.chen)
    assert_nobody_looked(opened)


def assert_nobody_looked(opened: Opened) -> None:
    with everything():
        assert not Look.objects.exists()
    assert "looked" not in kinds(opened.matter.id)


# Who is told.


def told_to_the_reporter(opened: Opened) -> list[Any]:
    return queries.public_view(blind_index("code", opened.code)).looks


def test_the_reporter_sees_who_looked_when_and_why_but_not_their_name(cast: Cast) -> None:
    with morning() as clock:
        opened = engine.open_matter(Dispatching, lamp(parties=[grandma()]), by=cast.wang)  # type: ignore[arg-type]
        look(opened, cast.chen, "回访")
        story = Client().get(f"/api/v1/reports/{opened.code}", headers={"Accept-Language": "zh-CN"}).json()
        at = clock.now().isoformat().replace("+00:00", "Z")
    assert story["looks"] == [
        {
            "at": at,
            "role": "DISPATCHER",
            "role_label": "指挥员",
            "office": "文新街道综合信息指挥室",
            "purpose": "回访",
        }
    ]
    assert "chen" not in json.dumps(story)
    assert str(cast.chen.account_id) not in json.dumps(story)


def test_a_reporter_with_an_account_sees_the_looks_too(opened: Opened, cast: Cast) -> None:
    look(opened, cast.chen)
    (myself,) = queries.people(cast.wang, opened.matter.id)
    assert [seen.purpose for seen in myself.looks] == ["回访"]


def test_a_look_at_somebody_else_is_not_the_reporters_to_see(cast: Cast) -> None:
    opened = engine.open_matter(Dispatching, lamp(parties=[grandma(), neighbour()]), by=cast.wang)  # type: ignore[arg-type]
    id = opened.matter.id
    parties.reveal(id, party_of(id, "affected"), by=cast.chen, purpose="通知")
    assert told_to_the_reporter(opened) == []
    assert [person.looks != [] for person in queries.people(cast.chen, id) if person.part == "affected"] == [True]


def test_a_look_stays_in_sight_after_a_hand_over(opened: Opened, cast: Cast) -> None:
    look(opened, cast.chen)
    verbs.hand_over(opened.matter.id, to_area=CUIYUAN, by=cast.chen, reason="在翠苑")
    assert [seen.office for seen in told_to_the_reporter(opened)] == ["文新街道综合信息指挥室"]
    with suppress(Refused):
        look(opened, cast.chen)
    assert len(told_to_the_reporter(opened)) == 1, "whose it was can no longer look"
    look(opened, cast.zhou)
    assert len(told_to_the_reporter(opened)) == 2


# Over HTTP.


def posted(opened: Opened, who: str, body: Any, party: UUID | None = None, **more: str) -> Any:
    id = opened.matter.id
    return Client().post(
        f"/api/v1/matters/{id}/parties/{party or party_of(id)}/look",
        json.dumps(body),
        content_type="application/json",
        headers={**headers(who, opened), **more},
    )


def test_a_look_over_http(opened: Opened) -> None:
    answer = posted(opened, "chen", {"purpose": "回访"})
    assert answer.status_code == 200
    assert answer.json()["phone"] == PHONE
    masked = Client().get(f"/api/v1/matters/{opened.matter.id}/parties", headers=headers("chen", opened)).json()
    assert [(person["phone"], len(person["looks"])) for person in masked] == [("137****5678", 1)]


@pytest.mark.parametrize(
    ("who", "status"), [("", 401), ("wang", 403), ("code", 403), ("he", 403), ("zhou", 404), ("qian", 404)]
)
def test_who_may_not_look_is_refused(opened: Opened, who: str, status: int) -> None:
    assert posted(opened, who, {"purpose": "回访"}).status_code == status
    assert_nobody_looked(opened)


@pytest.mark.parametrize("body", [{}, {"purpose": ""}, {"purpose": "  "}, {"purpose": 5}, {"purpose": "x" * 300}])
@pytest.mark.parametrize(("language", "words"), [("zh-CN", "必须|至少|应为|最多"), ("en", "required|at least|must")])
def test_a_purpose_that_is_none_is_named_in_the_askers_language(
    opened: Opened, body: Any, language: str, words: str
) -> None:
    answer = posted(opened, "chen", body, **{"Accept-Language": language})
    error = answer.json()["error"]
    assert (answer.status_code, error["field"]) == (422, "purpose")
    assert any(word in error["details"][0]["message"] for word in words.split("|"))
    assert_nobody_looked(opened)
