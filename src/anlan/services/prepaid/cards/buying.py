"""Buying a card and topping it up: the contract, the limits, and the money into the card's own escrow."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Sum
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor
from anlan.city.people.models import Account
from anlan.foundation.chain import canonical
from anlan.foundation.identifiers import new_id
from anlan.foundation.sealing import digest, phone_index
from anlan.ledger.actions import NewAccount, Order, open_accounts, transfer
from anlan.loop import clock
from anlan.loop.refusals import BadInput, KeyReused, NotPossible, Unknown
from anlan.services.prepaid.access import Counter, as_holder, at_counter, holder
from anlan.services.prepaid.cards import capacity, pins
from anlan.services.prepaid.cards.history import record
from anlan.services.prepaid.cards.models import Card, CardEvent, Lot
from anlan.services.prepaid.cards.numbers import new_number
from anlan.services.prepaid.cards.schemas import Buying, Payment, ToppingUp
from anlan.services.prepaid.colour import trading
from anlan.services.prepaid.figures import end_of
from anlan.services.prepaid.merchants.actions import treasury
from anlan.services.prepaid.merchants.machines import tell
from anlan.services.prepaid.merchants.models import Colour, Shop, Taking
from anlan.services.prepaid.offers.actions import refuse
from anlan.services.prepaid.offers.limits import Sale, Seller, breaches
from anlan.services.prepaid.offers.models import Offer

STOPPED: Final = "prepaid_taking_not_while_stopped"


@dataclass(frozen=True, slots=True)
class Bought:
    """A card with the payment just made; `repeated` where the key had brought it before."""

    card: Card
    lot: Lot
    repeated: bool = False


def buy(given: Buying, *, by: Actor, key: str) -> Bought:
    """Buy a card for oneself. What is told once under a key gives the same card however often it is sent.

    Raises Unknown, NotPossible (the shop takes no money ahead), BadInput (a limit, a missing name, a minor without a
    guardian) or KeyReused.
    """
    account = Account.objects.get(id=holder(by))
    with as_holder(account.id), _stopped_shops_explained():
        return _sell(given, account, by=account.id, key=key)


def sell(given: Buying, *, counter: Counter, key: str) -> Bought:
    """Sell a card at the counter to somebody without an account: with a PIN, or to a telephone. Raises what `buy` does,
    and Unknown for a shop that is not the counter's."""
    with at_counter(counter.merchant), _stopped_shops_explained():
        shop = Shop.objects.filter(id=given.shop).first()
        if shop is None or not counter.serves(shop.merchant_id, shop.id):
            raise Unknown(_("there is no such shop here"), field="shop")
        if given.pin is None and not given.phone:
            raise BadInput(_("a card sold at the counter needs a PIN or a telephone"), field="pin")
        return _sell(given, None, by=counter.by, key=key)


def top_up(card: UUID, given: ToppingUp, *, by: Actor, key: str) -> Bought:
    """Pay more into a card of one's own, as a further lot. Raises what `buy` raises."""
    account = holder(by)
    with as_holder(account), _stopped_shops_explained():
        found = Card.objects.select_for_update(of=("self",)).select_related("shop").filter(id=card).first()
        if found is None:
            raise Unknown(_("there is no such card"))
        shop = found.shop
        if before := Lot.objects.filter(shop=shop, key=key).first():
            return _the_same(before, given, found)
        if found.state != Card.State.ACTIVE:
            raise NotPossible(_("the card can't be used now"))
        offer = _offer(given.offer, shop)
        if offer.kind != found.kind or offer.named != found.named:
            raise BadInput(_("this offer is for another kind of card"), field="offer")
        _check(offer, shop, given, held=_held(shop, found.holder_id, None), real_name=bool(found.holder_name))
        lot = _pay(found, offer, shop, given, key=key, standing=Lot.Standing.VALID, number=found.lots.count() + 1)
        found.expires_on = _later(found.expires_on, lot, offer)
        found.save(update_fields=["expires_on"])
        record(found, CardEvent.Kind.TOPPED_UP, account, lot=str(lot.id), paid=lot.paid)
        tell(found.merchant_id, "card.topped_up", {"card": str(found.id), "lot": str(lot.id), "paid": lot.paid})
        return Bought(found, lot)


