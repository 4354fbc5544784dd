"""Who may change what: one's own area, never oneself, never by a page that is too old."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from anlan.city.areas import changes
from anlan.city.areas.atlas import atlas
from anlan.city.areas.models import Area, AreaChange
from anlan.city.people import access
from anlan.city.people.models import Account, Posting, Unit
from anlan.foundation.sealing.fields import SealedTextField
from anlan.loop import clock, engine
from anlan.loop.models import Matter
from anlan.services.administration import accounts
from anlan.services.dispatch.models import Route
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CUIYUAN, GRID, Cast, lamp, post
from tests.loop.stories import kinds, now_of
from tests.services.administration.city import (
    GRID_CODE,
    Known,
    acting,
    administrator,
    browser,
    of_the_city,
    told,
    written,
)

WHY = {"reason": "为了测试"}


@pytest.fixture
def known(cast: Cast) -> Known:
    atlas.cache_clear()
    return Known()


def test_nobody_gives_a_role_over_an_area_that_is_not_theirs(known: Known) -> None:
    given = {"role": "DISPATCHER", "in_area": "330106004", "starts": str(clock.today()), **WHY}
    answer = browser(administrator()).post(f"/administration/accounts/{known.account.id}/give", given)
    assert answer.status_code == 422
    assert "not yours to administer" in answer.content.decode()
    assert Posting.objects.filter(account=known.account).count() == 1


def test_nobody_changes_their_own_postings(known: Known) -> None:
    feng = administrator()
    own = feng.postings.get()
    page = browser(feng)
    assert page.post(f"/administration/postings/{own.id}/end", told(own)).status_code == 403
    given = {"role": "SUPERVISOR", "in_area": GRID_CODE, "starts": str(clock.today()), **WHY}
    assert page.post(f"/administration/accounts/{feng.id}/give", given).status_code == 403
    assert written() == []


def test_an_account_that_also_holds_a_post_elsewhere_is_not_a_towns_to_reset(known: Known) -> None:
    post(known.account, "SUPERVISOR", CUIYUAN)
    before = Account.objects.get(id=known.account.id).password
    answer = browser(administrator()).post(f"/administration/accounts/{known.account.id}/password", told(known.account))
    assert answer.status_code == 403
    assert Account.objects.get(id=known.account.id).password == before


def test_another_towns_things_are_as_if_they_were_not(known: Known) -> None:
    qian = Unit.objects.get(name="qian 网格员")
    page = browser(administrator())
    assert page.get(f"/administration/units/{qian.id}").status_code == 404
    assert "qian" not in page.get("/administration/units").content.decode()
    assert page.get("/administration/areas/330106004").status_code == 404
    other = Route.objects.create(category="", area=CUIYUAN, unit=qian)
    assert page.get(f"/administration/routes/{other.id}").status_code == 404


def test_categories_and_rules_are_the_citys(known: Known) -> None:
    page = browser(administrator())
    assert page.get("/administration/categories").status_code == 403
    assert page.get("/administration/rules/dispatch.reopen_window/versions/new").status_code == 403
    assert page.get("/administration/rules").status_code == 200
    assert "/administration/categories" not in page.get("/administration").content.decode()


def test_a_form_that_somebody_else_was_quicker_than_is_refused_and_nothing_is_lost(known: Known) -> None:
    old = told(known.office, name="我的名字", kind="command", in_area="330106013")
    known.office.name = "他的名字"
    known.office.save()
    answer = browser(administrator()).post(f"/administration/organisations/{known.office.id}", old)
    assert answer.status_code == 409
    assert "somebody else has changed this" in answer.content.decode()
    known.office.refresh_from_db()
    assert known.office.name == "他的名字"


def test_a_unit_that_moves_about_does_not_make_its_form_stale(known: Known) -> None:
    form = told(known.unit, name="新名", kind="grid_worker", home=GRID_CODE, capacity="3", organisation=known.office.id)
    Unit.objects.filter(id=known.unit.id).update(lon=120.11, position_at=clock.now())
    assert browser(administrator()).post(f"/administration/units/{known.unit.id}", form).status_code == 302
    assert Unit.objects.get(id=known.unit.id).lon == 120.11


def test_a_posting_that_ends_today_is_no_longer_held_today_and_stays_in_the_table(known: Known) -> None:
    browser(administrator()).post(f"/administration/postings/{known.posting.id}/end", told(known.posting))
    known.posting.refresh_from_db()
    assert known.posting.ends == clock.today()
    assert access.actor_of(Account.objects.get(username="chen"), on=clock.today()).held == ()


def test_one_given_by_mistake_today_can_be_taken_back_today(known: Known) -> None:
    page = browser(administrator())
    given = {"role": "AUDITOR", "in_area": GRID_CODE, "starts": str(clock.today()), **WHY}
    assert page.post(f"/administration/accounts/{known.account.id}/give", given).status_code == 302
    mistaken = Posting.objects.get(role="AUDITOR")
    assert page.post(f"/administration/postings/{mistaken.id}/end", told(mistaken)).status_code == 302
    assert "AUDITOR" not in {held.role.name for held in access.actor_of(known.account, on=clock.today()).held}


def test_a_new_account_signs_in_with_a_password_that_has_to_be_changed(known: Known) -> None:
    given = {"username": "xin", "name": "新人", "role": "AUDITOR", "in_area": GRID_CODE, "starts": str(clock.today())}
    page = browser(administrator()).post("/administration/accounts/new", {**given, **WHY}).content.decode()
    made = Account.objects.get(username="xin")
    assert made.must_change_password
    password = page.split('translate="no">')[-1].split("<")[0]
    assert made.check_password(password)
    assert password not in str([entry.difference for entry in written()])
    assert "新人" not in str([entry.difference for entry in written()])


def in_hand_of(known: Known, cast: Cast) -> Matter:
    matter = engine.open_matter(Dispatching, lamp(), by=cast.wang).matter
    engine.advance(matter.id, "route", by=cast.chen)
    return engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": str(known.unit.id)})


def retire(known: Known, **more: object) -> Any:
    return browser(administrator()).post(f"/administration/units/{known.unit.id}/retire", told(known.unit, **more))


def test_a_unit_with_matters_in_hand_does_not_retire_by_itself(known: Known, cast: Cast) -> None:
    matter = in_hand_of(known, cast)
    answer = retire(known)
    assert answer.status_code == 409
    assert matter.reference in answer.content.decode()


def test_another_unit_takes_the_matters_of_one_that_retires(known: Known, cast: Cast) -> None:
    matter, li = in_hand_of(known, cast), Unit.objects.get(name="li 网格员")
    Unit.objects.filter(id=li.id).update(on_duty=True)
    assert retire(known, to=str(li.id)).status_code == 302
    taken = now_of(matter.id)
    assert (taken.state, taken.unit_id) == ("assigned", li.id)
    assert kinds(matter.id)[-2:] == ["withdraw", "assign"]
    assert Unit.objects.get(id=known.unit.id).retired_on == clock.today()


def test_what_cannot_be_taken_back_keeps_the_unit(known: Known, cast: Cast) -> None:
    li = Unit.objects.get(name="li 网格员")
    Unit.objects.filter(id=li.id).update(on_duty=True)
    matter = in_hand_of(known, cast)
    engine.advance(matter.id, "accept", by=cast.he)
    engine.advance(matter.id, "arrive", by=cast.he, told={})
    assert retire(known, to=str(li.id)).status_code == 409
    assert now_of(matter.id).unit_id == known.unit.id
    assert Unit.objects.get(id=known.unit.id).retired_on is None


def test_who_takes_over_is_on_duty_in_the_same_town(known: Known, cast: Cast) -> None:
    in_hand_of(known, cast)
    Unit.objects.exclude(id=known.unit.id).update(on_duty=False, lon=None, lat=None, position_at=None)
    for name in ("li 网格员", "qian 网格员"):
        answer = retire(known, to=str(Unit.objects.get(name=name).id))
        assert answer.status_code == 422
        assert "no such unit on duty" in answer.content.decode()


def test_a_name_for_later_is_given_on_its_day(known: Known) -> None:
    grid, later = Area.objects.get(path=GRID), clock.today() + timedelta(days=10)
    form = told(grid, name="未来网格", effective_on=str(later))
    assert browser(administrator()).post(f"/administration/areas/{GRID_CODE}/rename", form).status_code == 302
    assert Area.objects.get(path=GRID).name == "第一网格"
    assert changes.carry_out(clock.today()) == 0
    assert changes.carry_out(later) == 1
    assert Area.objects.get(path=GRID).name == "未来网格"
    assert AreaChange.objects.get(area=grid).before == {"name": "第一网格"}


def test_an_area_with_something_in_it_is_not_closed(known: Known) -> None:
    grid = Area.objects.get(path=GRID)
    answer = browser(of_the_city()).post(
        f"/administration/areas/{GRID_CODE}/close", told(grid, effective_on=str(clock.today()))
    )
    assert answer.status_code == 409
    assert "units: 2" in answer.content.decode()


def test_an_auditor_reads_the_log_and_nothing_else(known: Known) -> None:
    jin = Account.objects.create_user("jin", name="jin")
    post(jin, "AUDITOR", GRID)
    form = told(Area.objects.get(path=GRID), name="审计网格", effective_on=str(clock.today()))
    browser(administrator()).post(f"/administration/areas/{GRID_CODE}/rename", form)
    page = browser(jin)
    assert "第一网格" in page.get("/administration/log").content.decode()
    assert page.get("/administration/units").status_code == 403


def names_found(page: Client, **wanted: str) -> str:
    answer = page.get("/administration/accounts", wanted)
    assert answer.status_code == 200
    return answer.content.decode().split("<tbody>")[-1]


def test_an_account_is_found_by_its_user_name_its_telephone_and_in_a_town_by_its_name(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = Account.objects.get(username="li")
    li.name, li.phone = "李雷", "13900001111"
    li.save()
    page = browser(of_the_city())
    for text in ("li", "139 0000 1111", "李雷", "雷"):
        assert ">li<" in names_found(page, q=text), text
    assert ">li<" not in names_found(page, q="1390000111")
    monkeypatch.setattr(accounts, "NAMES_OPENED", Account.objects.count() - 1)
    assert ">li<" in names_found(page, q="13900001111")
    assert ">li<" not in names_found(page, q="李雷")
    assert ">li<" in names_found(page, q="李雷", in_area="330106013")
    assert ">li<" not in names_found(page, q="李雷", in_area="330106004")


def test_where_there_are_many_no_name_is_opened_for_a_search(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "NAMES_OPENED", 1)
    opened: list[str] = []
    monkeypatch.setattr(SealedTextField, "from_db_value", lambda *given: opened.append("name"))
    list(accounts.search(acting(of_the_city()), "李雷").values_list("id", flat=True))
    assert opened == []


def test_an_area_that_is_not_ones_own_is_refused_in_a_search(known: Known) -> None:
    assert browser(administrator()).get("/administration/accounts?in_area=330106004").status_code == 422
