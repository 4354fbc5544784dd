"""The people of the demo city: command centres, units on duty and their accounts. All of them are invented."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from random import Random

from django.contrib.auth.hashers import make_password
from django.db.models import Model

from anlan.city.areas.models import Area
from anlan.city.people.models import Account, Organisation, Posting, Unit
from anlan.city.people.queries import command_centres

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = ("建国", "丽华", "秀英", *"伟芳敏静强磊洋艳勇杰娟涛明超霞平刚")
DESK_NAMES = {1: "指挥中心", 2: "社会治理中心", 3: "综合信息指挥室"}
PASSWORD = "anlan-demo"
"""Of the demo accounts only; a city that is not a demo has no such account."""
RESIDENT_PHONE = "13900000000"
"""Of the demo's resident, who signs in with a code sent there; nobody has it: the code is read at the server."""
POSTED_ON = date(2023, 7, 1)
"""Since when everybody holds their post; long enough ago for a rehearsal of past years."""
DAY_SHIFT = (time(7), time(21))
"""Of the grid workers; the others are there around the clock. An assumption."""
BATCH = 2_000

# What one town has besides a worker in each grid: kind, how many, skills, how many matters at once.
TOWN_UNITS = (
    (Unit.Kind.PATROL, 6, ("patrol", "mediation", "traffic"), 2),
    (Unit.Kind.FIRE_POST, 2, ("fire", "rescue", "water"), 1),
    (Unit.Kind.DEPARTMENT_TEAM, 4, ("market", "environment", "property", "electric", "plumbing", "water"), 4),
    (Unit.Kind.VOLUNTEERS, 2, ("mediation", "medical"), 2),
)
UNIT_NAMES = {
    Unit.Kind.PATROL: "巡防{}组",
    Unit.Kind.FIRE_POST: "微型消防站{}",
    Unit.Kind.DEPARTMENT_TEAM: "综合执法{}队",
    Unit.Kind.VOLUNTEERS: "志愿服务{}队",
    Unit.Kind.GRID_WORKER: "{}网格员",
}


@dataclass
class _Staff:
    """Rows made so far; written in the order in which they need each other."""

    organisations: list[Organisation] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)


def build(*, seed: int, at: datetime, progress: Callable[[int, int], None]) -> None:
    """Staff every command centre and grid, once."""
    if Organisation.objects.exists():
        return
    random = Random(seed)
    names = (random.choice(SURNAMES) + random.choice(GIVEN) for _ in itertools.count())
    staff = _Staff()
    unusable = make_password(None)
    for area in Area.objects.filter(level__lte=3).order_by("code"):
        desk = Organisation(name=_desk_name(area), kind=Organisation.Kind.COMMAND, area=area)
        staff.organisations.append(desk)
        for role in ("DISPATCHER", "SUPERVISOR"):
            account = Account(username=f"{role.lower()}-{area.code}", name=next(names), password=unusable)
            _post(staff, account, role, area, desk)
        if area.level == 3:
            _man_the_town(staff, area, desk, random, names, unusable)
    _write(staff, progress)
    # One hash for all of them: each takes most of a second, on purpose, and this password is printed on the screen.
    password = make_password(PASSWORD)
    for username, posted in demo_accounts():
        Account.objects.filter(username=posted).update(username=username, password=password)
    admin = Account.objects.create(username="admin", password=password, is_superuser=True, is_staff=True)
    town_admin = Account.objects.create(username="town-admin", password=password, name="何敏")
    for account, code in ((admin, "3301"), (town_admin, "330106013")):
        area = Area.objects.get(code=code)
        Posting.objects.create(account=account, role="ADMINISTRATOR", area=area, starts=POSTED_ON)
    Account.objects.create(
        username="resident", password=password, kind=Account.Kind.RESIDENT, name="王秀英", phone=RESIDENT_PHONE
    )
    command_centres.cache_clear()


def demo_accounts() -> list[tuple[str, str]]:
    """The accounts a newcomer is shown: the name to sign in with, and the post it was made from."""
    return [
        ("dispatcher", "dispatcher-330106013"),
        ("supervisor", "supervisor-330106013"),
        ("district", "supervisor-330106"),
        ("city", "supervisor-3301"),
        ("responder", "unit-330106013-patrol-1"),
    ]


def _desk_name(area: Area) -> str:
    return f"{area.name}{DESK_NAMES[area.level]}"


def _man_the_town(
    staff: _Staff,
    town: Area,
    desk: Organisation,
    random: Random,
    names: Iterator[str],
    password: str,
) -> None:
    grids = list(Area.objects.filter(path__within=town.path, level=5).order_by("code"))
    for grid in grids:
        unit = _unit(Unit.Kind.GRID_WORKER, grid.code, grid, desk, ("patrol",), 3, grid)
        _join(staff, unit, f"grid-{grid.code}", next(names), password, grid, desk)
    for kind, count, skills, capacity in TOWN_UNITS:
        for number in range(1, count + 1):
            base = random.choice(grids)
            unit = _unit(kind, str(number), town, desk, skills, capacity, base)
            _join(staff, unit, f"unit-{town.code}-{kind}-{number}", next(names), password, town, desk)


def _unit(
    kind: Unit.Kind, label: str, home: Area, desk: Organisation, skills: tuple[str, ...], capacity: int, base: Area
) -> Unit:
    name = UNIT_NAMES[kind].format(home.name if kind == Unit.Kind.GRID_WORKER else label)
    return Unit(
        name=name,
        kind=kind,
        organisation=desk,
        home=home,
        skills=list(skills),
        capacity=capacity,
        shift_start=DAY_SHIFT[0] if kind == Unit.Kind.GRID_WORKER else None,
        shift_end=DAY_SHIFT[1] if kind == Unit.Kind.GRID_WORKER else None,
        on_duty=True,
        lon=base.lon,
        lat=base.lat,
    )


def _join(
    staff: _Staff,
    unit: Unit,
    username: str,
    name: str,
    password: str,
    area: Area,
    desk: Organisation,
) -> None:
    staff.units.append(unit)
    account = Account(username=username, name=name, password=password)
    _post(staff, account, "RESPONDER", area, desk, unit)


def _post(
    staff: _Staff,
    account: Account,
    role: str,
    area: Area,
    desk: Organisation,
    unit: Unit | None = None,
) -> None:
    staff.accounts.append(account)
    staff.postings.append(
        Posting(account=account, role=role, area=area, organisation=desk, unit=unit, starts=POSTED_ON)
    )


def _write(staff: _Staff, progress: Callable[[int, int], None]) -> None:
    groups: tuple[Sequence[Model], ...] = (staff.organisations, staff.accounts, staff.units, staff.postings)
    done, total = 0, sum(len(rows) for rows in groups)
    for rows in groups:
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            type(batch[0])._default_manager.bulk_create(batch)
            done += len(batch)
            progress(done, total)
