"""The merchant's side over HTTP: a till with its key, or a member of staff who is signed in."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Header, Router, Status
from pydantic import BaseModel, Field

from anlan.loop.doors import REFUSALS, NotSignedIn, Problem, known_actor
from anlan.loop.refusals import NotAllowed
from anlan.loop.schemas import Line, Told
from anlan.services.prepaid.access import Counter, counter_of, counter_of_key
from anlan.services.prepaid.cards import buying, confirming, keeping, queries, repaying, using
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.cards.schemas import (
    Buying,
    CardOut,
    CounterConfirmation,
    NewPin,
    Proposal,
    RepaymentOut,
    Statement,
    UseOut,
)
from anlan.services.prepaid.merchants import machines
from anlan.services.prepaid.merchants.models import Shop
from anlan.services.prepaid.merchants.queries import shop_of_code
from anlan.services.prepaid.offers import actions as offers
from anlan.services.prepaid.offers.schemas import OfferIn, OfferOut

router = Router(tags=["merchant's counter"])

TillKey = Annotated[
    str | None, Header(alias="X-Till-Key", max_length=100, description="the key of a till, in place of signing in")
]
Key = Annotated[
    str, Header(alias="Idempotency-Key", min_length=1, max_length=200, description="a random name for this act")
]


class TillIn(Told):
    name: Annotated[Line, Field(min_length=1, max_length=60)]


class TillOut(BaseModel):
    """The key is shown this once."""

    id: UUID
    key: str


class WebhookIn(Told):
    address: Annotated[str, Field(max_length=300)]


class WebhookOut(BaseModel):
    """The secret is shown this once; with it the merchant's system checks every message's signature."""

    id: UUID
    secret: str


@router.post("/{code}/cards", response={201: CardOut, 200: CardOut, REFUSALS: Problem})
def sell(request: HttpRequest, code: str, given: Buying, key: Key, till: TillKey = None) -> Status[CardOut]:
    """Sell a card to somebody without an account."""
    _shop, counter = _at(request, code, till)
    bought = buying.sell(given, counter=counter, key=key)
    told = queries.statement_at_counter(bought.card.id, counter=counter).card
    # The number is printed onto the card that is handed over, and told this once.
    return Status(200 if bought.repeated else 201, told.model_copy(update={"number": bought.card.number}))


@router.get("/{code}/cards/{card}", response={200: Statement, REFUSALS: Problem})
def statement(
    request: HttpRequest, code: str, card: UUID, before: UUID | None = None, till: TillKey = None
) -> Statement:
    """A card of the merchant, its holder masked."""
    _shop, counter = _at(request, code, till)
    return queries.statement_at_counter(card, counter=counter, before=before)


@router.post("/{code}/cards/{card}/lost", response={204: None, REFUSALS: Problem})
def lost(request: HttpRequest, code: str, card: UUID, till: TillKey = None) -> Status[None]:
    """Freeze a card whose holder has shown at the counter who they are."""
    _shop, counter = _at(request, code, till)
    keeping.report_lost(card, who=counter)
    return Status(204, None)


@router.post("/{code}/cards/{card}/reissue", response={200: CardOut, REFUSALS: Problem})
def reissue(request: HttpRequest, code: str, card: UUID, given: NewPin, till: TillKey = None) -> CardOut:
    """Replace a lost card at the counter, with a new number and the PIN that the holder chooses."""
    _shop, counter = _at(request, code, till)
    renewed = keeping.reissue(card, who=counter, pin=given.pin)
    told = queries.statement_at_counter(card, counter=counter).card
    return told.model_copy(update={"number": renewed.number})


@router.post("/{code}/cards/{card}/refund/{cause}", response={201: RepaymentOut, REFUSALS: Problem})
def refund(request: HttpRequest, code: str, card: UUID, cause: Repayment.Cause, key: Key) -> Status[RepaymentOut]:
    """End a card and pay back what the rules give, also where the law leaves part of it to the merchant's word."""
    _shop, counter = _owner(request, code)
    return Status(201, RepaymentOut.of(repaying.agree(card, cause, counter=counter, key=key)))


@router.post("/{code}/uses", response={201: UseOut, REFUSALS: Problem})
def propose(request: HttpRequest, code: str, given: Proposal, key: Key, till: TillKey = None) -> Status[UseOut]:
    """Propose to take something off a card. Nothing moves until the consumer confirms."""
    shop, counter = _at(request, code, till)
    use = using.propose(given, shop=shop.id, counter=counter, key=key)
    return Status(201, queries.use_at_counter(use.id, counter=counter))


