"""The engine's verbs on the page of a matter: offered where possible, guarded, and refused beside the field."""

import re
from typing import Any

import pytest

from anlan.city.people.access import Actor
from anlan.loop import engine, queries, verbs
from anlan.loop.models import Event, Matter
from anlan.loop.refusals import BadInput, Refused, Stale
from tests.cast import CUIYUAN, WENXIN, Cast, lamp
from tests.loop import stories
from tests.loop.test_pages import browser, matter, morning, text

__all__ = ["matter", "morning"]

DESK = {"reclassify", "place", "hand_over", "share", "escalate", "merge"}


def offered(page: str) -> set[str]:
    forms = set(re.findall(r'action="/matters/[^"]+/verbs/(\w+)"', page))
    return forms | ({"merge"} if re.search(r'href="/matters/[^"]+/merge"', page) else set())


def said(matter: Matter, **told: object) -> dict[str, Any]:
    return {"version": str(stories.now_of(matter.id).version), **told}


@pytest.mark.parametrize(
    ("who", "names"), [("chen", DESK), ("wu", DESK | {"suspend"}), ("sun", DESK | {"suspend"}), ("li", {"escalate"})]
)
def test_each_reader_is_offered_what_their_role_may_do(cast: Cast, matter: Matter, who: str, names: set[str]) -> None:
    # In li's hand it is li's to see; and then it is not the desk's to give away.
    if who == "li":
        engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    page = text(browser(who).get(f"/matters/{matter.id}"))
    assert offered(page) == names


def test_page_and_api_offer_the_same(cast: Cast, matter: Matter) -> None:
    for who, actor in (("chen", cast.chen), ("wu", cast.wu)):
        shown = queries.matter(actor, matter.id)
        assert offered(text(browser(who).get(f"/matters/{matter.id}"))) == set(shown.verbs)


def test_what_is_not_offered_is_refused_and_what_is_offered_is_not(cast: Cast) -> None:
    told: dict[str, dict[str, Any]] = {
        "hand_over": {"to_area": CUIYUAN, "reason": "r"},
        "share": {"with_area": CUIYUAN, "reason": "r"},
        "suspend": {"reason": "r", "approver": "a"},
        "resume": {"reason": "r"},
        "escalate": {"reason": "r"},
        "reclassify": {"reason": "r", "severity": 3},
        "unmerge": {"reason": "r"},
    }

    def works(name: str, actor: Actor, found: Matter) -> bool:
        try:
            getattr(verbs, name)(found.id, by=actor, **told[name])
        except Refused:
            return False
        return True

    def suspended(cast: Cast) -> Matter:
        return verbs.suspend(stories.opened(cast).id, by=cast.wu, reason="r", approver="a")

    def merged(cast: Cast) -> Matter:
        return verbs.merge(stories.opened(cast).id, into=stories.opened(cast).id, by=cast.chen, reason="r")

    def closed(cast: Cast) -> Matter:
        found = stories.resolved(cast)
        return engine.advance(found.id, "rate", by=cast.wang, told={"rating": 5})

    for make in (stories.opened, stories.assigned, suspended, merged, closed):
        for actor in (cast.chen, cast.wu, cast.li):
            for name in told:
                found = make(cast)
                running = [each for each in stories.clocks(found.id).values() if each.ended_at is None]
                names = {verb.name for verb in verbs.possible(stories.now_of(found.id), actor, running)}
                assert (name in names) == works(name, actor, found), (make.__name__, name)


def test_a_desk_is_picked_by_its_name(cast: Cast, matter: Matter) -> None:
    page = text(browser("chen").get(f"/matters/{matter.id}"))
    assert '<option value="西湖区翠苑街道">' in page
    assert '<option value="西湖区文新街道">' not in page
    answer = browser("sun").post(
        f"/matters/{matter.id}/verbs/hand_over", said(matter, to_area="西湖区翠苑街道", reason="在翠苑")
    )
    assert answer["Location"] == f"/matters/{matter.id}"
    assert stories.now_of(matter.id).area == CUIYUAN


def test_whoever_gives_a_matter_away_is_led_to_the_list(cast: Cast, matter: Matter) -> None:
    client = browser("chen")
    answer = client.post(
        f"/matters/{matter.id}/verbs/hand_over", said(matter, to_area="西湖区翠苑街道", reason="在翠苑")
    )
    assert answer["Location"] == "/matters"
    assert "with another desk now" in text(client.get("/matters"))


def test_a_desk_that_is_not_on_the_list_is_refused_beside_the_field(cast: Cast, matter: Matter) -> None:
    answer = browser("chen").post(
        f"/matters/{matter.id}/verbs/share", said(matter, with_area="火星", reason="<b>一起</b>")
    )
    assert answer.status_code == 422
    assert 'id="verb-share-with_area-error">choose one from the list</p>' in text(answer)
    assert "&lt;b&gt;一起&lt;/b&gt;" in text(answer)
    assert stories.now_of(matter.id).shared_with == []


def test_sharing_is_shown_on_the_page(cast: Cast, matter: Matter) -> None:
    client = browser("chen")
    client.post(f"/matters/{matter.id}/verbs/share", said(matter, with_area="西湖区翠苑街道", reason="一起"))
    assert stories.now_of(matter.id).shared_with == [CUIYUAN]
    assert "西湖区翠苑街道" in text(client.get(f"/matters/{matter.id}"))
    assert browser("zhou").get(f"/matters/{matter.id}").status_code == 200


