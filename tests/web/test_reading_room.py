"""The reading room at /admin/: for the city's administrators, by our own door, and nothing in it can be changed."""

from typing import Any

import pytest
from django.test import Client

from anlan.city.audit.recording import changing
from anlan.city.people.access import system
from anlan.city.people.models import Account, Organisation, SignInFailure
from anlan.loop import clock
from anlan.web.reading_room import room
from tests.cast import CITY, CUIYUAN, WENXIN, Cast
from tests.routes import routes
from tests.services.administration.city import administrator, browser

LISTS = [route.address for route in routes() if route.pattern.startswith("admin/") and "{" not in route.address]


@pytest.fixture
def mei(cast: Cast) -> Account:
    """Of the city, with the mark that opens the room."""
    mei = administrator("mei", CITY)
    mei.is_staff = True
    mei.save()
    return mei


def renamed(area: str, name: str) -> None:
    office = Organisation.objects.get(area__path=area, kind="command")
    with changing(office, verb="change", by=system(), area=area):
        office.name = name
        office.save()


def test_who_is_not_in_comes_by_our_own_door_and_back(cast: Cast) -> None:
    assert Client().get("/admin/")["Location"] == "/sign-in?next=%2Fadmin%2F"
    assert Client().get("/admin/login/").status_code == 404


def test_neither_a_towns_administrator_nor_one_without_the_mark_is_let_in(mei: Account) -> None:
    feng = administrator()
    feng.is_staff = True
    feng.save()
    assert browser(feng).get("/admin/").status_code == 403
    mei.is_staff = False
    mei.save()
    assert browser(mei).get("/admin/").status_code == 403


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("address", LISTS)
def test_every_list_is_shown(mei: Account, address: str, language: str) -> None:
    renamed(WENXIN, "新名")
    SignInFailure.objects.create(name=b"n" * 32, address=b"a" * 32, at=clock.now())
    answer = browser(mei, language).get(address)
    assert answer.status_code == 200
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    page = answer.content.decode()
    assert " style=" not in page
    assert " onclick=" not in page
    assert "<script>" not in page


def test_the_audit_log_of_the_whole_city_is_read_in_its_administrators_scope(mei: Account) -> None:
    renamed(WENXIN, "新名")
    renamed(CUIYUAN, "又一个")
    page = browser(mei)
    listed = page.get("/admin/audit/auditentry/").content.decode()
    assert "新名" in listed
    assert "又一个" in listed
    entry = page.get("/admin/audit/auditentry/1/change/").content.decode()
    assert "文新街道综合信息指挥室" in entry
    assert 'name="_save"' not in entry


@pytest.mark.parametrize("way", ["add/", "1/delete/", "1/history/"])
def test_there_is_no_way_to_change_anything(mei: Account, way: str) -> None:
    renamed(WENXIN, "新名")
    page = browser(mei)
    assert page.get(f"/admin/audit/auditentry/{way}").status_code == 404
    assert page.post("/admin/audit/auditentry/1/change/", {"reason": "x"}).status_code == 405


def test_no_field_that_is_sealed_or_a_digest_is_shown() -> None:
    for model, records in room._registry.items():
        shown: set[Any] = {*(records.fields or ()), *records.list_display}
        hidden = {field.name for field in model._meta.fields if field.get_internal_type() == "BinaryField"}
        assert records.fields
        assert not shown & hidden
