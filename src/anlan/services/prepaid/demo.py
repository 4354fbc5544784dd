"""The demo city's cards: a salon, a gym and a canteen, with cards bought, used, refused and given back; the gym is
warned of, and a yoga studio is found shut and its holders are paid back.

All of it is made up. The cards belong to the demo's resident; the salon's till and staff are the demo's own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

from django.contrib.auth.hashers import make_password

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import RESPONDER, SUPERVISOR, Actor, Held, actor_of, scope_of, scoped, system
from anlan.city.people.demo import PASSWORD
from anlan.city.people.models import Account, Posting
from anlan.loop import clock, engine
from anlan.services.prepaid.access import Counter
from anlan.services.prepaid.cards import buying, confirming, repaying, using
from anlan.services.prepaid.cards.models import Card
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.cards.schemas import Buying, Proposal
from anlan.services.prepaid.colour.recolouring import judge_stale
from anlan.services.prepaid.merchants import actions as merchants
from anlan.services.prepaid.merchants.models import Membership, Merchant, RegisterEntry, Shop
from anlan.services.prepaid.merchants.schemas import EntryIn, Hiring, MerchantIn, ShopIn
from anlan.services.prepaid.offers import actions as offers
from anlan.services.prepaid.offers.models import Offer
from anlan.services.prepaid.offers.schemas import OfferIn
from anlan.services.prepaid.supervision import carrying_out, closings, warnings
from anlan.services.prepaid.supervision.models import ShopMatter
from anlan.services.prepaid.supervision.procedures import ClosingDown, Forewarning
from anlan.services.prepaid.supervision.schemas import Found, Step

TERMS: Final = {
    "content": "门店公示的服务项目，质量以公示标准为准",
    "refund_way": "未消费余额按已消费的实际价格结算，退回原付款账户",
    "breach_liability": "未按约定提供服务的，退还余额并承担违约责任",
}
OWNER: Final = "merchant"
"""The account at whose counter the demo's shops are looked at."""
STEPS: Final = 5


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

WARNED: Final = MADE[1].code
FAILING: Final = _Made(
    "91330106MA2DEMA402",
    "静心瑜伽（演示）",
    Merchant.Trade.FITNESS,
    {"kind": "stored", "name": "储值卡", "price": 120_000},
    "团课",
    6_000,
)
HOLDERS: Final = ("沈桂英", "陆建华", "何秀兰")
"""Made up; they have cards without an account."""


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
    _warn(by, supervisor.area.path)
    progress(STEPS - 1, STEPS)
    _close(*_open(FAILING, area, by, clock.local(at).date()), by, consumer, key=f"demo-{seed}-{FAILING.code}")
    progress(STEPS, STEPS)


def _community(town: str) -> str:
    """The code of the first community of a town, or the town's own where it has none."""
    below = sorted(path for path in atlas().paths.values() if path.rpartition(".")[0] == town)
    return (below or [town])[0].rpartition(".")[2]


def _owner() -> str:
    """The account of whoever owns the demo's shops, made when it is first asked for."""
    told = {"name": "店主（演示）", "password": lambda: make_password(PASSWORD)}
    return Account.objects.get_or_create(username=OWNER, defaults=told)[0].username


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
    merchants.hire(merchant, Hiring(username=_owner(), role=Membership.Role.OWNER))
    shop = merchants.add_shop(merchant, ShopIn(name=made.name, area=area, opened_on=opened), by=by)
    assert by.account_id is not None  # who holds a posting has an account
    counter = Counter(merchant.id, by.account_id, owner=True)
    return shop, offers.publish(counter, OfferIn(**TERMS, **made.offer)), counter


def _use(made: _Made, shop: Shop, offer: Offer, counter: Counter, consumer: Actor, random: Random, *, key: str) -> None:
    """Two cards: one is used a few times and has something waiting, the other is given back unused."""
    card, unused = (_buy(shop, offer, consumer, key=f"{key}-{number}") for number in (1, 2))
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


def _buy(shop: Shop, offer: Offer, consumer: Actor, *, key: str) -> Card:
    return buying.buy(Buying(offer=offer.id, shop=shop.id), by=consumer, key=key).card


def _warn(by: Actor, town: str) -> None:
    """A register names the gym: its code turns yellow, a grid worker looks at it, and the operator is talked to."""
    today = clock.today()
    entry = EntryIn(
        register_name=RegisterEntry.Register.ABNORMAL,
        reference="演示-1",
        entered_on=today - timedelta(days=3),
        source="演示数据，非真实名录",
    )
    with scoped(scope_of(system())):
        gym = Shop.objects.get(merchant__credit_code=WARNED)
        merchants.enter(gym.merchant, entry)
    judge_stale()
    warnings.raise_due()
    with scoped(scope_of(system())):
        warned = ShopMatter.objects.filter(shop=gym, kind=ShopMatter.Kind.WARNING).first()
        near = Posting.objects.filter(role=RESPONDER.name, area__path__within=town, unit__isnull=False).order_by("id")
        unit = near.values_list("unit_id", flat=True).first()
    if warned is None or unit is None:
        return
    responder = Actor("staff", held=(Held(RESPONDER, gym.area, unit_id=unit),))
    engine.advance(warned.matter_id, Forewarning.send.name, by=by, told={"unit_id": str(unit), "reason": "就近网格"})
    seen = {"found": Found.STRAINED, "text": "照常营业，私教预约已排到两周以后（演示）"}
    engine.advance(warned.matter_id, Forewarning.verify.name, by=responder, told=seen)
    step = {"step": Step.TALK, "text": "约谈经营者，要求一周内补报地址变更并公示预约规则（演示）"}
    engine.advance(warned.matter_id, Forewarning.intervene.name, by=by, told=step)


def _close(shop: Shop, offer: Offer, counter: Counter, by: Actor, consumer: Actor, *, key: str) -> None:
    """A studio is found shut: the regulator confirms it, and every holder is paid back what was not used."""
    card = _buy(shop, offer, consumer, key=f"{key}-0")
    for number in range(3):
        given = Proposal(number=card.number, item=FAILING.item, list_price=FAILING.price)
        use = using.propose(given, shop=shop.id, counter=counter, key=f"{key}-use-{number}")
        confirming.confirm(use.id, by=consumer)
    for number, name in enumerate(HOLDERS, start=1):
        sold = Buying(offer=offer.id, shop=shop.id, name=name, pin=f"13579{number}")
        buying.sell(sold, counter=counter, key=f"{key}-{number}")
    reason = "大门紧锁，电话无人接听（演示）"
    found = closings.found_shut(shop, by=by, reason=reason)
    told = {"closed_on": clock.today().isoformat(), "reason": reason}
    engine.advance(found.matter.id, ClosingDown.confirm.name, by=by, told=told)
    carrying_out.carry_out_due()
    closings.repay_due()
