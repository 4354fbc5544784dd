"""Renamed, merged, split, demolished, and taken back; other names with their review."""

from dataclasses import replace
from datetime import date

import pytest
from django.db import ProgrammingError, transaction

from anlan.city.addresses import aliases, changes
from anlan.city.addresses.access import CannotChange, NotYours
from anlan.city.addresses.changes import Decision, Part
from anlan.city.addresses.landing import Given, land
from anlan.city.addresses.models import Address, AddressChange, Alias, Level
from anlan.city.addresses.queries import Name, by_code, known_as, leads_to, names, nearest
from anlan.city.areas.atlas import atlas
from anlan.city.audit.models import AuditEntry
from anlan.city.people.access import actor_of, scope_of, scoped, system
from anlan.city.people.models import Account
from tests.cast import CUIYUAN, WENXIN, Cast, post

DAY = date(2026, 3, 1)
HERE = "330106013001"


@pytest.fixture
def mei(cast: Cast) -> Decision:
    """Administers Wenxin."""
    account = Account.objects.create_user("mei", name="梅")
    post(account, "ADMINISTRATOR", WENXIN)
    post(account, "ADMINISTRATOR", "3301.330106")
    return Decision(actor_of(account, on=DAY), DAY, DAY, "门牌整治")


@pytest.fixture(autouse=True)
def _base(db: None) -> None:
    atlas.cache_clear()
    rows = [
        Given(
            HERE,
            {
                Level.ROAD: "文一西路",
                Level.NUMBER: number,
                Level.COMPOUND: compound,
                Level.BUILDING: building,
                Level.ROOM: room,
            },
            120.1,
            30.29,
        )
        for number, compound, building, room in [
            ("98", "德加公寓", "1", "101"),
            ("98", "德加公寓", "1", "102"),
            ("98", "德加公寓", "2", "101"),
            ("100", "得加公寓", "1", "101"),
            ("100", "得加公寓", "1", "103"),
            ("100", "得加公寓", "3", "301"),
        ]
    ]
    land(rows, atlas(), source="test", on=DAY)


def compound(name: str = "德加公寓") -> Address:
    return Address.objects.get(level=Level.COMPOUND, name=name)


def snapshot() -> list[tuple[object, ...]]:
    columns = ("code", "parent", "name", "text", "road", "number", "compound", "building", "status", "valid_until")
    return sorted(Address.objects.filter(status="in_use").values_list(*columns), key=str)


def texts() -> list[str]:
    return sorted(Address.objects.filter(level=Level.ROOM, status="in_use").values_list("text", flat=True))


def test_a_renamed_compound_keeps_its_code_and_its_old_name_leads_to_it(mei: Decision) -> None:
    code = compound().code
    changes.rename(compound(), "德加花园", mei)
    assert compound("德加花园").code == code
    assert sum("98号德加花园1幢" in text for text in texts()) == 2
    assert [each.code for each in known_as("德加公寓", "330106")] == [code]
    assert Name(Level.COMPOUND, "德加公寓", "德加花园", "330106") in set(names())


def test_a_renamed_road_is_renamed_in_the_compounds_along_it(mei: Decision) -> None:
    changes.rename(Address.objects.get(level=Level.ROAD), "文二西路", mei)
    assert all("文二西路" in text for text in texts())
    assert not Address.objects.filter(road="文一西路").exists()


def test_a_name_that_a_neighbour_has_is_refused(mei: Decision) -> None:
    with pytest.raises(CannotChange, match="merge them instead"):
        changes.rename(compound(), "得加公寓", mei)


def test_merging_moves_what_is_new_and_merges_what_both_have(mei: Decision) -> None:
    old, new = compound("得加公寓"), compound()
    twice = Address.objects.get(level=Level.ROOM, compound="得加公寓", room="101")
    changes.merge(old, new, mei)
    assert sorted(text.partition("德加公寓")[2] for text in texts()) == [
        "1幢101室",
        "1幢102室",
        "1幢103室",
        "2幢101室",
        "3幢301室",
    ]
    found = by_code(old.code)
    assert found is not None
    assert leads_to(found) == [new]
    (room,) = leads_to(Address.objects.get(id=twice.id))
    assert room.text.endswith("德加公寓1幢101室")


def test_a_demolished_building_leads_nowhere(mei: Decision) -> None:
    building = Address.objects.get(level=Level.BUILDING, compound="德加公寓", building="1")
    changes.demolish(building, mei)
    building.refresh_from_db()
    assert leads_to(building) == []
    assert Address.objects.filter(status="demolished", valid_until=DAY).count() == 3


def test_a_split_compound_leads_to_its_parts(mei: Decision) -> None:
    own = compound()
    one, two = Address.objects.filter(parent=own).order_by("building")
    changes.split(own, [Part("德加东苑", (one.id,)), Part("德加西苑", (two.id,))], mei)
    own.refresh_from_db()
    assert [each.name for each in leads_to(own)] == ["德加东苑", "德加西苑"]
    assert sum("德加东苑1幢" in text for text in texts()) == 2


def test_a_split_that_forgets_a_building_is_refused(mei: Decision) -> None:
    with pytest.raises(CannotChange, match="exactly one part"):
        changes.split(compound(), [Part("德加东苑"), Part("德加西苑")], mei)