@router.get("/{code}/uses/{use}", response={200: UseOut, REFUSALS: Problem})
def proposal(request: HttpRequest, code: str, use: UUID, till: TillKey = None) -> UseOut:
    """How a proposal stands."""
    _shop, counter = _at(request, code, till)
    return queries.use_at_counter(use, counter=counter)


@router.post("/{code}/uses/{use}/code", response={204: None, REFUSALS: Problem})
def send_code(request: HttpRequest, code: str, use: UUID, till: TillKey = None) -> Status[None]:
    """Send the holder a code for this use."""
    _shop, counter = _at(request, code, till)
    confirming.send_code(use, counter=counter)
    return Status(204, None)


@router.post("/{code}/uses/{use}/confirm", response={200: UseOut, REFUSALS: Problem})
def confirm(request: HttpRequest, code: str, use: UUID, given: CounterConfirmation, till: TillKey = None) -> UseOut:
    """The consumer's code or PIN, typed at the counter."""
    _shop, counter = _at(request, code, till)
    confirming.confirm_at_counter(use, given, counter=counter)
    return queries.use_at_counter(use, counter=counter)


@router.post("/{code}/uses/{use}/withdraw", response={200: UseOut, REFUSALS: Problem})
def withdraw(request: HttpRequest, code: str, use: UUID, till: TillKey = None) -> UseOut:
    """Take a proposal back."""
    _shop, counter = _at(request, code, till)
    using.withdraw(use, counter=counter)
    return queries.use_at_counter(use, counter=counter)


@router.post("/{code}/offers", response={201: OfferOut, REFUSALS: Problem})
def publish(request: HttpRequest, code: str, given: OfferIn) -> Status[OfferOut]:
    """Publish an offer; terms that have no effect and amounts above the limits are refused."""
    _shop, counter = _owner(request, code)
    return Status(201, OfferOut.model_validate(offers.publish(counter, given), from_attributes=True))


@router.post("/{code}/offers/{offer}/withdraw", response={204: None, REFUSALS: Problem})
def withdraw_offer(request: HttpRequest, code: str, offer: UUID) -> Status[None]:
    """Sell it no more."""
    _shop, counter = _owner(request, code)
    offers.withdraw(counter, offer)
    return Status(204, None)


@router.post("/{code}/tills", response={201: TillOut, REFUSALS: Problem})
def make_till(request: HttpRequest, code: str, given: TillIn) -> Status[TillOut]:
    """A key for a machine at this counter."""
    shop, _counter = _owner(request, code)
    till, key = machines.make_till(shop, given.name)
    return Status(201, TillOut(id=till.id, key=key))


@router.delete("/{code}/tills/{id}", response={204: None, REFUSALS: Problem})
def revoke_till(request: HttpRequest, code: str, id: UUID) -> Status[None]:
    """From now on the key opens nothing."""
    _shop, counter = _owner(request, code)
    machines.revoke_till(counter, id)
    return Status(204, None)


@router.post("/{code}/webhooks", response={201: WebhookOut, REFUSALS: Problem})
def add_webhook(request: HttpRequest, code: str, given: WebhookIn) -> Status[WebhookOut]:
    """Have the merchant's own system told what happens to its cards."""
    shop, _counter = _owner(request, code)
    made, secret = machines.add_webhook(shop.merchant, given.address)
    return Status(201, WebhookOut(id=made.id, secret=secret))


@router.delete("/{code}/webhooks/{id}", response={204: None, REFUSALS: Problem})
def end_webhook(request: HttpRequest, code: str, id: UUID) -> Status[None]:
    """Tell this address nothing more."""
    _shop, counter = _owner(request, code)
    machines.end_webhook(counter, id)
    return Status(204, None)


def _at(request: HttpRequest, code: str, till: str | None) -> tuple[Shop, Counter]:
    """The shop, and whoever asks at its counter. Raises Unknown, NotSignedIn, NotAllowed."""
    if till is None:
        actor = known_actor(request)
        shop = shop_of_code(code)
        counter = counter_of(actor, shop.merchant_id)
    else:
        found = counter_of_key(till)
        if found is None:
            raise NotSignedIn(_("this till's key is wrong or was revoked"), field="X-Till-Key")
        shop, counter = shop_of_code(code), found
    if not counter.serves(shop.merchant_id, shop.id):
        raise NotAllowed(_("this is not your shop's counter"))
    return shop, counter


def _owner(request: HttpRequest, code: str) -> tuple[Shop, Counter]:
    shop, counter = _at(request, code, None)
    if not counter.owner:
        raise NotAllowed(_("only the merchant's owner may do that"))
    return shop, counter
