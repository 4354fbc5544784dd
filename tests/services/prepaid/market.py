"""A small market for the tests: a salon in Wenxin with an owner and a cashier, its offers, and Grandma Wang."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from uuid import uuid4

from anlan.city.people import access
from anlan.city.people.access import Actor
from anlan.city.people.models import Account
from anlan.loop import clock
from anlan.services.prepaid.access import Counter, counter_of
from anlan.services.prepaid.cards import buying, confirming, using
from anlan.services.prepaid.cards.buying import Bought
from anlan.services.prepaid.cards.models import Use
from anlan.services.prepaid.cards.schemas import Buying, Proposal
from anlan.services.prepaid.merchants import actions as merchants
from anlan.services.prepaid.merchants.models import Membership, Merchant, Shop
from anlan.services.prepaid.merchants.schemas import Hiring, MerchantIn, ShopIn
from anlan.services.prepaid.offers import actions as offers
from anlan.services.prepaid.offers.models import Offer
from anlan.services.prepaid.offers.schemas import OfferIn
from tests.cast import Cast

TERMS: dict[str, Any] = {
    "kind": "stored",
    "name": "储值卡",
    "content": "洗剪吹及护理",
    "price": 100_000,
    "refund_way": "未消费余额按实际价格退回原付款账户",
    "breach_liability": "按民法典承担违约责任",
}


def key() -> str:
    return uuid4().hex


def merchant_in(**changes: Any) -> MerchantIn:
    given: dict[str, Any] = {
        "name": "杭州青丝美发有限公司",
        "credit_code": valid_code(1),
        "kind": "enterprise",
        "trade": "hair",
        "area": "330106013",
        "licensed_on": date(2024, 1, 10),
        **changes,
    }
    return MerchantIn(**given)


def valid_code(number: int) -> str:
    """A code of the right form; the check character is worked out here, digit by digit, as the standard says."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    bare = f"91330106MA2AX{number:04d}"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    rest = sum(alphabet.index(mark) * weight for mark, weight in zip(bare, weights, strict=True)) % 31
    return bare + alphabet[(31 - rest) % 31]


@dataclass
class Market:
    """What the tests of cards begin with; each part is made when it is first asked for."""

    cast: Cast
    offers: dict[str, Offer] = field(default_factory=dict)

    @cached_property
    def merchant(self) -> Merchant:
        made = merchants.register(merchant_in(), by=self.cast.wu)
        for name, role in (("owner", Membership.Role.OWNER), ("cashier", Membership.Role.CASHIER)):
            Account.objects.create_user(name, name=f"{name} 名", phone="13911110000")
            merchants.hire(made, Hiring(username=name, role=role))
        return made

    @cached_property
    def shop(self) -> Shop:
        return self.another_shop(self.merchant)

    @cached_property
    def counter(self) -> Counter:
        _ = self.shop
        return self.counter_of("cashier", self.merchant)

    def counter_of(self, username: str, merchant: Merchant) -> Counter:
        return counter_of(self.actor(username), merchant.id)

    def another_shop(self, merchant: Merchant) -> Shop:
        return merchants.add_shop(
            merchant, ShopIn(name="青丝美发文新店", area="330106013001", opened_on=date(2024, 2, 1)), by=self.cast.wu
        )

    def another_merchant(self) -> tuple[Merchant, Counter]:
        made = merchants.register(merchant_in(name="杭州别家健身", credit_code=valid_code(2)), by=self.cast.wu)
        Account.objects.create_user("rival", name="别家", phone="13911112222")
        merchants.hire(made, Hiring(username="rival", role=Membership.Role.OWNER))
        return made, self.counter_of("rival", made)

    def actor(self, username: str) -> Actor:
        return access.actor_of(Account.objects.get(username=username), on=clock.today())

    def offer(self, **changes: Any) -> Offer:
        _ = self.shop
        return offers.publish(self.counter, OfferIn(**{**TERMS, **changes}))

    def bought(self, by: Actor | None = None, **changes: Any) -> Bought:
        given = Buying(offer=self.offer(**changes).id, shop=self.shop.id)
        return buying.buy(given, by=by or self.cast.wang, key=key())

    def sold(self, pin: str = "402816", phone: str = "", **changes: Any) -> Bought:
        """A card with a PIN for somebody without an account."""
        given = Buying(offer=self.offer(**changes).id, shop=self.shop.id, name="李阿婆", phone=phone, pin=pin)
        return buying.sell(given, counter=self.counter, key=key())

    def proposed(self, bought: Bought, list_price: int = 8_800, **changes: Any) -> Use:
        given = {"number": bought.card.number, "item": "剪发", "list_price": list_price, **changes}
        return using.propose(Proposal(**given), shop=self.shop.id, counter=self.counter, key=key())

    def used(self, bought: Bought, list_price: int = 8_800, **changes: Any) -> Use:
        return confirming.confirm(self.proposed(bought, list_price, **changes).id, by=self.cast.wang)
