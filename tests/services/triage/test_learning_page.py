"""The learning page: agreement by category and town, the models' cards, a trial beforehand, and switching."""

from collections.abc import Iterator
from typing import Any

import pytest

from anlan.city.people.models import Account
from anlan.foundation import freshness
from anlan.foundation.shares import Share
from anlan.loop import engine, verbs
from anlan.loop.administering import mark_of
from anlan.loop.models import Matter
from anlan.loop.suggestions import Severity
from anlan.services.dispatch.procedure import Dispatching
from anlan.services.triage.learning import registry
from anlan.services.triage.learning.models import TriageModel
from anlan.services.triage.review.agreement import Asked, agreement
from anlan.services.triage.review.trial import trial
from tests.cast import CUIYUAN_GRID, GRID, Cast, lamp
from tests.services.administration.city import administrator, browser, of_the_city, written
from tests.services.triage.test_learning_models import propose

PAGE = "/triage/learning"
FIELDS = ("head", "made_at", "source", "digest", "card", "content")


@pytest.fixture(autouse=True)
def _fresh(cast: Cast) -> Iterator[None]:
    freshness.forget(registry.TOPIC)
    yield
    freshness.forget(registry.TOPIC)


_trained: dict[str, Any] = {}


def proposed() -> TriageModel:
    """A model that serves; trained once, since that takes a second."""
    if not _trained:
        kept = propose()
        _trained.update({name: getattr(kept, name) for name in FIELDS})
        return kept
    kept = TriageModel.objects.create(**_trained)
    registry.choose("category", kept, "better")
    freshness.forget(registry.TOPIC)
    return kept


def opened(cast: Cast, area: str = GRID, *, suggested: str = "city.lighting", **changes: Any) -> Matter:
    """A matter that triage had a word on."""
    triage = {"klass": "ordinary", "category": suggested, "severity": 1, "triggers": [], "reasons": [], "source": "t"}
    opening = lamp(area, category=suggested, **changes)
    return engine.open_matter(Dispatching, opening, by=cast.wang, told={"triage": triage}).matter


def test_what_people_left_as_it_was_stands_beside_what_they_changed(cast: Cast) -> None:
    for n in range(3):
        matter = opened(cast)
        verbs.reclassify(matter.id, by=cast.chen, reason="看错了", **({"severity": 2} if n else {"category": "other"}))
    found = agreement(cast.wu, Asked())
    assert found.whole.category == Share(2, 3)
    assert found.whole.klass == Share(3, 3)
    assert found.whole.severity == Share(1, 3)
    assert [(each.head, each.suggested, each.decided, each.n, each.of) for each in found.confusions] == [
        ("severity", "1", "2", 2, 3),
        ("category", "city.lighting", "other", 1, 3),
    ]


def test_what_nobody_has_decided_on_only_waits(cast: Cast) -> None:
    opened(cast)
    found = agreement(cast.wu, Asked())
    assert (found.whole.category, found.waiting) == (Share(0, 0), 1)


def test_a_supervisor_sees_the_own_town_and_the_district_both(cast: Cast) -> None:
    verbs.reclassify(opened(cast).id, by=cast.chen, severity=2, reason="看错了")
    verbs.reclassify(opened(cast, CUIYUAN_GRID).id, by=cast.zhou, severity=2, reason="看错了")
    assert agreement(cast.wu, Asked()).whole.category.of == 1
    assert [line.label for line in agreement(cast.sun, Asked()).by_town] == ["西湖区翠苑街道", "西湖区文新街道"]


def test_a_percentage_needs_thirty(cast: Cast) -> None:
    for n in range(30):
        verbs.reclassify(opened(cast).id, by=cast.chen, severity=2, reason="看错了")
        page = browser(Account.objects.get(username="wu")).get(PAGE).content.decode() if n in (28, 29) else ""
        assert ("100.0 %" in page) == (n == 29)


def test_the_page_names_nobody(cast: Cast) -> None:
    verbs.reclassify(opened(cast).id, by=cast.chen, severity=2, reason="看错了")
    client = browser(Account.objects.get(username="wu"))
    room = client.get(PAGE).content.decode().partition("<main")[2] + client.get(f"{PAGE}.csv").content.decode()
    assert "chen" not in room
    assert "看错了" not in room


def test_a_new_city_is_told_what_will_come(cast: Cast) -> None:
    page = browser(Account.objects.get(username="wu")).get(PAGE).content.decode()
    assert "Nothing has been decided in this period." in page
    assert "No model yet." in page


def test_the_table_has_a_line_for_every_number(cast: Cast) -> None:
    verbs.reclassify(opened(cast).id, by=cast.chen, category="other", reason="看错了")
    lines = browser(Account.objects.get(username="wu")).get(f"{PAGE}.csv").content.decode("utf-8-sig").splitlines()
    assert "In all,Category,0,1" in lines
    assert any(line.startswith("Where they differ most,") and line.endswith(",1,1") for line in lines)


def test_a_confusion_leads_to_its_matters(cast: Cast) -> None:
    matter = opened(cast)
    verbs.reclassify(matter.id, by=cast.chen, category="other", reason="看错了")
    client = browser(Account.objects.get(username="wu"))
    link = client.get(PAGE).content.decode().partition('<a href="/matters?category=other')[2].partition('"')[0]
    listed = client.get(f"/matters?category=other{link.replace('&amp;', '&')}").content.decode()
    assert matter.reference in listed


