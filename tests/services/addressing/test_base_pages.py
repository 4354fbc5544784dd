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


@pytest.fixture
def buildings(compound: Address) -> list[Address]:
    """Two buildings right below the compound."""
    names = {Level.ROAD: "文一西路", Level.NUMBER: "98", Level.COMPOUND: "德加公寓"}
    given = [Given("330106013001", {**names, Level.BUILDING: n}) for n in ("1", "2")]
    land(given, atlas(), source="test", on=date(2024, 1, 1))
    return list(Address.objects.filter(level=Level.BUILDING).order_by("code"))


def split(buildings: list[Address], *parts: str, **more: str) -> dict[str, str]:
    given = {f"child-{each.id}": part for each, part in zip(buildings, parts, strict=True)}
    told = {"part-1": "德加东苑", "part-2": "德加西苑", "on": str(clock.today()), "reason": "分开管理"}
    return told | given | more


def test_an_address_is_split_by_giving_out_what_lies_below_and_that_is_taken_back(
    compound: Address, buildings: list[Address], cast: Cast
) -> None:
    client, page = signed_in("ADMINISTRATOR"), f"/addresses/{compound.code}"
    assert "Split into several" in client.get(page).content.decode()
    assert client.post(f"{page}/split", split(buildings, "1", "2")).status_code == 302
    homes = [Address.objects.get(id=each.id).parent for each in buildings]
    assert [each.name for each in homes if each] == ["德加东苑", "德加西苑"]
    shown = client.get(page).content.decode()
    assert "德加东苑" in shown
    change = Address.objects.get(id=compound.id).changes.get()
    told = {"change": str(change.id), "on": str(clock.today()), "reason": "不分了"}
    assert client.post(f"{page}/undo", told).status_code == 302
    assert Address.objects.get(id=compound.id).status == Address.Status.IN_USE
    assert all(Address.objects.get(id=each.id).parent_id == compound.id for each in buildings)


@pytest.mark.parametrize(
    ("parts", "more", "why"),
    [
        (("1", ""), {}, "choose a part for 2幢"),
        (("1", "9"), {}, "choose a part for 2幢"),
        (("1", "3"), {}, "part 3 has addresses and no name"),
        (("1", "1"), {"part-2": ""}, "an address is split into two or more"),
        (("1", "2"), {"part-2": "德加东苑"}, "every part needs a name of its own"),
    ],
)
def test_a_split_that_leaves_something_open_is_refused_and_keeps_what_was_typed(
    compound: Address, buildings: list[Address], cast: Cast, parts: tuple[str, str], more: dict[str, str], why: str
) -> None:
    answer = signed_in("ADMINISTRATOR").post(f"/addresses/{compound.code}/split", split(buildings, *parts, **more))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert why in page
    assert 'value="德加东苑"' in page
    assert Address.objects.get(id=compound.id).status == Address.Status.IN_USE


def test_only_its_administrator_splits_an_address(compound: Address, buildings: list[Address], cast: Cast) -> None:
    desk = signed_in("DISPATCHER")
    assert "Split into several" not in desk.get(f"/addresses/{compound.code}").content.decode()
    assert desk.post(f"/addresses/{compound.code}/split", split(buildings, "1", "2")).status_code == 403
