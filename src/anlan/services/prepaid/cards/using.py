"""Using a card: the merchant proposes, the consumer confirms, and only then that one amount goes to the merchant.

What is not confirmed in time cancels itself; nothing is ever confirmed by itself.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.people.access import scope_of, scoped, system
from anlan.ledger.actions import Order, transfer
from anlan.loop import clock
from anlan.loop.refusals import BadInput, KeyReused, NotAllowed, NotPossible, Refused, Unknown
from anlan.services.prepaid.access import Counter, at_counter
from anlan.services.prepaid.cards import drawing, numbers
from anlan.services.prepaid.cards.history import refused
from anlan.services.prepaid.cards.models import Card, Drawn, Lot, Use
from anlan.services.prepaid.cards.schemas import Proposal
from anlan.services.prepaid.colour import trading
from anlan.services.prepaid.figures import end_of, figure, share
from anlan.services.prepaid.merchants.machines import tell
from anlan.services.prepaid.merchants.models import Merchant, Shop
from anlan.services.prepaid.offers.models import Offer

LAPSED_AT_ONCE = 500


def propose(given: Proposal, *, shop: UUID, counter: Counter, key: str) -> Use:
    """Propose to take something off a card; nothing moves. The same key gives the same proposal again.

    Raises NotAllowed for a forged code, another merchant's card or another shop's counter; NotPossible for a code that
    was read before, a card that can't be used, or too little on it; BadInput for a price that was not agreed; and
    KeyReused.
    """
    card_id: UUID | None = None
    try:
        with at_counter(counter.merchant):
            here = Shop.objects.filter(id=shop).first()
            if here is None or not counter.serves(here.merchant_id, here.id):
                raise NotAllowed(_("this is not your shop's counter"), field="shop")
            if before := Use.objects.filter(shop=here, key=key).first():
                return _the_same(before, given)
        card_id = _card_shown(given, counter)
        with at_counter(counter.merchant):
            card = Card.objects.select_for_update(of=("self",)).get(id=card_id)
            return _proposed(card, here, given, counter, key)
    except (NotAllowed, NotPossible, BadInput) as refusal:
        _write_down(card_id, counter, "propose", refusal)
        raise


def withdraw(use: UUID, *, counter: Counter) -> Use:
    """Take a proposal back. Raises Unknown, NotPossible where it is settled."""
    with at_counter(counter.merchant):
        found = Use.objects.select_for_update(of=("self",)).filter(id=use).first()
        if found is None or not counter.serves(found.merchant_id, found.shop_id):
            raise Unknown(_("there is no such proposal here"))
        return close(found, Use.State.WITHDRAWN)


def close(use: Use, state: Use.State) -> Use:
    """End a locked proposal without a confirmation. Raises NotPossible where it is settled."""
    if use.state != Use.State.PROPOSED:
        raise NotPossible(_("this proposal is settled already"))
    use.state, use.settled_at = state, clock.now()
    use.save(update_fields=["state", "settled_at"])
    if state != Use.State.WITHDRAWN:
        trading.note(use.card.shop_id, at=use.settled_at, declined=1)
    tell(use.merchant_id, f"use.{state}", {"use": str(use.id), "card": str(use.card_id)})
    return use


def lapse_due() -> int:
    """The worker's job: proposals that nobody has confirmed in time are cancelled."""
    with scoped(scope_of(system())):
        waiting = Use.objects.select_for_update(skip_locked=True, of=("self",)).filter(state=Use.State.PROPOSED)
        due = list(waiting.filter(lapses_at__lte=clock.now()).order_by("lapses_at")[:LAPSED_AT_ONCE])
        for use in due:
            close(use, Use.State.LAPSED)
    return len(due)


def settle(use_id: UUID, how: Use.How, *, by: UUID | None) -> Use:
    """Book a confirmed use, in the caller's transaction and scope: the one place where money leaves a card.

    The card is locked first, so two devices that confirm at once come one after the other, and the second finds it
    settled. Raises Unknown, NotPossible.
    """
    seen = Use.objects.filter(id=use_id).first()
    if seen is None:
        raise Unknown(_("there is no such proposal"))
    card = Card.objects.select_for_update(of=("self",)).get(id=seen.card_id)
    use = Use.objects.select_for_update(of=("self",)).get(id=use_id)
    now = clock.now()
    if use.state != Use.State.PROPOSED:
        raise NotPossible(_("this proposal is settled already"))
    if use.lapses_at <= now:
        raise NotPossible(_("the time to confirm is over; the merchant has to propose it again"))
    require_usable(card)
    lots = list(Lot.objects.select_for_update(of=("self",)).filter(card=card, standing=Lot.Standing.VALID))
    lots.sort(key=lambda lot: lot.number)
    parts = _parts(card, use, lots)
    use.money = sum(part.money for part in parts)
    use.state, use.settled_at, use.confirmed_how, use.confirmed_by = Use.State.CONFIRMED, now, how, by
    if use.money:
        order = Order(
            debit=card.escrow,
            credit=Merchant.objects.values_list("payable", flat=True).get(id=card.merchant_id),
            amount=use.money,
            key=f"prepaid.use.{use.id}",
            reason="消费确认",
            about=str(use.id),
        )
        use.transfer = transfer(order, now=now).id
    use.save()
    for part in parts:
        lot = lots[part.place]
        lot.drawn += part.face
        lot.released += part.money
        lot.save(update_fields=["drawn", "released"])
        Drawn.objects.create(
            use=use,
            lot=lot,
            merchant_id=use.merchant_id,
            holder_id=use.holder_id,
            area=use.area,
            list_price=part.list_price,
            price=part.price,
            face=part.face,
            money=part.money,
        )
    trading.note(card.shop_id, at=now, used=use.money, uses=1)
    tell(use.merchant_id, "use.confirmed", {"use": str(use.id), "card": str(card.id), "money": use.money, "how": how})
    return use


