"""Addresses in a rehearsal: drawn by seed from where somebody lives, and found in what people write."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from anlan.city.addresses.landing import Given, land
from anlan.city.addresses.models import Address, Level
from anlan.city.addresses.resolving import lookups
from anlan.city.areas.atlas import atlas
from anlan.insight.indicators import Share, addresses_resolved
from anlan.insight.rehearsal.addresses import spoken_of, verdicts_on, with_addresses
from anlan.insight.rehearsal.arrivals import Arrival

GRID, ELSEWHERE = "330106013001001", "330106004001001"


@pytest.fixture
def base(db: None) -> Iterator[None]:
    names = {Level.ROAD: "文一西路", Level.NUMBER: "98", Level.COMPOUND: "德加公寓", Level.BUILDING: "3"}
    rows = [Given("330106013001", {**names, Level.ROOM: str(room)}, 120.1, 30.29) for room in range(101, 109)]
    land(rows, atlas(), source="test", on=date(2024, 1, 1))
    Address.objects.filter(community="330106013001").update(grid=GRID)
    lookups.names.cache_clear()
    yield
    lookups.names.cache_clear()


def arrivals(area: str, count: int = 60) -> list[Arrival]:
    return [Arrival(datetime(2026, 3, 2, tzinfo=UTC), "路灯不亮", "", "web", area)] * count


@pytest.mark.usefixtures("base")
def test_the_same_seed_tells_the_same_addresses_and_only_some_tell_one() -> None:
    told = with_addresses(arrivals(GRID), seed=7)
    assert told == with_addresses(arrivals(GRID), seed=7)
    assert told != with_addresses(arrivals(GRID), seed=8)
    assert 0 < sum(bool(each.address) for each in told) < len(told)
    assert {each.area for each in told} == {GRID}


@pytest.mark.usefixtures("base")
def test_some_are_told_badly_and_none_is_lost_altogether() -> None:
    told = {each.address for each in with_addresses(arrivals(GRID), seed=7)}
    official = set(Address.objects.values_list("text", flat=True))
    assert told & official
    assert told - official - {""}
    assert all(len(text.strip()) > 3 for text in told - {""})


@pytest.mark.usefixtures("base")
def test_where_the_base_knows_nothing_nobody_speaks_of_an_address() -> None:
    assert with_addresses(arrivals(ELSEWHERE), seed=7) == arrivals(ELSEWHERE)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("您好，枫林二路366号门口路灯不亮。", "枫林二路366号"),
        ("路灯三天不亮了，请尽快处理！", ""),
        ("", ""),
        ("1" * 10_000, ""),
    ],
)
def test_what_reads_like_an_address_is_found_in_a_text(text: str, spoken: str) -> None:
    assert spoken_of(text) == spoken


@pytest.mark.usefixtures("base")
def test_only_texts_with_an_address_are_counted() -> None:
    assert verdicts_on(["文一西路98号德加公寓3幢漏水", "谢谢", "枫林二路366号有积水"]).keys() <= {
        "exact",
        "resolved",
        "unknown",
    }
    assert verdicts_on(["谢谢"]).total() == 0


def test_resolved_ambiguous_and_unknown_add_up_to_what_was_told() -> None:
    shares = addresses_resolved({"exact": 3, "resolved": 4, "ambiguous": 2, "unknown": 1, "outside": 1})
    assert shares == (Share(7, 11), Share(2, 11), Share(2, 11))