@pytest.mark.parametrize("days", ["7", "x", "-1", "30'"])
def test_an_odd_period_is_refused_by_name(cast: Cast, days: str) -> None:
    answer = browser(Account.objects.get(username="wu")).get(PAGE, {"days": days})
    assert answer.status_code == 422


@pytest.mark.parametrize(("username", "status"), [("chen", 403), ("li", 403), ("wu", 200)])
def test_the_page_and_a_card_are_for_supervisors_and_administrators(cast: Cast, username: str, status: int) -> None:
    kept = proposed()
    client = browser(Account.objects.get(username=username))
    for address in (PAGE, f"{PAGE}.csv", f"{PAGE}/models/{kept.pk}"):
        assert client.get(address).status_code == status
    assert browser(administrator()).get(f"{PAGE}/models/{kept.pk}").status_code == 200


def test_a_card_shows_the_scores_of_each_class(cast: Cast) -> None:
    kept = proposed()
    page = browser(of_the_city(), "zh-hans").get(f"{PAGE}/models/{kept.pk}").content.decode()
    assert kept.digest in page
    assert all(f"{each['recall']}" in page for each in kept.card["scores"]["per_class"].values())
    assert "路灯" in page


def test_a_trial_says_how_many_suggestions_would_change_before_anybody_switches(cast: Cast) -> None:
    kept = proposed()
    registry.roll_back("category", "back to the rules")
    freshness.forget(registry.TOPIC)
    opened(cast, title="榕榕树在第1处", suggested="other")
    opened(cast, title="路灯不亮")
    found = trial(cast.wu, kept)
    assert (found.tried, found.changes.of, found.changes.n) == (2, 2, 1)
    assert registry.in_force().heads == {}


def test_agreement_is_counted_only_where_no_model_has_learned(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = proposed()
    for n in range(20):
        verbs.reclassify(opened(cast, title=f"榕榕树在第{n}处").id, by=cast.chen, severity=2, reason="看错了")
    found = trial(cast.wu, kept)
    assert 0 < found.then.of < 20
    assert found.then.n == found.then.of
    assert found.rules.n == 0


def test_a_model_never_goes_below_a_safety_trigger(cast: Cast) -> None:
    kept = proposed()
    opened(cast, title="榕榕树旁边有人持刀砍人", klass="police", severity=int(Severity.RED))
    found = trial(cast.wu, kept)
    assert found.lower_in_danger == 0
    assert found.tried == 1


def test_a_trial_reads_only_matters_of_ones_own_areas(cast: Cast) -> None:
    kept = proposed()
    opened(cast, CUIYUAN_GRID)
    assert trial(cast.wu, kept).of == 0
    page = browser(Account.objects.get(username="wu")).get(f"{PAGE}/models/{kept.pk}?trial=1").content.decode()
    assert "No matter came in during these days." in page


def test_switching_on_and_going_back_stand_in_the_log_with_their_reason(cast: Cast) -> None:
    kept = proposed()
    client = browser(of_the_city())
    now = registry.choice("category")
    assert now is not None
    back = client.post(f"{PAGE}/heads/category/back", {"mark": mark_of(now), "reason": "夜里的不如规则"})
    assert back.status_code == 302
    now = registry.choice("category")
    assert now is not None
    assert now.model_id is None
    assert client.post(f"{PAGE}/models/{kept.pk}/serve", {"mark": mark_of(now), "reason": "再试"}).status_code == 302
    assert registry.choice("category").model_id == kept.pk  # type: ignore[union-attr]
    assert [(entry.verb, entry.reason, entry.difference) for entry in written()] == [
        ("roll-back", "夜里的不如规则", {"serves category": [f"model/{kept.pk}", "rules"]}),
        ("switch-on", "再试", {"serves category": ["rules", f"model/{kept.pk}"]}),
    ]


def test_a_switch_needs_a_reason_and_a_page_that_is_fresh(cast: Cast) -> None:
    kept = proposed()
    registry.choose("category", None, "the rules")
    client, address = browser(of_the_city()), f"{PAGE}/models/{kept.pk}/serve"
    now = registry.choice("category")
    assert now is not None
    assert client.post(address, {"mark": mark_of(now), "reason": ""}).status_code == 422
    assert client.post(address, {"mark": "before", "reason": "再试"}).status_code == 409
    assert written() == []


def test_who_administers_a_town_cannot_switch_for_the_city(cast: Cast) -> None:
    kept = proposed()
    client = browser(administrator())
    assert client.post(f"{PAGE}/models/{kept.pk}/serve", {"reason": "再试"}).status_code == 403
    assert client.post(f"{PAGE}/heads/category/back", {"reason": "再试"}).status_code == 403
    assert "Switch on" not in client.get(f"{PAGE}/models/{kept.pk}").content.decode()


def test_a_model_that_cannot_be_read_is_neither_tried_nor_switched_on(cast: Cast) -> None:
    first = proposed()
    broken = TriageModel.objects.create(**{name: getattr(first, name) for name in FIELDS[:-1]}, content=b"other")
    client, now = browser(of_the_city()), registry.choice("category")
    assert now is not None
    assert client.get(f"{PAGE}/models/{broken.pk}?trial=1").status_code == 409
    answer = client.post(f"{PAGE}/models/{broken.pk}/serve", {"mark": mark_of(now), "reason": "再试"})
    assert answer.status_code == 409


@pytest.mark.parametrize(
    "address", ["models/99999", "models/99999/serve", "heads/odd/back", "models/99999999999999999999"]
)
def test_what_is_not_there_is_said_to_be_unknown(cast: Cast, address: str) -> None:
    assert browser(of_the_city()).get(f"{PAGE}/{address}").status_code == 404
