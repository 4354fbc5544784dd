"""Who administers in the tests: feng the street of Wenxin, mei the city; and what the addresses need."""

from django.test import Client

from anlan.city.audit.models import AuditEntry
from anlan.city.people import access
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.city.people.models import Account, Organisation, Posting, Unit
from anlan.loop import clock
from anlan.loop.administering import mark_of
from anlan.services.dispatch.models import Route
from tests.cast import CITY, WENXIN, post

GRID_CODE = "330106013001001"
COMMUNITY_CODE = "330106013001"


def administrator(username: str = "feng", area: str = WENXIN) -> Account:
    """An account that administers an area."""
    account = Account.objects.filter(username=username).first() or Account.objects.create_user(username, name=username)
    if not account.postings.exists():
        post(account, "ADMINISTRATOR", area)
    return account


def of_the_city() -> Account:
    return administrator("mei", CITY)


def acting(account: Account) -> Actor:
    return access.actor_of(account, on=clock.today())


def browser(account: Account, language: str = "en") -> Client:
    client = Client(headers={"Accept-Language": language})
    client.force_login(account)
    return client


def written() -> list[AuditEntry]:
    """The audit log, whole."""
    with scoped(scope_of(access.system())):
        return list(AuditEntry.objects.order_by("seq"))


def told(instance: object, **said: object) -> dict[str, object]:
    """What a form sends: the mark of what it has shown, and a reason."""
    return {"mark": mark_of(instance), "reason": "为了测试", **said}  # type: ignore[arg-type]


class Known:
    """Things of Wenxin to change."""

    def __init__(self) -> None:
        self.office = Organisation.objects.get(name="文新街道综合信息指挥室")
        self.unit = Unit.objects.get(name="he 网格员")
        self.account = Account.objects.get(username="li")
        self.posting = Posting.objects.get(account__username="chen")
        self.route = Route.objects.create(category="city.lighting", area=WENXIN, unit=self.unit)
