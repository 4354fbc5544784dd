"""The page of one address: seen by who is on duty, changed by the administrator of its area alone."""

from datetime import date

import pytest
from django.test import Client

from anlan.city.addresses.landing import Given, land
from anlan.city.addresses.models import Address, Alias, Level
from anlan.city.areas.atlas import atlas
from anlan.city.people.models import Account
from anlan.loop import clock
from tests.cast import CUIYUAN, WENXIN, Cast, post


@pytest.fixture
def compound(db: None) -> Address:
    names = {Level.ROAD: "文一西路", Level.NUMBER: "98", Level.COMPOUND: "德加公寓"}
    land([Given("330106013001", names)], atlas(), source="test", on=date(2024, 1, 1))
    return Address.objects.get(level=Level.COMPOUND)


def signed_in(role: str) -> Client:
    account = Account.objects.create_user(f"mei-{role}", name="梅")
    post(account, role, WENXIN)
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(account)
    return client


def test_the_administrator_renames_and_takes_it_back(compound: Address, cast: Cast) -> None:
    client, page = signed_in("ADMINISTRATOR"), f"/addresses/{compound.code}"
    told = {"name": "德加花园", "on": str(clock.today()), "reason": "门牌整治"}
    assert client.post(f"{page}/rename", told).status_code == 302
    shown = client.get(page).content.decode()
    assert "德加公寓 → 德加花园" in shown
    change = Address.objects.get(id=compound.id).changes.get()
    undo = {"change": change.id, "on": str(clock.today()), "reason": "写错了"}
    assert client.post(f"{page}/undo", undo).status_code == 302
    assert Address.objects.get(id=compound.id).name == "德加公寓"


def test_a_change_without_a_name_names_the_field(compound: Address, cast: Cast) -> None:
    told = {"name": "", "on": str(clock.today()), "reason": "门牌整治"}
    answer = signed_in("ADMINISTRATOR").post(f"/addresses/{compound.code}/rename", told)
    assert answer.status_code == 422
    assert 'id="rename-name-error"' in answer.content.decode()


def test_a_dispatcher_proposes_a_name_and_the_administrator_accepts_it(compound: Address, cast: Cast) -> None:
    desk, page = signed_in("DISPATCHER"), f"/addresses/{compound.code}"
    assert "Change the base" not in desk.get(page).content.decode()
    assert (
        desk.post(f"{page}/propose", {"name": "老德加", "kind": "colloquial", "reason": "都这么叫"}).status_code == 302
    )
    alias = Alias.objects.get()
    told = {"alias": str(alias.id), "reason": "已核实"}
    assert desk.post(f"{page}/accept", told).status_code == 403
    assert signed_in("ADMINISTRATOR").post(f"{page}/accept", told).status_code == 302
    assert Alias.objects.get().state == Alias.State.ACCEPTED


def test_a_code_that_is_none_is_an_unknown_page(cast: Cast) -> None:
    assert signed_in("DISPATCHER").get("/addresses/nothing").status_code == 404


@pytest.fixture
def proposed(compound: Address, cast: Cast) -> Alias:
    told = {"name": "老德加", "kind": "colloquial", "reason": "都这么叫"}
    signed_in("DISPATCHER").post(f"/addresses/{compound.code}/propose", told)
    return Alias.objects.get()


@pytest.mark.parametrize(("verb", "state"), [("accept", Alias.State.ACCEPTED), ("refuse", Alias.State.REFUSED)])
def test_a_name_is_decided_on_from_the_list_which_is_then_empty(proposed: Alias, verb: str, state: str) -> None:
    client = signed_in("ADMINISTRATOR")
    shown = client.get("/addresses/names").content.decode()
    assert "老德加" in shown
    assert "都这么叫" in shown
    assert "梅" in shown
    told = {"alias": str(proposed.id), "reason": "已核实"}
    answer = client.post(f"/addresses/{proposed.address.code}/{verb}?from=names", told, follow=True)
    assert answer.redirect_chain == [("/addresses/names", 302)]
    assert "No name waits for you" in answer.content.decode()
    assert Alias.objects.get().state == state


def test_a_name_decided_on_by_somebody_else_is_refused_with_the_reason(proposed: Alias) -> None:
    client, told = signed_in("ADMINISTRATOR"), {"alias": str(proposed.id), "reason": "已核实"}
    page = f"/addresses/{proposed.address.code}"
    client.post(f"{page}/accept?from=names", told)
    answer = client.post(f"{page}/refuse?from=names", told)
    assert answer.status_code == 422
    assert "somebody else has decided this in the meantime" in answer.content.decode()


def test_the_names_of_another_area_are_not_on_the_list(proposed: Alias, cast: Cast) -> None:
    account = Account.objects.create_user("hua", name="华")
    post(account, "ADMINISTRATOR", CUIYUAN)
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(account)
    assert "老德加" not in client.get("/addresses/names").content.decode()
    assert "老德加" not in client.get("/addresses/names.csv").content.decode()


def test_the_list_of_names_is_a_file_too(proposed: Alias) -> None:
    answer = signed_in("ADMINISTRATOR").get("/addresses/names.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    heading, line = answer.content.decode("utf-8-sig").splitlines()
    assert heading == "code,address,area,name,kind,reason,proposed_by,proposed"
    assert line.startswith(proposed.address.code)
    assert "老德加" in line


def test_the_list_of_names_is_for_administrators(proposed: Alias) -> None:
    client = signed_in("SUPERVISOR")
    assert client.get("/addresses/names").status_code == 403
    assert "/addresses/names" not in client.get("/addresses").content.decode()
    assert "/addresses/names" in signed_in("ADMINISTRATOR").get("/addresses").content.decode()