def test_every_change_can_be_taken_back(mei: Decision) -> None:
    own, other = compound("得加公寓"), compound()
    children = tuple(Address.objects.filter(parent=own).order_by("building").values_list("id", flat=True))
    before = snapshot()
    acts = {
        "rename": lambda: changes.rename(compound("得加公寓"), "得佳公寓", mei),
        "rename a road": lambda: changes.rename(Address.objects.get(level=Level.ROAD), "文二西路", mei),
        "merge": lambda: changes.merge(compound("得加公寓"), other, mei),
        "split": lambda: changes.split(
            compound("得加公寓"), [Part("甲苑", children[:1]), Part("乙苑", children[1:])], mei
        ),
        "demolish": lambda: changes.demolish(compound("得加公寓"), mei),
    }
    for act, do in acts.items():
        change = do()
        assert snapshot() != before, act
        undone = changes.undo(change, mei)
        assert snapshot() == before, act
        assert undone.undoes == change
        with pytest.raises(CannotChange):
            changes.undo(change, mei)


def test_a_merge_of_roads_takes_numbers_and_compounds_along_and_back(mei: Decision) -> None:
    land(
        [
            Given(HERE, {Level.ROAD: "文溢西路", Level.NUMBER: n, Level.COMPOUND: c})
            for n, c in [("98", "甲苑"), ("5", "乙苑")]
        ],
        atlas(),
        source="test",
        on=DAY,
    )
    before = snapshot()
    wrong, right = (Address.objects.get(level=Level.ROAD, name=name) for name in ("文溢西路", "文一西路"))
    change = changes.merge(wrong, right, mei)
    assert not Address.objects.filter(road="文溢西路", status="in_use").exists()
    assert Address.objects.get(name="乙苑").text.endswith("文一西路5号乙苑")
    changes.undo(change, mei)
    assert snapshot() == before


def test_only_the_latest_change_is_taken_back(mei: Decision) -> None:
    first = changes.rename(compound(), "德加花园", mei)
    changes.rename(compound("德加花园"), "德加名邸", mei)
    with pytest.raises(CannotChange, match="only the latest"):
        changes.undo(first, mei)


def test_who_does_not_administer_the_area_changes_nothing(cast: Cast, mei: Decision) -> None:
    account = Account.objects.create_user("lan", name="兰")
    post(account, "ADMINISTRATOR", CUIYUAN)
    for actor in (cast.chen, actor_of(account, on=DAY)):
        with pytest.raises(NotYours):
            changes.rename(compound(), "德加花园", replace(mei, by=actor))
    assert not AddressChange.objects.exists()


@pytest.mark.parametrize(("field", "value"), [("on", date(2026, 3, 2)), ("reason", " ")])
def test_a_day_to_come_and_a_missing_reason_are_refused(mei: Decision, field: str, value: object) -> None:
    with pytest.raises(CannotChange) as refused:
        changes.demolish(compound(), replace(mei, **{field: value}))  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_change_stands_in_the_audit_log(mei: Decision) -> None:
    changes.rename(compound(), "德加花园", mei)
    with scoped(scope_of(system())):
        entry = AuditEntry.objects.get(what="addresses.address")
    assert (entry.verb, entry.account, entry.difference["name"]) == ("rename", "mei", ["德加公寓", "德加花园"])


def test_a_name_counts_once_it_is_accepted(cast: Cast, mei: Decision) -> None:
    alias = aliases.propose(compound(), "老德加", Alias.Kind.COLLOQUIAL, by=cast.chen, reason="居民都这么叫")
    assert not known_as("老德加").exists()
    with pytest.raises(NotYours):
        aliases.accept(alias, by=cast.chen, reason="对")
    aliases.accept(alias, by=mei.by, reason="已核实")
    assert known_as("老德加").get() == compound()
    aliases.withdraw(alias, by=mei.by, reason="没人这么叫了")
    assert not known_as("老德加").exists()


def test_a_name_is_decided_once(cast: Cast, mei: Decision) -> None:
    alias = aliases.propose(compound(), "老德加", Alias.Kind.COLLOQUIAL, by=cast.chen, reason="居民都这么叫")
    with pytest.raises(CannotChange, match="already"):
        aliases.propose(compound(), "老德加", Alias.Kind.COLLOQUIAL, by=cast.chen, reason="再提")
    aliases.refuse(alias, by=mei.by, reason="查无此名")
    with pytest.raises(CannotChange, match="in the meantime"):
        aliases.accept(alias, by=mei.by, reason="已核实")


def test_the_nearest_addresses_come_first() -> None:
    far = Given(HERE, {Level.COMPOUND: "远苑"}, 120.2, 30.29)
    land([far], atlas(), source="test", on=DAY)
    found = nearest(120.2, 30.2901, limit=2)
    assert found[0][1].name == "远苑"
    assert 5 < found[0][0] < 20
    assert found[1][0] > 9_000


@pytest.mark.parametrize(
    "statement", ["DELETE FROM addresses_address", "UPDATE addresses_addresschange SET reason = ''"]
)
def test_nothing_is_removed_and_no_history_rewritten(statement: str) -> None:
    from django.db import connection

    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
