"""The small town in which the tests play, and the people in it.

Wenxin (文新) is a street of Xihu district with two communities; Cuiyuan (翠苑) is its neighbour.
Chen directs at Wenxin's desk, Wu leads it, Li walks a grid there; Zhou directs at Cuiyuan's desk; Sun oversees the
district; Grandma Wang reports.
"""

from datetime import date
from functools import cached_property

from anlan.city.areas.models import Area
from anlan.city.people import access
from anlan.city.people.access import Actor
from anlan.city.people.models import Account, Organisation, Posting, Unit
from anlan.loop import clock
from anlan.loop.engine import Opening

CITY = "3301"
DISTRICT = "3301.330106"
WENXIN = "3301.330106.330106013"
CUIYUAN = "3301.330106.330106004"
COMMUNITY = f"{WENXIN}.330106013001"
GRID = f"{COMMUNITY}.330106013001001"
CUIYUAN_GRID = f"{CUIYUAN}.330106004001.330106004001001"

_NAMES = {
    CITY: ("杭州市", "市"),
    DISTRICT: ("西湖区", "区"),
    WENXIN: ("文新街道", "街道"),
    COMMUNITY: ("德加社区", "社区"),
    GRID: ("第一网格", "网格"),
    CUIYUAN: ("翠苑街道", "街道"),
    f"{CUIYUAN}.330106004001": ("翠苑一区社区", "社区"),
    CUIYUAN_GRID: ("第一网格", "网格"),
}


def build_town() -> None:
    """Areas, offices, units and accounts; committed once for all tests."""
    for path, (name, kind) in _NAMES.items():
        labels = path.split(".")
        Area.objects.create(
            code=labels[-1],
            path=path,
            level=len(labels),
            parent_id=labels[-2] if len(labels) > 1 else None,
            name=name,
            kind=kind,
            lon=120.10,
            lat=30.29,
            valid_from=date(2020, 1, 1),
        )
    _desk("文新街道综合信息指挥室", WENXIN, "chen", "DISPATCHER")
    _desk("翠苑街道综合信息指挥室", CUIYUAN, "zhou", "DISPATCHER")
    _desk("西湖区社会治理中心", DISTRICT, "sun", "SUPERVISOR")
    post(_account("wu"), "SUPERVISOR", WENXIN)
    for name, area in (("li", GRID), ("he", GRID), ("qian", CUIYUAN_GRID)):
        organisation = Organisation.objects.get(area__path=".".join(area.split(".")[:3]), kind="command")
        unit = Unit.objects.create(
            name=f"{name} 网格员",
            kind="grid_worker",
            organisation=organisation,
            home=Area.objects.get(path=area),
            skills=["patrol"],
            on_duty=True,
            lon=120.10,
            lat=30.29,
        )
        post(_account(name), "RESPONDER", area, organisation=organisation, unit=unit)
    _account("wang")


def _account(username: str) -> Account:
    return Account.objects.create_user(username, name=f"{username} 名", phone="13800000000")


def _desk(name: str, area: str, username: str, role: str) -> None:
    organisation = Organisation.objects.create(name=name, kind="command", area=Area.objects.get(path=area))
    post(_account(username), role, area, organisation=organisation)


def post(
    account: Account,
    role: str,
    area: str,
    *,
    organisation: Organisation | None = None,
    unit: Unit | None = None,
) -> Posting:
    return Posting.objects.create(
        account=account,
        role=role,
        area=Area.objects.get(path=area),
        organisation=organisation,
        unit=unit,
        starts=date(2020, 1, 1),
    )


class Cast:
    """Actors by name: `cast.chen`, `cast.li` …"""

    def _of(self, username: str) -> Actor:
        return access.actor_of(Account.objects.get(username=username), on=clock.today())

    @cached_property
    def chen(self) -> Actor:
        """Dispatcher at Wenxin's desk."""
        return self._of("chen")

    @cached_property
    def zhou(self) -> Actor:
        """Dispatcher at Cuiyuan's desk."""
        return self._of("zhou")

    @cached_property
    def wu(self) -> Actor:
        """Supervisor of Wenxin."""
        return self._of("wu")

    @cached_property
    def sun(self) -> Actor:
        """Supervisor of the district."""
        return self._of("sun")

    @cached_property
    def li(self) -> Actor:
        """Grid worker in Wenxin."""
        return self._of("li")

    @cached_property
    def he(self) -> Actor:
        """Another grid worker in Wenxin."""
        return self._of("he")

    @cached_property
    def qian(self) -> Actor:
        """Grid worker in Cuiyuan."""
        return self._of("qian")

    @cached_property
    def wang(self) -> Actor:
        """A resident with an account."""
        return self._of("wang")

    @staticmethod
    def unit(actor: Actor) -> str:
        """The unit a responder belongs to."""
        return str(next(held.unit_id for held in actor.held if held.unit_id))


def lamp(area: str = GRID, **changes: object) -> Opening:
    """A broken street lamp."""
    given = {
        "area": area,
        "channel": "web",
        "title": "路灯不亮",
        "klass": "ordinary",
        "category": "city.lighting",
        "severity": 1,
        **changes,
    }
    return Opening(**given)  # type: ignore[arg-type]