def _sell(given: Buying, account: Account | None, *, by: UUID, key: str) -> Bought:
    shop = Shop.objects.select_related("merchant").filter(id=given.shop).first()
    if shop is None:
        raise Unknown(_("there is no such shop"), field="shop")
    if before := Lot.objects.filter(shop=shop, key=key).select_related("card").first():
        return _the_same(before, given, before.card)
    offer = _offer(given.offer, shop)
    name = given.name or (account.name if account else "") or ""
    phone = given.phone or (account.phone if account else "") or ""
    if offer.named and not name:
        raise BadInput(_("a named card needs a name"), field="name")
    index = _index(phone)
    _check(
        offer,
        shop,
        given,
        held=_held(shop, account.id if account else None, index),
        real_name=bool(name and given.id_number),
    )
    minor = capacity.of(given.born, on=clock.today())
    capacity.refuse_unable(minor, given.guardian_name, given.guardian_phone)
    waits = minor is capacity.Capacity.LIMITED
    now = clock.now()
    (escrow,) = open_accounts([NewAccount(kind="escrow")])
    number = new_number()
    card = Card.objects.create(
        number=number,
        merchant=shop.merchant,
        shop=shop,
        area=shop.area,
        offer=offer,
        kind=offer.kind,
        state=Card.State.WAITING if waits else Card.State.ACTIVE,
        named=offer.named,
        holder=account,
        holder_name=name or None,
        holder_phone=phone or None,
        holder_phone_index=index,
        holder_id_number=given.id_number or None,
        guardian_name=given.guardian_name or None,
        guardian_phone=given.guardian_phone or None,
        escrow=escrow,
        pin=pins.kept(given.pin) if given.pin else "",
        made_at=now,
    )
    standing = Lot.Standing.WAITING if waits else Lot.Standing.VALID
    lot = _pay(card, offer, shop, given, key=key, standing=standing, number=1)
    card.expires_on = _later(None, lot, offer)
    card.save(update_fields=["expires_on"])
    record(card, CardEvent.Kind.BOUGHT, by, lot=str(lot.id), paid=lot.paid)
    tell(card.merchant_id, "card.bought", {"card": str(card.id), "lot": str(lot.id), "paid": lot.paid})
    if waits:
        capacity.ask_guardian(card, lot)
    return Bought(card, lot)


def _pay(card: Card, offer: Offer, shop: Shop, given: Payment, *, key: str, standing: Lot.Standing, number: int) -> Lot:
    """That the shop may take it, the money, and the lot. A minor's money is held until the guardian answers."""
    id, now = new_id(), clock.now()
    taking = Taking.objects.create(shop=shop, span=(now, now), stops=0)
    waits = standing == Lot.Standing.WAITING
    order = Order(
        debit=treasury().bank,
        credit=card.escrow,
        amount=offer.price,
        key=f"prepaid.lot.{id}",
        reason="预付款存入",
        about=str(id),
        pending_until=end_of("guardian_answer", now) if waits else None,
    )
    today = clock.local(now).date()
    contract = _contract(offer, shop, today)
    lot = Lot.objects.create(
        id=id,
        card=card,
        number=number,
        shop=shop,
        merchant=shop.merchant,
        holder_id=card.holder_id,
        area=shop.area,
        offer=offer,
        standing=standing,
        paid=offer.price,
        gift=offer.gift,
        discount_percent=offer.discount_percent,
        face=offer.sessions or offer.days or offer.price + offer.gift,
        starts_on=today,
        ends_on=today + timedelta(days=offer.days - 1) if offer.days else None,
        paid_at=now,
        paid_by=given.paid_by,
        payer=given.payer or None,
        taking=taking,
        transfer=transfer(order, now=now).id,
        refund_at_used_price=offer.refund_at_used_price,
        agreed_rate=offer.agreed_rate,
        had_before=given.had_before,
        contract=contract,
        contract_digest=digest(canonical(contract)),
        key=key,
    )
    came = {} if waits else {"paid_in": lot.paid, "payments": 1}
    trading.note(card.shop_id, at=now, promised=lot.promised, **came)
    return lot


