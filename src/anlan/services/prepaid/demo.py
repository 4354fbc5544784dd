"""The demo city's cards: a salon, a gym and a canteen, with cards bought, used, refused and given back.

All of it is made up. The cards belong to the demo's resident; the salon's till and staff are the demo's own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import SUPERVISOR, Actor, actor_of
from anlan.city.people.models import Account, Posting
from anlan.loop import clock
from anlan.services.prepaid.access import Counter
from anlan.services.prepaid.cards import buying, confirming, repaying, using
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.cards.schemas import Buying, Proposal
from anlan.services.prepaid.merchants import actions as merchants
from anlan.services.prepaid.merchants.models import Merchant, Shop
from anlan.services.prepaid.merchants.schemas import MerchantIn, ShopIn
from anlan.services.prepaid.offers import actions as offers
from anlan.services.prepaid.offers.models import Offer
from anlan.services.prepaid.offers.schemas import OfferIn

TERMS: Final = {
    "content": "门店公示的服务项目，质量以公示标准为准",
    "refund_way": "未消费余额按已消费的实际价格结算，退回原付款账户",
    "breach_liability": "未按约定提供服务的，退还余额并承担违约责任",
}
STEPS: Final = 3


@dataclass(frozen=True)
class _Made:
    """A merchant of the demo: what it is called, what it sells, and what a use of it is and costs."""

    code: str
    name: str
    trade: Merchant.Trade
    offer: dict[str, Any]
    item: str
    price: int


MADE: Final[Sequence[_Made]] = (
    _Made(
        "91330106MA2DEMA10Y",
        "青丝美发（演示）",
        Merchant.Trade.HAIR,
        {"kind": "discount", "name": "八折储值卡", "price": 100_000, "discount_percent": 80},
        "洗剪吹",
        20_000,
    ),
    _Made(
        "91330106MA2DEMA200",
        "健行健身（演示）",
        Merchant.Trade.FITNESS,
        {"kind": "sessions", "name": "私教十次卡", "price": 200_000, "sessions": 10, "session_price": 28_000},
        "私教课",
        0,
    ),
    _Made(
        "91330106MA2DEMA301",
        "邻里食堂（演示）",
        Merchant.Trade.CATERING,
        {"kind": "gift", "name": "充三百送三十", "price": 30_000, "gift": 3_000, "refund_at_used_price": True},
        "午餐",
        1_500,
    ),
)


def build(*, seed: int, at: datetime, progress: Callable[[int, int], None]) -> None:
    """Once, in the town of the demo's supervisor; nothing where there is none."""
    supervisor = Posting.objects.filter(account__username="supervisor", role=SUPERVISOR.name).first()
    resident = Account.objects.filter(username="resident").first()
    if supervisor is None or resident is None or Merchant.objects.exists():
        return
    by, consumer = (actor_of(each, on=clock.today()) for each in (supervisor.account, resident))
    area, random = _community(supervisor.area.path), Random(seed)
    for done, made in enumerate(MADE):
        shop, offer, counter = _open(made, area, by, clock.local(at).date())
        _use(made, shop, offer, counter, consumer, random, key=f"demo-{seed}-{made.code}")
        progress(done + 1, STEPS)


def _community(town: str) -> str:
    """The code of the first community of a town, or the town's own where it has none."""
    below = sorted(path for path in atlas().paths.values() if path.rpartition(".")[0] == town)
    return (below or [town])[0].rpartition(".")[2]


def _open(made: _Made, area: str, by: Actor, today: date) -> tuple[Shop, Offer, Counter]:
    licensed, opened = today - timedelta(days=900), today - timedelta(days=800)
    merchant = merchants.register(
        MerchantIn(
            name=made.name,
            credit_code=made.code,
            kind=Merchant.Kind.ENTERPRISE,
            trade=made.trade,
            area=area,
            licensed_on=licensed,
            third_party_custody=True,
        ),
        by=by,
    )
    shop = merchants.add_shop(merchant, ShopIn(name=made.name, area=area, opened_on=opened), by=by)
    assert by.account_id is not None  # who holds a posting has an account
    counter = Counter(merchant.id, by.account_id, owner=True)
    return shop, offers.publish(counter, OfferIn(**TERMS, **made.offer)), counter


def _use(made: _Made, shop: Shop, offer: Offer, counter: Counter, consumer: Actor, random: Random, *, key: str) -> None:
    """Two cards: one is used a few times and has something waiting, the other is given back unused."""
    card, unused = (
        buying.buy(Buying(offer=offer.id, shop=shop.id), by=consumer, key=f"{key}-{number}").card for number in (1, 2)
    )
    for number in range(random.randint(2, 4)):
        given = Proposal(number=card.number, item=made.item, list_price=made.price)
        use = using.propose(given, shop=shop.id, counter=counter, key=f"{key}-use-{number}")
        if number == 0:
            confirming.decline(use.id, by=consumer)
        else:
            confirming.confirm(use.id, by=consumer)
    given = Proposal(number=card.number, item=made.item, list_price=made.price)
    using.propose(given, shop=shop.id, counter=counter, key=f"{key}-waits")
    repaying.give_back(unused.id, Repayment.Cause.SEVEN_DAYS, by=consumer, key=f"{key}-back")
