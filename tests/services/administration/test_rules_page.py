"""The city's own versions of rules: from tomorrow, with a source, and never of the past."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from anlan.city.regulations.models import RuleVersion
from anlan.city.regulations.versions import of_the_city, rule_in
from anlan.foundation import rules
from anlan.foundation.rules import declared, rulebook
from anlan.loop import clock, queries
from tests.cast import Cast
from tests.loop.stories import assigned, morning
from tests.services.administration.city import browser
from tests.services.administration.city import of_the_city as city_administrator

RULE = "dispatch.respond"


@pytest.fixture(autouse=True)
def _with_the_citys_own(cast: Cast) -> Iterator[None]:
    rules.provide(of_the_city)
    yield
    rules.provide(tuple)


def sent(**changes: Any) -> dict[str, Any]:
    tomorrow = clock.today() + timedelta(days=1)
    told = {"amount": "11", "starts": str(tomorrow), "source": "本市规定", "source_en": "The city's", "reason": "试"}
    return {**told, **changes}


def add(**changes: Any) -> Any:
    return browser(city_administrator()).post(f"/administration/rules/{RULE}/versions/new", sent(**changes))


def test_a_version_counts_from_tomorrow_and_todays_stays() -> None:
    today = clock.today()
    before = rulebook().at(RULE, today).amount
    assert add().status_code == 302
    rulebook.cache_clear()
    assert rulebook().at(RULE, today).amount == before
    assert rulebook().at(RULE, today + timedelta(days=1)).amount == 11


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"starts": "2026-01-01"}, "begins tomorrow at the earliest"),
        ({"amount": ""}, "is required"),
        ({"amount": "0"}, "must be at least 1"),
        ({"value": "5"}, "this rule has no such number"),
        ({"source": ""}, "is required"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(changes: dict[str, str], words: str) -> None:
    answer = add(**changes)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not RuleVersion.objects.exists()


def test_a_second_version_of_the_same_day_is_refused() -> None:
    add()
    assert add(amount="12").status_code == 422
    assert RuleVersion.objects.count() == 1


def test_a_version_that_has_begun_is_not_withdrawn() -> None:
    add()
    version = RuleVersion.objects.get()
    RuleVersion.objects.update(starts=clock.today())
    rulebook.cache_clear()
    page = browser(city_administrator())
    assert page.post(f"/administration/rules/versions/{version.id}/withdraw", {"reason": "试"}).status_code == 409
    assert RuleVersion.objects.exists()


def test_a_statutory_rule_stays_statutory_and_names_the_new_source() -> None:
    statutory = next(each for each in rulebook().all() if each.kind == "statutory" and each.is_term)
    answer = browser(city_administrator()).post(
        f"/administration/rules/{statutory.id}/versions/new", sent(source="某法第一条")
    )
    assert answer.status_code == 302
    body = RuleVersion.objects.get().body
    assert (body["kind"], body["source"], body["evidence"]) == ("statutory", "某法第一条", "city")
    rulebook.cache_clear()
    page = browser(city_administrator()).get(f"/administration/rules/{statutory.id}").content.decode()
    assert "entered by the city, not verified by the project" in page


def test_a_clock_that_runs_by_a_version_of_the_city_says_whose_word_that_is(cast: Cast) -> None:
    with morning() as manual:
        add()
        rulebook.cache_clear()
        manual.advance(timedelta(days=1))
        matter = assigned(cast)
        sources = {each.name: each.source for each in queries.matter(cast.chen, matter.id).deadlines}
    assert sources["respond"] == "The city's (as entered by the city)"
    assert "entered" not in sources["arrive_in_time"]


def test_what_a_city_stored_as_law_is_known_from_the_city_alone() -> None:
    add()
    assert rule_in({**RuleVersion.objects.get().body, "evidence": "law"}).evidence == "city"


@pytest.mark.parametrize(
    "body",
    [
        {"id": "gone.rule"},
        {"amount": None, "unit": None, "counting": None, "value": 3},
        {"kind": "a kind of yesterday"},
    ],
)
def test_a_version_that_fits_no_rule_any_more_is_left_out_and_shown(body: dict[str, Any]) -> None:
    add()
    version = RuleVersion.objects.get()
    version.body = {name: value for name, value in {**version.body, **body}.items() if value is not None}
    version.rule = version.body["id"]
    version.save()
    rulebook.cache_clear()
    assert rulebook().all() == declared().all()
    page = browser(city_administrator())
    assert "count for nothing" in page.get("/administration/rules").content.decode()
    assert page.get(f"/administration/rules/{RULE}").status_code == 200