def _contract(offer: Offer, shop: Shop, on: date) -> dict[str, Any]:
    """What was agreed, in the words of the offer (消保法实施条例 22: content, price, refund way, breach liability)."""
    fields = ("kind", "name", "content", "price", "gift", "discount_percent", "sessions", "days", "session_price")
    terms = ("named", "valid_days", "refund_way", "breach_liability", "further_terms", "refund_at_used_price")
    return {
        **{name: getattr(offer, name) for name in (*fields, *terms)},
        "agreed_rate": str(offer.agreed_rate) if offer.agreed_rate is not None else None,
        "offer": str(offer.id),
        "merchant": {"name": shop.merchant.name, "credit_code": shop.merchant.credit_code},
        "shop": {"name": shop.name, "address": shop.address},
        "on": on.isoformat(),
        "custody": "预付款由第三方存管，逐笔经消费者确认后支付",
    }


def _offer(id: UUID, shop: Shop) -> Offer:
    found = Offer.objects.filter(id=id, merchant_id=shop.merchant_id, published_at__isnull=False).first()
    if found is None or found.shop_id not in (None, shop.id):
        raise Unknown(_("this shop has no such offer"), field="offer")
    if found.withdrawn_at is not None:
        raise NotPossible(_("the offer has been withdrawn"), field="offer")
    return found


def _check(offer: Offer, shop: Shop, given: Payment, *, held: int, real_name: bool) -> None:
    """Refuse what the shop may not take. The database refuses a red shop by itself; this says so in words."""
    if shop.colour == Colour.RED:
        raise NotPossible(_("this shop takes no money ahead: its code is red"), field="shop")
    if shop.closed_at is not None or shop.closes_on is not None:
        raise NotPossible(_("this shop takes no money ahead: it closes"), field="shop")
    sale = Sale(
        price=offer.price,
        named=offer.named,
        kind=offer.kind,
        sessions=offer.sessions,
        days=offer.days,
        valid_days=offer.valid_days,
        held=held,
        real_name=real_name,
        transferred=given.paid_by != Lot.PaidBy.CASH,
    )
    refuse(breaches(Seller.of(shop.merchant), sale, on=clock.today()))


def _held(shop: Shop, account: UUID | None, phone: bytes | None) -> int:
    """What a consumer has on named cards of this merchant already, paid and not used or paid back."""
    lots = Lot.objects.filter(card__merchant_id=shop.merchant_id, card__named=True).exclude(standing=Lot.Standing.VOID)
    if account is not None:
        lots = lots.filter(card__holder_id=account)
    elif phone is not None:
        lots = lots.filter(card__holder_phone_index=phone)
    else:
        return 0
    sums = lots.aggregate(paid=Sum("paid"), released=Sum("released"), refunded=Sum("refunded"))
    return int((sums["paid"] or 0) - (sums["released"] or 0) - (sums["refunded"] or 0))


def _later(expires_on: date | None, lot: Lot, offer: Offer) -> date | None:
    """The last day of use with a new lot: the latest of them all; a lot that never runs out keeps the card open."""
    if lot.ends_on is not None:
        return max(lot.ends_on, expires_on or lot.ends_on)
    if offer.valid_days is None or (lot.number > 1 and expires_on is None):
        return None
    last = lot.starts_on + timedelta(days=offer.valid_days)
    return max(last, expires_on or last)


def _the_same(lot: Lot, given: Buying | ToppingUp, card: Card) -> Bought:
    if lot.offer_id != given.offer or lot.card_id != card.id:
        raise KeyReused(_("this key was used for another payment"), field="Idempotency-Key")
    return Bought(card, lot, repeated=True)


def _index(phone: str) -> bytes | None:
    try:
        return phone_index(phone) if phone else None
    except ValueError as error:
        raise BadInput(_("this is not a telephone number"), field="phone") from error


@contextmanager
def _stopped_shops_explained() -> Iterator[None]:
    """The constraint that a stopped shop takes nothing, in words: the shop turned red in the same moment."""
    try:
        yield
    except IntegrityError as error:
        if STOPPED not in str(error):
            raise
        raise NotPossible(_("this shop takes no money ahead: its code is red"), field="shop") from error
