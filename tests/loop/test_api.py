"""The loop over HTTP: the same rules as the engine's, in the asker's scope and language."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from anlan.city.people.access import Actor, scope_of, scoped
from anlan.city.people.models import Account
from anlan.loop import clock, doors, engine, queries, verbs
from anlan.loop.models import Event, Matter
from anlan.loop.queries import Wanted
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import COMMUNITY, CUIYUAN, DISTRICT, GRID, WENXIN, Cast, lamp

PASSWORD = "灯火 可亲 0571"


class Asker:
    """A client that is signed in by token."""

    def __init__(self, username: str) -> None:
        account = Account.objects.get(username=username)
        account.set_password(PASSWORD)
        account.save()
        self.client = Client()
        answer = self.post("/api/v1/session", {"username": username, "password": PASSWORD})
        self.token = answer.json()["token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={**getattr(self, "headers", {}), **headers})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        sent = {**getattr(self, "headers", {}), **headers}
        return self.client.post(path, json.dumps(body or {}), content_type="application/json", headers=sent)

    def step(self, matter: Matter, name: str, body: Any = None, **headers: str) -> Any:
        return self.post(f"/api/v1/matters/{matter.id}/transitions/{name}", body, **headers)


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def chen(db: None) -> Asker:
    return Asker("chen")


def opened(cast: Cast, **changes: object) -> Matter:
    return engine.open_matter(Dispatching, lamp(**changes), by=cast.wang).matter  # type: ignore[arg-type]


def titles(actor: Actor, **wanted: Any) -> list[str]:
    return [row.title for row in queries.matters(actor, Wanted(**wanted)).items]


# Who asks.


def test_a_wrong_password_and_an_unknown_name_are_refused_alike(chen: Asker) -> None:
    wrong, unknown = (
        chen.post("/api/v1/session", {"username": name, "password": "guess"}) for name in ("chen", "nobody")
    )
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_a_token_ends_with_the_password_it_was_given_for(chen: Asker) -> None:
    assert chen.get("/api/v1/matters").status_code == 200
    account = Account.objects.get(username="chen")
    account.set_password("another")
    account.save()
    assert chen.get("/api/v1/matters").status_code == 401


def test_a_token_ends_with_its_account(chen: Asker) -> None:
    Account.objects.filter(username="chen").update(is_active=False)
    assert chen.get("/api/v1/matters").status_code == 401


def test_a_token_runs_out(chen: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "TOKEN_SECONDS", -1)
    refused = chen.get("/api/v1/matters")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Basic Y2hlbjp4", "Bearer é.é.é"])
def test_a_token_that_does_not_hold_is_never_taken_for_nobody(db: None, header: str) -> None:
    refused = Client().get("/api/v1/procedures", headers={"Authorization": header})
    assert refused.status_code == 200, "what is open to all asks for no token"
    refused = Client().get("/api/v1/matters", headers={"Authorization": header})
    assert refused.status_code == 401
    assert refused.json()["error"]["field"] == "Authorization"


def test_a_session_acts_only_with_the_pages_own_token(cast: Cast) -> None:
    matter = opened(cast)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(Account.objects.get(username="chen"))
    assert browser.get(f"/api/v1/matters/{matter.id}").status_code == 200
    forged = browser.post(f"/api/v1/matters/{matter.id}/transitions/route", content_type="application/json")
    assert forged.status_code == 403
    with scoped(scope_of(cast.chen)):
        assert Matter.objects.get(id=matter.id).state == "received"


def test_nobody_sees_matters_without_saying_who_they_are(db: None) -> None:
    assert Client().get("/api/v1/matters").status_code == 401


# What is seen.


def test_each_sees_the_matters_of_their_own_area(cast: Cast) -> None:
    opened(cast, title="文新")
    opened(cast, title="翠苑", area=CUIYUAN)
    assert titles(cast.chen) == ["文新"]
    assert titles(cast.zhou) == ["翠苑"]
    assert titles(cast.sun) == ["翠苑", "文新"]
    assert titles(cast.li) == ["文新"]
    assert titles(cast.qian) == []
    assert titles(cast.wang) == ["翠苑", "文新"], "a resident sees what they reported"


def test_what_is_shared_and_what_is_in_hand_are_asked_for_by_themselves(cast: Cast) -> None:
    shared = opened(cast, title="共管")
    verbs.share(shared.id, with_area=CUIYUAN, by=cast.chen, reason="跨街道")
    assert titles(cast.zhou) == []
    assert titles(cast.zhou, shared=True) == ["共管"]
    engine.advance(shared.id, "route", by=cast.chen)
    engine.advance(shared.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.qian)})
    assert titles(cast.qian, in_hand=True) == ["共管"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"state": "routed"}, ["乙"]),
        ({"klass": "police"}, ["乙"]),
        ({"category": "city.lighting"}, ["乙", "甲"]),
        ({"channel": "web"}, ["乙", "甲"]),
        ({"channel": "police"}, []),
        ({"area": WENXIN.rpartition(".")[2]}, ["乙", "甲"]),
        ({"area": GRID.rpartition(".")[2]}, ["甲"]),
        ({"open": True}, ["乙", "甲"]),
        ({"open": False}, []),
        ({"overdue": True}, []),
    ],
)
def test_a_list_can_be_narrowed(cast: Cast, wanted: dict[str, Any], found: list[str]) -> None:
    opened(cast, title="甲")
    second = opened(cast, title="乙", klass="police", area=COMMUNITY)
    engine.advance(second.id, "route", by=cast.chen)
    assert titles(cast.chen, **wanted) == found


def test_the_overdue_are_found_once_their_time_is_up(cast: Cast) -> None:
    start = clock.now()
    opened(cast)
    with clock.use(clock.ManualClock(start + timedelta(hours=25))):
        page = queries.matters(cast.chen, Wanted(overdue=True))
    assert [row.overdue for row in page.items] == [True]


def test_pages_follow_one_another_without_gap_or_repetition(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    moment = clock.ManualClock(clock.now())
    with clock.use(moment):  # all at the same moment: the identifier decides
        for number in range(5):
            opened(cast, title=str(number))
    seen, cursor = [], None
    while True:
        page = queries.matters(cast.chen, Wanted(cursor=cursor))
        seen += [row.title for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert sorted(seen) == ["0", "1", "2", "3", "4"]


def test_a_list_costs_no_more_statements_for_more_matters(cast: Cast, django_assert_num_queries: Any) -> None:
    for _ in range(5):
        opened(cast)
    desk = next(held.organisation_id for held in cast.chen.held)
    opened(cast, responsible_id=desk)
    # The transaction's beginning and end, matters, deadlines; the scope travels with the beginning.
    with django_assert_num_queries(4):
        assert len(titles(cast.chen)) == 6


def test_a_matter_of_another_town_is_not_there(chen: Asker, cast: Cast) -> None:
    matter = opened(cast, area=CUIYUAN)
    for path in ("", "/history", "/transitions"):
        assert chen.get(f"/api/v1/matters/{matter.id}{path}").status_code == 404


def test_a_matter_shows_its_clocks_and_the_steps_the_asker_may_take(chen: Asker, cast: Cast) -> None:
    matter = opened(cast)
    shown = chen.get(f"/api/v1/matters/{matter.id}").json()
    (settle,) = shown["deadlines"]
    assert settle["kind"] == "service_target"
    assert 0 < settle["remaining_seconds"] <= 86_400
    assert [step["name"] for step in shown["steps"]] == ["route", "answer", "call_police"]


def test_the_steps_say_what_they_ask(chen: Asker, cast: Cast) -> None:
    matter = opened(cast)
    steps = {step["name"]: step for step in chen.get(f"/api/v1/matters/{matter.id}/transitions").json()}
    assert steps["route"]["asks"] == {}
    assert set(steps["answer"]["asks"]["required"]) == {"outcome", "text"}


def test_the_history_is_for_those_who_act_and_not_for_the_reporter(chen: Asker, cast: Cast) -> None:
    matter = opened(cast)
    engine.note(matter.id, "内部", by=cast.chen)
    lines = chen.get(f"/api/v1/matters/{matter.id}/history").json()
    assert [(line["seq"], line["kind"]) for line in lines] == [(1, "opened"), (2, "noted")]
    assert Asker("wang").get(f"/api/v1/matters/{matter.id}/history").status_code == 404


def test_labels_follow_the_readers_language(chen: Asker, cast: Cast) -> None:
    path = f"/api/v1/matters/{opened(cast).id}"
    assert chen.get(path).json()["state_label"] == "已受理"
    assert chen.get(path, **{"Accept-Language": "en"}).json()["state_label"] == "Received"
    assert chen.get(path, **{"Accept-Language": "fr"}).json()["state_label"] == "已受理"


# What is done.


def test_a_step_moves_the_matter_and_tells_its_new_version(chen: Asker, cast: Cast) -> None:
    moved = chen.step(opened(cast), "route", **{"If-Match": '"1"'})
    assert (moved.status_code, moved.json()["state"], moved.json()["version"]) == (200, "routed", 2)


def test_a_step_on_what_has_moved_on_is_refused(chen: Asker, cast: Cast) -> None:
    matter = opened(cast)
    chen.step(matter, "route")
    stale = chen.step(matter, "answer", {"outcome": "solved", "text": "好了"}, **{"If-Match": "1"})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "stale")


SAID = {"reason": "核实"}
VERBS: dict[str, dict[str, Any]] = {
    "notes": {"text": "已联系"},
    "hand-over": {"to_area": CUIYUAN.rpartition(".")[2], **SAID},
    "share": {"with_area": CUIYUAN.rpartition(".")[2], **SAID},
    "suspend": {"approver": "吴主任", **SAID},
    "resume": SAID,
    "extend": {"deadline": "settle", "approver": "吴主任", **SAID},
    "escalate": SAID,
    "merge": SAID,
    "unmerge": SAID,
    "reclassify": {"severity": 2, **SAID},
    "place": {"in_area": CUIYUAN.rpartition(".")[2], **SAID},
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_on_what_has_moved_on_is_refused_and_changes_nothing(cast: Cast, verb: str) -> None:
    matter, other = opened(cast), opened(cast)
    if verb == "unmerge":
        verbs.merge(matter.id, into=other.id, by=cast.chen, reason="同一盏灯")
    engine.note(matter.id, "先说一句", by=cast.wang)
    asker = Asker("wu")
    told = VERBS[verb] | ({"into": str(other.id)} if verb == "merge" else {})
    stale = asker.post(f"/api/v1/matters/{matter.id}/{verb}", told, **{"If-Match": "1"})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "stale")
    with scoped(scope_of(cast.chen)):
        assert Event.objects.filter(matter=matter).last().kind == "noted"  # type: ignore[union-attr]


def test_a_merge_is_guarded_by_the_version_of_the_other_matter_too(chen: Asker, cast: Cast) -> None:
    matter, other = opened(cast), opened(cast)
    engine.note(other.id, "先说一句", by=cast.wang)
    told = {"into": str(other.id), "into_version": 1, **SAID}
    stale = chen.post(f"/api/v1/matters/{matter.id}/merge", told)
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "stale")


@pytest.mark.parametrize("version", ["*", '"one"', "-1", "9" * 40])
def test_a_version_that_is_none_is_named(chen: Asker, cast: Cast, version: str) -> None:
    refused = chen.step(opened(cast), "route", **{"If-Match": version})
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "If-Match")


def test_every_wrong_field_of_a_step_is_named(chen: Asker, cast: Cast) -> None:
    refused = chen.step(opened(cast), "answer", {"outcome": "vanished", "mood": 1})
    assert refused.status_code == 422
    named = {fault["field"]: fault["message"] for fault in refused.json()["error"]["details"]}
    assert named == {
        "outcome": "应为其中之一：solved、explained、unsolved",
        "text": "必须填写",
        "mood": "没有这个字段",
    }


def test_a_unit_that_does_not_exist_is_named(chen: Asker, cast: Cast) -> None:
    matter = opened(cast)
    chen.step(matter, "route")
    refused = chen.step(matter, "assign", {"unit_id": "01990000-0000-7000-8000-000000000000"})
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "unit_id")


def test_an_unknown_step_is_refused(chen: Asker, cast: Cast) -> None:
    assert chen.step(opened(cast), "vanish").status_code == 404


def test_who_does_not_hold_the_role_is_told(cast: Cast) -> None:
    refused = Asker("li").step(opened(cast), "route")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_allowed")


@pytest.mark.parametrize(
    ("verb", "body", "kind"),
    [
        ("notes", {"text": "已联系物业"}, "noted"),
        ("hand-over", {"to_area": CUIYUAN.rpartition(".")[2], "reason": "不在本街道"}, "handed_over"),
        ("share", {"with_area": CUIYUAN.rpartition(".")[2], "reason": "跨街道"}, "shared"),
        ("place", {"in_area": CUIYUAN.rpartition(".")[2], "reason": "在翠苑"}, "placed"),
        ("escalate", {"reason": "需要区里协调"}, "escalated"),
        ("reclassify", {"klass": "urgent", "severity": 3, "reason": "有人受伤"}, "reclassified"),
    ],
)
def test_a_dispatchers_verbs_leave_their_line(
    chen: Asker, cast: Cast, verb: str, body: dict[str, Any], kind: str
) -> None:
    matter = opened(cast)
    assert chen.post(f"/api/v1/matters/{matter.id}/{verb}", body).status_code == 200
    with scoped(scope_of(cast.sun)):
        assert Event.objects.filter(matter=matter).latest("seq").kind == kind


def test_suspending_and_resuming_is_the_supervisors(chen: Asker, cast: Cast) -> None:
    matter, wu = opened(cast), Asker("wu")
    told = {"reason": "等待鉴定", "approver": "吴主任"}
    assert chen.post(f"/api/v1/matters/{matter.id}/suspend", told).status_code == 403
    assert wu.post(f"/api/v1/matters/{matter.id}/suspend", told).status_code == 200
    assert chen.get(f"/api/v1/matters/{matter.id}").json()["suspended"] is True
    assert wu.post(f"/api/v1/matters/{matter.id}/resume", {"reason": "鉴定完成"}).status_code == 200


def test_a_service_target_is_not_extended(cast: Cast) -> None:
    told = {"deadline": "settle", "reason": "忙", "approver": "吴主任"}
    refused = Asker("wu").post(f"/api/v1/matters/{opened(cast).id}/extend", told)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_possible")


def test_a_merge_is_made_and_taken_back(chen: Asker, cast: Cast) -> None:
    duplicate, main = opened(cast), opened(cast)
    path = f"/api/v1/matters/{duplicate.id}"
    assert chen.post(f"{path}/merge", {"into": str(main.id), "reason": "同一盏灯"}).status_code == 200
    assert chen.get(path).json()["merged_into"] == str(main.id)
    assert chen.post(f"{path}/unmerge", {"reason": "两盏灯"}).status_code == 200
    assert chen.get(path).json()["merged_into"] is None


def test_a_reclassification_changes_something_the_city_knows(chen: Asker, cast: Cast) -> None:
    path = f"/api/v1/matters/{opened(cast).id}/reclassify"
    assert chen.post(path, {"reason": "?"}).json()["error"]["field"] == "klass"
    assert chen.post(path, {"reason": "?", "category": "city.dragons"}).json()["error"]["field"] == "category"


def test_procedures_are_shown_as_declared(db: None) -> None:
    (dispatching,) = [p for p in Client().get("/api/v1/procedures").json() if p["slug"] == "dispatching"]
    assert [state["name"] for state in dispatching["states"]] == list(Dispatching.states)
    arrive = next(each for each in dispatching["deadlines"] if each["name"] == "arrive_in_time")
    assert (arrive["amount"], arrive["unit"], arrive["kind"]) == (8, "minute", "service_target")
    assert arrive["source"]


def test_an_area_lies_below_its_district(cast: Cast) -> None:
    opened(cast)
    assert titles(cast.sun, area=DISTRICT.rpartition(".")[2]) == ["路灯不亮"]
