"""The list of matters: found by what staff know, within what they may see, kept as a filter of their own."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.foundation.rules import Rule, rulebook
from anlan.foundation.sealing.fields import phone_index
from anlan.loop import clock, engine, queries
from anlan.loop.models import Look, Matter, Party, SavedFilter
from anlan.loop.queries import Wanted
from tests.cast import CUIYUAN_GRID, Cast
from tests.loop import stories
from tests.loop.test_pages import browser, matter, morning, text

__all__ = ["matter", "morning"]

MOST_STATEMENTS = 8


def numbers(page: str) -> list[str]:
    return re.findall(r'<a class="number" href="/matters/[^"]+">([^<]+)</a>', page)


def listed(who: str, **filters: str) -> list[str]:
    return numbers(text(browser(who).get("/matters", filters)))


def test_the_newest_stand_first_and_only_ones_own(cast: Cast, matter: Matter, morning: clock.ManualClock) -> None:
    morning.advance(timedelta(minutes=5))
    newer = stories.opened(cast)
    elsewhere = stories.opened(cast, area=CUIYUAN_GRID)
    assert listed("chen") == [newer.reference, matter.reference]
    assert listed("zhou") == [elsewhere.reference]
    assert set(listed("sun")) == {newer.reference, matter.reference, elsewhere.reference}


def test_residents_and_responders_are_not_shown_it(cast: Cast, matter: Matter) -> None:
    assert browser("li").get("/matters").status_code == 403
    assert browser("wang").get("/matters").status_code == 403
    assert Client().get("/matters")["Location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "filters",
    [
        {"q": "路灯"},
        {"q": "古墩路"},
        {"state": "routed"},
        {"klass": "ordinary"},
        {"category": "city"},
        {"category": "city.lighting"},
        {"open": "true"},
        {"since": "2026-03-02", "until": "2026-03-02"},
        {"procedure": "dispatching", "state": "routed"},
    ],
)
def test_each_filter_finds_what_fits_and_leaves_the_rest(
    cast: Cast, morning: clock.ManualClock, filters: dict[str, str]
) -> None:
    found = stories.routed(cast, address="古墩路 88 号")
    morning.advance(timedelta(days=1))
    other = stories.resolved(cast, title="噪音", klass="inquiry", category="environment.noise")
    engine.advance(other.id, "rate", by=cast.wang, told={"rating": 5})
    assert listed("chen", **filters) == [found.reference]


def test_an_area_is_picked_by_name_or_code(cast: Cast, matter: Matter) -> None:
    elsewhere = stories.opened(cast, area=CUIYUAN_GRID)
    for area in ("西湖区翠苑街道", "330106004"):
        assert listed("sun", area=area) == [elsewhere.reference]
    assert listed("chen", area="330106004") == []
    answer = browser("sun").get("/matters", {"area": "火星"})
    assert answer.status_code == 422
    assert "there is no such area" in text(answer)


def test_a_number_finds_its_matter(cast: Cast, matter: Matter) -> None:
    stories.opened(cast)
    assert listed("chen", q=matter.reference) == [matter.reference]
    assert listed("chen", q=str(matter.number)) == [matter.reference]
    assert listed("zhou", q=matter.reference) == []


class Narrow:
    """The rules, but for a search that looks at two matters only."""

    def at(self, rule: str, day: date) -> Rule:
        found = rulebook().at(rule, day)
        return found.model_copy(update={"value": 2}) if rule == "loop.search_window" else found


def test_words_are_looked_for_in_the_newest_only_and_the_page_says_so(
    cast: Cast, morning: clock.ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = stories.opened(cast, title="老路灯")
    for _ in range(3):
        morning.advance(timedelta(hours=1))
        stories.opened(cast, title="新路灯")
    monkeypatch.setattr("anlan.loop.queries.rulebook", lambda: Narrow())
    page = text(browser("chen").get("/matters", {"q": "路灯"}))
    assert len(numbers(page)) == 2
    assert "Searched back to 2026-03-02" in page
    assert old.reference not in page
    # Days make the part that is looked at smaller.
    narrowed = queries.matters(cast.chen, Wanted.model_validate({"q": "老", "until": "2026-03-02"}))
    assert narrowed.searched_since is not None


def test_pages_of_fifty_follow_one_another_without_gap_or_double(cast: Cast, morning: clock.ManualClock) -> None:
    for _ in range(53):
        stories.opened(cast)
    first = text(browser("chen").get("/matters", {"klass": "ordinary"}))
    (older,) = re.findall(r'<a href="([^"]+)" rel="next">', first)
    second = text(browser("chen").get("/matters" + older.replace("&amp;", "&")))
    assert len(numbers(first)) == 50
    assert len(set(numbers(first)) | set(numbers(second))) == 53
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    "filters", [{"klass": "x"}, {"since": "yesterday"}, {"cursor": "x"}, {"q": "\x00"}, {"since": "0001-01-01"}]
)
def test_a_wrong_filter_is_said_in_words(cast: Cast, matter: Matter, filters: dict[str, str]) -> None:
    answer = browser("chen").get("/matters", filters)
    assert answer.status_code == 422
    assert 'role="alert"' in text(answer)


def test_percent_and_underscore_are_letters_like_any_other(cast: Cast, matter: Matter) -> None:
    assert listed("chen", q="%") == []
    assert listed("chen", q="_") == []


@pytest.mark.parametrize("filters", [{}, {"q": "路灯", "open": "true"}])
def test_it_takes_few_statements_however_much_it_shows(
    cast: Cast, morning: clock.ManualClock, filters: dict[str, str]
) -> None:
    for _ in range(10):
        stories.opened(cast)
    client = browser("chen")
    client.get("/matters", filters)
    with CaptureQueriesContext(connection) as asked:
        client.get("/matters", filters)
    # The savepoints are the test's own.
    statements = [each["sql"] for each in asked if "SAVEPOINT" not in each["sql"]]
    assert len(statements) <= MOST_STATEMENTS, statements


def test_an_empty_list_says_so(cast: Cast, morning: clock.ManualClock) -> None:
    assert "No matter has been opened in your area yet" in text(browser("chen").get("/matters"))
    assert "Nothing fits what you search for" in text(browser("chen").get("/matters", {"q": "无"}))


def test_a_phone_number_finds_its_matters_and_each_find_is_a_look(cast: Cast, morning: clock.ManualClock) -> None:
    def reported(**changes: str) -> Matter:
        person = Party(part="reporter", phone="13812345678", phone_index=phone_index("13812345678"))
        return stories.opened(cast, parties=[person], **changes)

    found, _elsewhere = reported(), reported(area=CUIYUAN_GRID)
    page = text(browser("chen").post("/matters/by-phone", {"phone": "138 1234 5678"}))
    assert numbers(page) == [found.reference]
    assert "13812345678" not in page
    with stories.everything():
        (look,) = Look.objects.all()
    assert (look.matter_id, look.purpose, look.role) == (found.id, "search by phone", "DISPATCHER")
    assert "looked" in stories.kinds(found.id)


def test_a_phone_number_nobody_left_finds_nothing_and_looks_at_nobody(cast: Cast, matter: Matter) -> None:
    assert numbers(text(browser("chen").post("/matters/by-phone", {"phone": "13900000000"}))) == []
    with stories.everything():
        assert not Look.objects.exists()


def test_who_is_not_at_a_desk_does_not_search_by_phone(cast: Cast, matter: Matter) -> None:
    assert browser("li").post("/matters/by-phone", {"phone": "13812345678"}).status_code == 403
    assert browser("chen").get("/matters/by-phone").status_code == 405
    assert browser("chen").post("/matters/by-phone", {"phone": " "}).status_code == 422


def test_a_filter_is_kept_by_name_and_removed_again(cast: Cast, matter: Matter) -> None:
    client = browser("chen")
    told = {"page": "matters", "name": "我的路灯", "query": "q=%E8%B7%AF%E7%81%AF&cursor=1.2"}
    assert client.post("/filters", told)["Location"] == "/matters?q=%E8%B7%AF%E7%81%AF"
    page = text(client.get("/matters"))
    assert '<a href="/matters?q=%E8%B7%AF%E7%81%AF">我的路灯</a>' in page
    kept = SavedFilter.objects.get()
    assert "我的路灯" not in text(browser("wu").get("/matters"))
    assert browser("wu").post(f"/filters/{kept.id}/remove").status_code == 404
    client.post(f"/filters/{kept.id}/remove")
    assert not SavedFilter.objects.exists()


def test_a_name_that_is_used_already_gets_the_new_filter(cast: Cast, matter: Matter) -> None:
    client = browser("chen")
    for query in ("q=a", "q=b"):
        client.post("/filters", {"page": "matters", "name": "路灯", "query": query})
    assert SavedFilter.objects.get().query == "q=b"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"page": "https://elsewhere.example", "name": "x", "query": "q=1"}, 422),
        ({"page": "matters", "name": " ", "query": "q=1"}, 422),
        ({"page": "matters", "name": "x", "query": ""}, 422),
        ({"page": "matters", "name": "x", "query": "q=" + "1" * 1000}, 422),
    ],
)
def test_a_filter_that_leads_nowhere_is_refused(cast: Cast, matter: Matter, told: dict[str, str], status: int) -> None:
    assert browser("chen").post("/filters", told).status_code == status
    assert not SavedFilter.objects.exists()


def test_the_list_offers_to_export_what_it_shows(cast: Cast, matter: Matter) -> None:
    page = text(browser("chen").get("/matters", {"klass": "ordinary", "open": "true"}))
    form = page.split('action="/exports"')[1].split("</form>")[0]
    assert '<input type="hidden" name="klass" value="ordinary">' in form
    assert '<input type="hidden" name="open" value="true">' in form


def test_the_api_searches_by_the_same_words(cast: Cast, matter: Matter) -> None:
    stories.opened(cast, title="噪音")
    answer = browser("chen").get("/api/v1/matters", {"q": "路灯", "since": "2026-03-01"})
    assert [row["number"] for row in answer.json()["items"]] == [matter.reference]
