"""A synthetic base over the areas of the demonstration city: invented roads, compounds, shops and their rooms.

Areas are the real ones; everything below them is drawn from a seed and no real address. Names are put together from
syllables, so that, as in any city, many sound or look alike.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import count, islice
from math import ceil
from random import Random
from typing import Final

from anlan.city.addresses.landing import BATCH, Given, Landed, land
from anlan.city.addresses.models import Address, Level
from anlan.city.areas.atlas import Atlas, atlas
from anlan.city.areas.geometry import Point
from anlan.foundation import freshness

SOURCE: Final = "合成数据，非真实地址"
LISTED_ON: Final = date(2024, 1, 1)
ADDRESSES_A_COMMUNITY: Final = 60
"""A small base is complete in a few communities instead of thin in all."""
IN_THE_DEMO: Final = 20_000
A_COMMUNITY_IN_THE_DEMO: Final = 6
"""There people speak of addresses all over the city."""
MOST_OF_A_COMPOUND: Final = 120
TOPIC: Final = "addresses"

_FIRST: Final = "文新学府天目古墩丰潭莫干竞舟申花益乐翠柏枫桂兰荷梅竹松云溪泉湖江河塘浦港嘉和瑞祥康安宁永昌兴盛德仁"
_SECOND: Final = "苑园华景锦绣星辰明月清秀雅丽佳泰鸿飞龙凤鹤鸣春晖秋实东南西北源远长青山水石林泽润沁香怡悦欣馨"
_ROADS: Final = ("路", "路", "路", "街", "巷", "大道", "弄")
_TURNS: Final = ("", "", "", "", "", "", "东", "西", "南", "北", "一", "二")
_COMPOUNDS: Final = ("花园", "公寓", "苑", "小区", "家园", "新村", "名邸", "府", "城", "里")
_SHOPS: Final = (
    "面馆",
    "便利店",
    "药房",
    "水果店",
    "理发店",
    "棋牌室",
    "五金店",
    "健身馆",
    "幼儿园",
    "快递站",
    "大厦",
    "市场",
)


def synthetic(n: int, seed: int, areas: Atlas, *, a_community: int = ADDRESSES_A_COMMUNITY) -> Iterator[Given]:
    """`n` addresses that nobody has, as a stream: mostly rooms, one in twenty a shop, houses by number in villages;
    in as many communities as have `a_community` each.

    The same areas, `n`, `a_community` and seed give the same addresses. Districts, towns and roads come with them as
    they land, so that the base then holds about a tenth more.
    """
    communities = sorted(code for code in areas.paths if len(code) == len("330106013001"))
    if not communities or n <= 0:
        return
    Random(seed).shuffle(communities)
    chosen = communities[: max(1, ceil(n / a_community))]
    each, more = divmod(n, len(chosen))
    roads = {code: _roads(code, seed) for code in {community[:6] for community in chosen}}
    for place, code in enumerate(chosen):
        random = Random(f"{seed}-{code}")
        named = (
            _village(code, areas, random)
            if areas.names[code].endswith("村")
            else _compounds(code, areas, roads[code[:6]], random)
        )
        yield from islice(named, each + (place < more))


def build(*, seed: int, at: datetime, progress: Callable[[int, int], None]) -> None:
    """The demonstration city's base: thin, but with some addresses in nearly every community."""
    fill(IN_THE_DEMO, seed=seed, a_community=A_COMMUNITY_IN_THE_DEMO, progress=progress)