def require_usable(card: Card) -> None:
    """Raises NotPossible, saying why and what helps, for a card that can't be used today."""
    if card.state == Card.State.FROZEN:
        raise NotPossible(_("the card was reported lost; have it reissued"))
    if card.state == Card.State.WAITING:
        raise NotPossible(_("the guardian has not agreed yet"))
    if card.state == Card.State.CLOSED:
        raise NotPossible(_("the card is closed"))
    if card.expires_on is not None and card.expires_on < clock.today():
        raise NotPossible(_("the card has run out; it can be activated again free of charge"))


def _parts(card: Card, use: Use, lots: list[Lot]) -> list[drawing.Part]:
    if card.kind == Offer.Kind.TERM:
        return _visit(lots, use)
    layers = [drawing.Layer(lot.paid, lot.face, lot.drawn, lot.released) for lot in lots]
    try:
        return drawing.draw(layers, face=use.face, list_price=use.list_price, price=use.price)
    except drawing.TooLittle as error:
        raise NotPossible(_("there is too little on the card")) from error


def _visit(lots: list[Lot], use: Use) -> list[drawing.Part]:
    """A visit within a term: what has accrued by days since the visit before goes to the merchant."""
    today = clock.today()
    for place, lot in enumerate(lots):
        if lot.ends_on is not None and lot.starts_on <= today <= lot.ends_on:
            days = (today - lot.starts_on).days + 1 - lot.drawn
            money = share(lot.paid, lot.drawn + days, lot.face) - lot.released
            return [drawing.Part(place, use.list_price, use.price, days, money)]
    raise NotPossible(_("no term of the card runs today"))


def _proposed(card: Card, shop: Shop, given: Proposal, counter: Counter, key: str) -> Use:
    require_usable(card)
    if card.shop_id != shop.id and Offer.objects.get(id=card.offer_id).shop_id is not None:
        raise NotAllowed(_("this card is good at another shop"), field="shop")
    open_ones = Use.objects.filter(card=card, state=Use.State.PROPOSED).count()
    if open_ones >= figure("proposals_open", clock.today()):
        raise NotPossible(_("too many proposals wait on this card; let them be confirmed first"))
    now = clock.now()
    use = Use(
        card=card,
        shop=shop,
        merchant_id=card.merchant_id,
        holder_id=card.holder_id,
        area=card.area,
        item=given.item,
        state=Use.State.PROPOSED,
        proposed_at=now,
        proposed_by=counter.by,
        lapses_at=end_of("proposal_open", now),
        key=key,
    )
    lots = list(card.lots.filter(standing=Lot.Standing.VALID).order_by("number"))
    use.list_price, use.price, use.face = _priced(card, lots, given)
    # Asked now so that nobody is asked to confirm what can't be booked; asked again when it is confirmed.
    _parts(card, use, lots)
    use.save(force_insert=True)
    tell(use.merchant_id, "use.proposed", {"use": str(use.id), "card": str(card.id)})
    return use


def _priced(card: Card, lots: list[Lot], given: Proposal) -> tuple[int, int, int]:
    """u, d and f of a proposal: before discount, after it, and what is taken off. Raises BadInput, NotPossible."""
    current = next((lot for lot in lots if lot.drawn < lot.face), None)
    if current is None:
        raise NotPossible(_("there is nothing left on the card"))
    single = int(current.contract["session_price"])
    if card.kind == Offer.Kind.TERM:
        return single, 0, 0
    if card.kind == Offer.Kind.SESSIONS:
        return single * given.sessions, share(current.paid, given.sessions, current.face), given.sessions
    if given.list_price < 1:
        raise BadInput(_("a price is needed"), field="list_price")
    agreed = share(given.list_price, current.discount_percent, 100)
    price = agreed if given.price is None else given.price
    if not 1 <= price <= agreed:
        raise BadInput(_("the price is above what was agreed, or is none"), field="price")
    return given.list_price, price, price


def _card_shown(given: Proposal, counter: Counter) -> UUID:
    """The card whose code or number was shown. Raises BadInput, NotAllowed, NotPossible."""
    if bool(given.qr) == bool(given.number):
        raise BadInput(_("show the card's code or tell its number, one of the two"), field="qr")
    shown = numbers.read(given.qr) if given.qr else None
    number = numbers.bare_number(given.number)
    with at_counter(counter.merchant):
        cards = Card.objects.filter(merchant_id=counter.merchant)
        card = cards.filter(id=shown.card).first() if shown else cards.filter(number=number).first()
    if card is None:
        raise NotAllowed(_("this is no card of this merchant"), field="qr" if shown else "number")
    if shown is not None and shown.generation != card.generation:
        raise NotAllowed(_("the code is of a card that was replaced"), field="qr")
    return card.id


def _the_same(use: Use, given: Proposal) -> Use:
    if use.item != given.item or (given.list_price and use.list_price != given.list_price):
        raise KeyReused(_("this key was used for another proposal"), field="Idempotency-Key")
    return use


def _write_down(card_id: UUID | None, counter: Counter, attempt: str, refusal: Refused) -> None:
    card = None
    if card_id is not None:
        with at_counter(counter.merchant):
            card = Card.objects.filter(id=card_id).first()
    refused(card, counter.by, attempt=attempt, why=refusal.field or refusal.code)
