"""The category tree as the city keeps it: changed, switched off, added to, and tried before it is saved."""

from collections.abc import Iterator
from typing import Any

import pytest

from anlan.foundation import freshness
from anlan.loop.suggestions import Report, categories, offered_categories
from anlan.services.triage.category_changes import change_of
from anlan.services.triage.city import TOPIC, triage_here
from anlan.services.triage.models import CategoryChange
from tests.cast import Cast
from tests.services.administration.city import browser, of_the_city, told

LAMP = Report("路灯不亮")
FORM = {
    "zh": "路灯照明",
    "en": "Street lighting",
    "department": "urban-management",
    "klass": "ordinary",
    "severity": "1",
}


@pytest.fixture(autouse=True)
def _fresh(cast: Cast) -> Iterator[None]:
    freshness.forget(TOPIC)
    yield
    freshness.forget(TOPIC)


def send(slug: str = "city.lighting", **changes: Any) -> Any:
    form = told(change_of(slug), **{**FORM, "keywords": "路灯", **changes})
    answer = browser(of_the_city()).post(f"/administration/categories/{slug}", form)
    freshness.forget(TOPIC)
    return answer


def test_a_new_word_leads_to_its_category() -> None:
    assert triage_here(Report("草坪灯坏了")).category != "city.lighting"
    assert send(keywords="路灯、草坪灯").status_code == 302
    assert triage_here(Report("草坪灯坏了")).category == "city.lighting"


def test_one_switched_off_is_suggested_and_offered_no_more_and_keeps_its_name() -> None:
    send(off="true")
    assert triage_here(LAMP).category != "city.lighting"
    assert "city.lighting" not in offered_categories()
    assert categories()["city.lighting"].zh == "路灯照明"


def test_a_sentence_is_tried_before_and_after_and_nothing_is_saved() -> None:
    answer = send(keywords="路灯、草坪灯", sentence="草坪灯坏了", **{"try": "yes"})
    page = answer.content.decode()
    assert answer.status_code == 200
    before, after = page.split("With this change")
    assert "“草坪灯”" not in before.split("Before and after")[1]
    assert "草坪灯" in after
    assert not CategoryChange.objects.exists()


def test_a_word_of_another_category_is_refused_by_name() -> None:
    answer = send("city.road", keywords="路灯")
    assert answer.status_code == 422
    assert "already stands in" in answer.content.decode()


def test_a_leaf_of_the_citys_own_stands_below_its_parent() -> None:
    form = {**FORM, "zh": "公园灯", "en": "Park lamps", "leaf": "park", "keywords": "公园灯", "reason": "试"}
    assert browser(of_the_city()).post("/administration/categories/city.lighting/new", form).status_code == 302
    freshness.forget(TOPIC)
    assert triage_here(Report("公园灯不亮")).category == "city.lighting.park"


def test_only_what_differs_from_the_declared_is_kept() -> None:
    send(severity="2")
    kept = CategoryChange.objects.get()
    assert (kept.severity, kept.zh, kept.department, kept.klass) == (2, "", "", "")


def test_a_page_that_is_too_old_is_refused() -> None:
    form = told(change_of("city.lighting"), **FORM, keywords="路灯")
    send(severity="2")
    answer = browser(of_the_city()).post("/administration/categories/city.lighting", form)
    assert answer.status_code == 409