def test_an_area_that_only_helps_is_not_offered_to_give_it_away(cast: Cast, matter: Matter) -> None:
    verbs.share(matter.id, with_area=CUIYUAN, by=cast.chen, reason="一起")
    page = text(browser("zhou").get(f"/matters/{matter.id}"))
    assert offered(page) == {"reclassify", "escalate", "merge"}


def test_suspending_is_undone_by_resuming(cast: Cast, matter: Matter) -> None:
    client = browser("wu")
    client.post(f"/matters/{matter.id}/verbs/suspend", said(matter, reason="等鉴定", approver="主任"))
    page = text(client.get(f"/matters/{matter.id}"))
    assert "resume" in offered(page)
    assert "suspend" not in offered(page)
    assert "主任" in page
    client.post(f"/matters/{matter.id}/verbs/resume", said(matter, reason="好了"))
    assert stories.now_of(matter.id).suspended_at is None


def test_a_missing_name_is_refused_beside_its_field(cast: Cast, matter: Matter) -> None:
    answer = browser("wu").post(f"/matters/{matter.id}/verbs/suspend", said(matter, reason="等鉴定"))
    assert answer.status_code == 422
    assert 'id="verb-suspend-approver-error">is required</p>' in text(answer)
    assert "等鉴定</textarea>" in text(answer)


def test_a_verb_that_is_not_theirs_is_refused_in_words(cast: Cast, matter: Matter) -> None:
    answer = browser("chen").post(f"/matters/{matter.id}/verbs/suspend", said(matter, reason="r", approver="a"))
    assert answer.status_code == 403
    assert "is not yours to do here" in text(answer)
    assert browser("zhou").post(f"/matters/{matter.id}/verbs/escalate", {"version": "1"}).status_code == 404
    assert browser("chen").post(f"/matters/{matter.id}/verbs/nonsense", said(matter)).status_code == 404


def test_a_stale_page_is_told_so_and_nothing_is_done(cast: Cast, matter: Matter) -> None:
    told = said(matter, reason="太久")
    engine.note(matter.id, "先到的", by=cast.wu)
    answer = browser("chen").post(f"/matters/{matter.id}/verbs/escalate", told)
    assert answer.status_code == 409
    assert "moved on since you opened it" in text(answer)
    assert "What you see now is the present state" in text(answer)
    assert "先到的" in text(answer)
    assert stories.now_of(matter.id).escalation == 0


@pytest.mark.parametrize("name", ["hand_over", "share", "suspend", "escalate", "reclassify"])
def test_every_verb_is_guarded_by_the_version(cast: Cast, matter: Matter, name: str) -> None:
    told: dict[str, dict[str, Any]] = {
        "hand_over": {"to_area": CUIYUAN},
        "share": {"with_area": CUIYUAN},
        "suspend": {"approver": "主任"},
        "escalate": {},
        "reclassify": {"severity": 3},
    }
    with pytest.raises(Stale):
        getattr(verbs, name)(matter.id, by=cast.wu, reason="r", version=matter.version - 1, **told[name])


def test_an_override_of_the_class_is_kept_beside_what_was_suggested(cast: Cast, matter: Matter) -> None:
    client = browser("chen")
    told = said(matter, klass="urgent", category="市政设施 / 路灯", severity="3", reason="有人摔倒")
    category = next(
        re.findall(r'<option value="([^"]*)"></option>', part)[0]
        for part in text(client.get(f"/matters/{matter.id}")).split('id="verb-reclassify-category-list"')[1:]
    )
    answer = client.post(f"/matters/{matter.id}/verbs/reclassify", {**told, "category": category})
    assert answer.status_code == 302
    with stories.everything():
        line = Event.objects.filter(matter_id=matter.id, kind="reclassified").get()
    assert line.data["from"]["klass"] == "ordinary"
    assert line.data["to"]["klass"] == "urgent"
    assert line.data["to"]["severity"] == 3
    assert "not urgent → urgent, not police" in text(client.get(f"/matters/{matter.id}"))


def test_reclassifying_as_it_is_already_teaches_nothing_and_is_refused(cast: Cast, matter: Matter) -> None:
    with pytest.raises(BadInput):
        verbs.reclassify(matter.id, by=cast.chen, klass="ordinary", reason="r")


def test_only_a_deadline_whose_rule_allows_it_is_offered_for_extension(
    cast: Cast, petitioning: Any, morning: Any
) -> None:
    found = engine.open_matter(petitioning, lamp(), by=cast.wang).matter
    client = browser("wu")
    page = text(client.get(f"/matters/{found.id}"))
    assert "extend" in offered(page)
    assert re.findall(r'<option value="(\w+)">[^<]*at most \d+ \w+ more', page) == ["settle"]
    due = stories.clocks(found.id)["settle"].due_at
    told = {"deadline": "settle", "reason": "复杂", "approver": "机关负责人", "version": str(found.version)}
    assert client.post(f"/matters/{found.id}/verbs/extend", told).status_code == 302
    assert stories.clocks(found.id)["settle"].due_at > due
    assert "extend" not in offered(text(client.get(f"/matters/{found.id}")))


def test_the_list_of_desks_holds_the_wider_ones_too(cast: Cast, matter: Matter) -> None:
    assert '<option value="西湖区">' in text(browser("chen").get(f"/matters/{matter.id}"))
    assert stories.now_of(matter.id).area.startswith(WENXIN)
