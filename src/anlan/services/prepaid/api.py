"""Prepaid cards over HTTP: what everybody may read of a shop, and a holder's own cards."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Router, Status

from anlan.loop.doors import REFUSALS, Problem, known_actor
from anlan.services.prepaid import counter_api
from anlan.services.prepaid.cards import buying, capacity, confirming, keeping, queries, repaying
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.cards.schemas import (
    Buying,
    CardOut,
    Consent,
    Handing,
    NewPin,
    Qr,
    QuoteOut,
    RepaymentOut,
    Statement,
    ToppingUp,
    UseOut,
)
from anlan.services.prepaid.merchants.queries import public_shop
from anlan.services.prepaid.merchants.schemas import PublicShop

prefix = "/v1/prepaid"
router = Router(tags=["prepaid cards"])
router.add_router("/shops", counter_api.router)

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="a random name for this payment: sent again it gives the same answer, and nothing is paid twice",
    ),
]


@router.get("/shops/{code}", response={200: PublicShop, REFUSALS: Problem})
def shop(request: HttpRequest, code: str) -> PublicShop:
    """A shop as everybody may see it before paying ahead: its colour and its offers with all their terms."""
    return public_shop(code)


@router.post("/cards", response={201: CardOut, 200: CardOut, REFUSALS: Problem})
def buy(request: HttpRequest, given: Buying, key: Key) -> Status[CardOut]:
    """Buy a card. The money lies in its own escrow until you confirm a use. 200 where the key has brought it before."""
    by = known_actor(request)
    bought = buying.buy(given, by=by, key=key)
    return Status(200 if bought.repeated else 201, queries.statement(bought.card.id, by=by).card)


@router.get("/cards", response={200: list[CardOut], REFUSALS: Problem})
def cards(request: HttpRequest) -> list[CardOut]:
    """Your cards, the newest first."""
    return queries.wallet(known_actor(request))


@router.get("/cards/{card}", response={200: Statement, REFUSALS: Problem})
def statement(request: HttpRequest, card: UUID, before: UUID | None = None) -> Statement:
    """A card of yours with its payments and its uses; the page after is at `?before={next}`."""
    return queries.statement(card, by=known_actor(request), before=before)


@router.post("/cards/{card}/top-ups", response={201: CardOut, 200: CardOut, REFUSALS: Problem})
def top_up(request: HttpRequest, card: UUID, given: ToppingUp, key: Key) -> Status[CardOut]:
    """Pay more into a card of yours."""
    by = known_actor(request)
    bought = buying.top_up(card, given, by=by, key=key)
    return Status(200 if bought.repeated else 201, queries.statement(card, by=by).card)


@router.post("/cards/{card}/qr", response={200: Qr, REFUSALS: Problem})
def qr(request: HttpRequest, card: UUID) -> Qr:
    """A code to show at the counter, for one reading within a minute."""
    return queries.qr(card, by=known_actor(request))


@router.post("/cards/{card}/transfer", response={204: None, REFUSALS: Problem})
def transfer(request: HttpRequest, card: UUID, given: Handing) -> Status[None]:
    """Hand a card on to somebody else, free of charge."""
    keeping.hand_on(card, given, by=known_actor(request))
    return Status(204, None)


@router.post("/cards/{card}/lost", response={200: CardOut, REFUSALS: Problem})
def lost(request: HttpRequest, card: UUID) -> CardOut:
    """Report a card lost: from now on nobody can use it."""
    by = known_actor(request)
    keeping.report_lost(card, who=by)
    return queries.statement(card, by=by).card


@router.post("/cards/{card}/found", response={200: CardOut, REFUSALS: Problem})
def found(request: HttpRequest, card: UUID) -> CardOut:
    """It was not lost after all."""
    by = known_actor(request)
    keeping.report_found(card, who=by)
    return queries.statement(card, by=by).card


@router.post("/cards/{card}/reissue", response={200: CardOut, REFUSALS: Problem})
def reissue(request: HttpRequest, card: UUID) -> CardOut:
    """Replace a lost card: a new number, the same money."""
    by = known_actor(request)
    keeping.reissue(card, who=by)
    return queries.statement(card, by=by).card


@router.post("/cards/{card}/activate", response={200: CardOut, REFUSALS: Problem})
def activate(request: HttpRequest, card: UUID) -> CardOut:
    """Let a card that has run out be used again, free of charge."""
    by = known_actor(request)
    keeping.activate_again(card, who=by)
    return queries.statement(card, by=by).card


@router.post("/cards/{card}/pin", response={204: None, REFUSALS: Problem})
def pin(request: HttpRequest, card: UUID, given: NewPin) -> Status[None]:
    """Choose a PIN of six digits, for use without a telephone."""
    keeping.set_pin(card, given.pin, by=known_actor(request))
    return Status(204, None)


@router.get("/cards/{card}/refund/{cause}", response={200: QuoteOut, REFUSALS: Problem})
def refund_quote(request: HttpRequest, card: UUID, cause: Repayment.Cause) -> QuoteOut:
    """What would be paid back today, line by line with the articles. Nothing is done."""
    return repaying.quoted(card, cause, by=known_actor(request))


@router.post("/cards/{card}/refund/{cause}", response={201: RepaymentOut, REFUSALS: Problem})
def refund(request: HttpRequest, card: UUID, cause: Repayment.Cause, key: Key) -> Status[RepaymentOut]:
    """End your card and have the rest paid back; `seven_days` and `consumer` are yours to choose."""
    return Status(201, RepaymentOut.of(repaying.give_back(card, cause, by=known_actor(request), key=key)))


@router.get("/uses", response={200: list[UseOut], REFUSALS: Problem})
def uses(request: HttpRequest) -> list[UseOut]:
    """What waits for your confirmation."""
    return queries.waiting(known_actor(request))


@router.post("/uses/{use}/confirm", response={200: UseOut, REFUSALS: Problem})
def confirm(request: HttpRequest, use: UUID) -> UseOut:
    """Confirm a use: this one amount goes to the merchant. Sent twice, it is booked once."""
    return queries.use_out(confirming.confirm(use, by=known_actor(request)))


@router.post("/uses/{use}/refuse", response={200: UseOut, REFUSALS: Problem})
def refuse(request: HttpRequest, use: UUID) -> UseOut:
    """Refuse a use that you did not have."""
    return queries.use_out(confirming.decline(use, by=known_actor(request)))


@router.post("/consents", response={204: None, REFUSALS: Problem})
def consent(request: HttpRequest, given: Consent) -> Status[None]:
    """A guardian's answer to a minor's payment, by the link that was sent to them."""
    capacity.answer(given)
    return Status(204, None)
