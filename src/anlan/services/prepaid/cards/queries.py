"""Reading cards: one's own, those of a counter, those of an area; people are masked for everybody but themselves."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, scope_of, scoped
from anlan.foundation.masks import mask_name
from anlan.loop.refusals import Unknown
from anlan.services.prepaid.access import Counter, as_holder, at_counter, holder
from anlan.services.prepaid.cards.models import Card, Lot, Use
from anlan.services.prepaid.cards.numbers import show
from anlan.services.prepaid.cards.schemas import CardOut, LotOut, Qr, Statement, UseOut
from anlan.services.prepaid.cards.using import require_usable

PAGE = 50
_WITH = ("offer", "merchant", "shop")
_NOTHING: Mapping[str, Any] = dict.fromkeys(("face", "drawn", "paid", "released", "refunded"), 0)
_SUMS = {name: Sum(name) for name in _NOTHING}


def wallet(by: Actor) -> list[CardOut]:
    """One's own cards, the newest first."""
    account = holder(by)
    with as_holder(account):
        return _told(Card.objects.filter(holder_id=account).order_by("-made_at"), own=True)


def waiting(by: Actor) -> list[UseOut]:
    """What waits for one's confirmation, the oldest first."""
    account = holder(by)
    with as_holder(account):
        found = Use.objects.filter(holder_id=account, state=Use.State.PROPOSED).select_related("shop")
        return [use_out(use) for use in found.order_by("proposed_at")]


def statement(card: UUID, *, by: Actor, before: UUID | None = None) -> Statement:
    """A card of one's own with its payments and a page of its uses. Raises Unknown."""
    account = holder(by)
    with as_holder(account):
        return _statement(Card.objects.filter(id=card, holder_id=account), own=True, before=before)


def statement_at_counter(card: UUID, *, counter: Counter, before: UUID | None = None) -> Statement:
    """The same for the merchant, with the holder masked. Raises Unknown."""
    with at_counter(counter.merchant):
        return _statement(Card.objects.filter(id=card, merchant_id=counter.merchant), own=False, before=before)


def of_shop(shop: UUID, *, by: Actor, before: UUID | None = None) -> list[CardOut]:
    """A page of a shop's cards for whoever watches over its area, the newest first, holders masked."""
    with scoped(scope_of(by)):
        cards = Card.objects.filter(shop_id=shop)
        if before is not None:
            cards = cards.filter(id__lt=before)
        return _told(cards.order_by("-id")[:PAGE], own=False)


def qr(card: UUID, *, by: Actor) -> Qr:
    """A code of one's own card to show at a counter. Raises Unknown, NotPossible for a card that can't be used."""
    account = holder(by)
    with as_holder(account):
        found = Card.objects.filter(id=card, holder_id=account).first()
    if found is None:
        raise Unknown(_("there is no such card"))
    require_usable(found)
    token, until = show(found)
    return Qr(token=token, valid_until=until)


def use_at_counter(use: UUID, *, counter: Counter) -> UseOut:
    """How a proposal stands. Raises Unknown."""
    with at_counter(counter.merchant):
        found = Use.objects.select_related("shop").filter(id=use, merchant_id=counter.merchant).first()
    if found is None or not counter.serves(found.merchant_id, found.shop_id):
        raise Unknown(_("there is no such proposal here"))
    return use_out(found)


def use_out(use: Use) -> UseOut:
    """A use as it is told; for a scope that holds it, or one with its shop loaded."""
    return UseOut(
        id=use.id,
        card=use.card_id,
        shop=use.shop.name,
        item=use.item,
        list_price=use.list_price,
        price=use.price,
        face=use.face,
        money=use.money,
        state=Use.State(use.state),
        proposed_at=use.proposed_at,
        lapses_at=use.lapses_at,
        settled_at=use.settled_at,
        confirmed_how=use.confirmed_how,
    )


def _statement(cards: QuerySet[Card], *, own: bool, before: UUID | None) -> Statement:
    found = _told(cards, own=own)
    if not found:
        raise Unknown(_("there is no such card"))
    (card,) = found
    uses = Use.objects.filter(card_id=card.id).select_related("shop").order_by("-id")
    page = list((uses.filter(id__lt=before) if before else uses)[: PAGE + 1])
    return Statement(
        card=card,
        lots=[LotOut.model_validate(lot, from_attributes=True) for lot in _lots([card.id])],
        uses=[use_out(use) for use in page[:PAGE]],
        next=page[PAGE - 1].id if len(page) > PAGE else None,
    )


def _lots(cards: Iterable[UUID]) -> QuerySet[Lot]:
    return Lot.objects.filter(card_id__in=cards).order_by("card_id", "number")


def _told(cards: QuerySet[Card], *, own: bool) -> list[CardOut]:
    found = list(cards.select_related(*_WITH))
    lots = _lots([card.id for card in found]).exclude(standing__in=(Lot.Standing.VOID, Lot.Standing.WAITING))
    sums = {each["card_id"]: each for each in lots.order_by().values("card_id").annotate(**_SUMS)}
    return [_card_out(card, sums.get(card.id, _NOTHING), own=own) for card in found]


def _card_out(card: Card, sums: Mapping[str, Any], *, own: bool) -> CardOut:
    name = card.holder_name or ""
    left = sums["face"] - sums["drawn"] if card.state != Card.State.CLOSED else 0
    return CardOut(
        id=card.id,
        number=card.number if own else f"{'*' * 12}{card.number[-4:]}",
        kind=card.offer.Kind(card.kind),
        name=card.offer.name,
        state=Card.State(card.state),
        merchant=card.merchant.name,
        shop=card.shop.name,
        holder=name if own else mask_name(name),
        named=card.named,
        left=left,
        escrow=sums["paid"] - sums["released"] - sums["refunded"],
        expires_on=card.expires_on,
        made_at=card.made_at,
    )