def fill(
    n: int,
    *,
    seed: int,
    a_community: int = ADDRESSES_A_COMMUNITY,
    on: date = LISTED_ON,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Landed:
    """Put a synthetic base where there is none yet."""
    landed = Landed()
    if Address.objects.exists():
        return landed
    rows, done = synthetic(n, seed, atlas(), a_community=a_community), 0
    while batch := list(islice(rows, BATCH)):
        landed.add(land(batch, atlas(), source=SOURCE, on=on))
        done += len(batch)
        progress(done, n)
    freshness.changed(TOPIC)
    return landed


def _stem(random: Random) -> str:
    return random.choice(_FIRST) + random.choice(_SECOND)


def _roads(district: str, seed: int) -> list[str]:
    """The roads of a district, each name once."""
    random = Random(f"{seed}-roads-{district}")
    names = (_stem(random) + random.choice(_TURNS) + random.choice(_ROADS) for _ in range(400))
    return list(dict.fromkeys(names))


def _around(code: str, areas: Atlas) -> list[Point]:
    """Points in the grids of a community, or its own; none where nothing is drawn."""
    inside = [areas.points[grid] for grid in areas.children.get(code, ()) if grid in areas.points]
    return inside or ([areas.points[code]] if code in areas.points else [])


def _near(points: list[Point], random: Random, *, degrees: float) -> Point | tuple[None, None]:
    if not points:
        return None, None
    lon, lat = random.choice(points)
    return round(lon + random.uniform(-degrees, degrees), 6), round(lat + random.uniform(-degrees, degrees), 6)


def _village(code: str, areas: Atlas, random: Random) -> Iterator[Given]:
    """Houses by number, in hamlets of some dozens."""
    points = _around(code, areas)
    used: set[str] = set()
    for turn in count():
        hamlet = _stem(random) + random.choice(("坞", "埠", "坪", "桥头", "畈"))
        hamlet += str(turn) if hamlet in used else ""
        used.add(hamlet)
        for house in range(1, random.randint(30, 90)):
            lon, lat = _near(points, random, degrees=0.001)
            yield Given(code, {Level.COMPOUND: hamlet, Level.NUMBER: str(house)}, lon, lat)


def _compounds(code: str, areas: Atlas, roads: list[str], random: Random) -> Iterator[Given]:
    """Compounds at a road, floor by floor, with shops along the road."""
    points = _around(code, areas)
    near = random.sample(roads, 6)
    used: set[str] = set()
    for turn in count():
        compound = _stem(random) + random.choice(_COMPOUNDS)
        # Counted in Chinese letters, as second and third phases are.
        compound += f"{turn}期" if compound in used else ""
        used.add(compound)
        at = {Level.ROAD: random.choice(near), Level.NUMBER: str(random.randint(1, 999))}
        centre = [
            point for point in (_near(points, random, degrees=0.0005),) if point[0] is not None and point[1] is not None
        ]
        for rooms, (building, unit, floor, room) in enumerate(_rooms(random)):
            if rooms >= MOST_OF_A_COMPOUND:
                break
            # Rooms of a building stand on each other.
            spread = Random(f"{compound}-{building}")
            lon, lat = _near(centre, spread, degrees=0.0004)
            if random.random() < 0.05:
                shop = _stem(random) + random.choice(_SHOPS)
                yield Given(
                    code,
                    {Level.ROAD: at[Level.ROAD], Level.NUMBER: str(random.randint(1, 999)), Level.POI: shop},
                    lon,
                    lat,
                )
                continue
            names = at | {Level.COMPOUND: compound, Level.BUILDING: str(building), Level.ROOM: f"{floor}{room:02d}"}
            yield Given(code, names | ({Level.UNIT: str(unit)} if unit else {}), lon, lat)


def _rooms(random: Random) -> Iterator[tuple[int, int, int, int]]:
    """Building, unit (0 where a building has none), floor and room."""
    units, floors, rooms = random.choice(((1, 18, 4), (2, 6, 2), (3, 6, 2), (2, 11, 2), (0, 24, 6)))
    for building in count(1):
        for unit in range(1, units + 1) if units else (0,):
            for floor in range(1, floors + 1):
                for room in range(1, rooms + 1):
                    # A storey in three is empty: a base is never complete.
                    if random.random() < 0.67:
                        yield building, unit, floor, room
