"""One report becomes one matter with one code, through whichever door it came."""

from typing import Any

import pytest

from anlan.city.people import access
from anlan.city.people.access import scope_of, scoped
from anlan.loop.models import Event, Matter, Party
from anlan.loop.refusals import BadInput, KeyReused, NotAllowed
from anlan.services.intake.actions import report
from anlan.services.intake.schemas import ReportIn
from tests.cast import COMMUNITY, GRID, Cast

LAMP: dict[str, Any] = {"text": "文新街道德加社区路灯不亮"}


def given(**more: Any) -> ReportIn:
    return ReportIn.model_validate({**LAMP, **more})


@pytest.fixture
def anyone(db: None) -> access.Actor:
    return access.anonymous()


def test_the_area_is_found_in_the_words_and_its_desk_is_responsible(anyone: access.Actor, cast: Cast) -> None:
    matter = report(given(), by=anyone).matter
    assert matter.area == COMMUNITY
    assert matter.responsible_id == cast.chen.held[0].organisation_id


def test_a_given_area_stands_above_the_words(anyone: access.Actor) -> None:
    assert report(given(area=GRID.rpartition(".")[2]), by=anyone).matter.area == GRID


def test_the_first_line_becomes_the_title_where_none_is_given(anyone: access.Actor) -> None:
    assert report(given(text="路灯不亮\n已经三天了"), by=anyone).matter.title == "路灯不亮"
    long = report(given(text="很" * 100), by=anyone).matter
    assert len(long.title) == 40
    assert long.description == "很" * 100


def test_why_it_was_put_so_stands_in_the_history(anyone: access.Actor, cast: Cast) -> None:
    matter = report(given(), by=anyone).matter
    with scoped(scope_of(cast.chen)):
        told = Event.objects.get(matter=matter, kind="opened").data["triage"]
    assert told["category"] == matter.category
    assert any("路灯" in reason["text"] for reason in told["reasons"])


def test_who_reported_is_sealed_in_the_database(anyone: access.Actor, cast: Cast) -> None:
    from django.db import connection

    matter = report(given(contact={"name": "王奶奶", "phone": "13800001111"}), by=anyone).matter
    with scoped(scope_of(cast.chen)):
        assert Party.objects.get(matter=matter).name == "王奶奶"
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, phone FROM loop_party")
            sealed = b"".join(bytes(value) for value in cursor.fetchone())
    assert "王奶奶".encode() not in sealed
    assert b"13800001111" not in sealed


def test_the_same_key_and_report_give_the_same_matter(anyone: access.Actor, cast: Cast) -> None:
    first, second = (report(given(), by=anyone, key="k-1") for _ in range(2))
    assert (second.matter.id, second.code, second.repeated) == (first.matter.id, first.code, True)
    with scoped(scope_of(cast.chen)):
        assert Matter.objects.count() == 1


def test_the_same_key_with_another_report_is_refused_and_nothing_is_written(anyone: access.Actor, cast: Cast) -> None:
    report(given(), by=anyone, key="k-1")
    with pytest.raises(KeyReused):
        report(given(text="文新街道德加社区井盖丢了"), by=anyone, key="k-1")
    with scoped(scope_of(cast.chen)):
        assert Matter.objects.count() == 1


def test_one_senders_key_says_nothing_about_anothers(cast: Cast) -> None:
    mine, theirs = report(given(), by=cast.wang, key="k-1"), report(given(), by=cast.chen, key="k-1")
    assert mine.matter.id != theirs.matter.id


def test_only_staff_speak_for_an_offices_channel(anyone: access.Actor, cast: Cast) -> None:
    for who in (anyone, cast.wang):
        with pytest.raises(NotAllowed) as refused:
            report(given(channel="police"), by=who)
        assert refused.value.field == "channel"
    assert report(given(channel="police"), by=cast.chen).matter.channel == "police"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"category": "city.dragons"}, "category"),
        ({"area": "999999"}, "area"),
        ({"lon": 2.35, "lat": 48.85}, "lon"),
    ],
)
def test_what_the_city_does_not_have_is_named(anyone: access.Actor, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        report(given(**wrong), by=anyone)
    assert refused.value.field == field
