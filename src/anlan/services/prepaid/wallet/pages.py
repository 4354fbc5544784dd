"""A consumer's own cards: what they hold, what waits for their word, and what they may do with a card."""

from typing import Any
from uuid import UUID

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from pydantic import BaseModel

from anlan.city.people.access import Actor
from anlan.loop import clock
from anlan.loop.forms import checked, form_of
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Refused, Unknown
from anlan.services.prepaid.cards import confirming, keeping
from anlan.services.prepaid.cards.models import Card
from anlan.services.prepaid.cards.queries import qr
from anlan.services.prepaid.cards.schemas import Handing
from anlan.services.prepaid.wallet import queries
from anlan.services.prepaid.wallet.door import for_holders
from anlan.services.prepaid.wallet.forms import HandingForm, PinForm

_FORMS: dict[str, type[BaseModel]] = {"pin": PinForm, "transfer": HandingForm}


@require_safe
@for_holders
def wallet(request: HttpRequest, actor: Actor) -> HttpResponse:
    """My cards, and above them what waits for my word."""
    return _wallet(request, actor)


@require_POST
@for_holders
def answer(request: HttpRequest, actor: Actor, use: UUID, word: str) -> HttpResponse:
    """Confirm a proposal in one tap, or refuse it."""
    if word not in ("confirm", "refuse"):
        raise Unknown(_("there is no such step"))
    try:
        (confirming.confirm if word == "confirm" else confirming.decline)(use, by=actor)
    except NotPossible as refused:
        return _wallet(request, actor, refused)
    if word == "confirm":
        return HttpResponseRedirect(reverse("wallet-receipt", args=[use]))
    return HttpResponseRedirect(f"{reverse('wallet')}?done=refuse")


@require_safe
@for_holders
def receipt(request: HttpRequest, actor: Actor, use: UUID) -> HttpResponse:
    """What became of a proposal, to keep."""
    found, transfer = queries.receipt(use, by=actor)
    return render(request, "prepaid/receipt.html", {"use": found, "transfer": transfer})


@require_safe
@for_holders
def card(request: HttpRequest, actor: Actor, card: UUID) -> HttpResponse:
    """One card: what is on it, where the money lies, what it was used for, what one may do."""
    return _card(request, actor, card)


@require_safe
@for_holders
def code(request: HttpRequest, actor: Actor, card: UUID) -> HttpResponse:
    """The card's code, to show at a counter within its minute."""
    try:
        shown = qr(card, by=actor)
    except NotPossible as refused:
        return _card(request, actor, card, refused=refused)
    picture = segno.make_qr(shown.token, error="m").svg_inline(scale=4, border=4, light="#fff", svgclass="picture")
    # The drawing is of our own making: a QR code has no words of anybody in it.
    context = {"kept": queries.kept(card, by=actor), "valid_until": shown.valid_until, "picture": mark_safe(picture)}
    return render(request, "prepaid/code.html", context)


@require_safe
@for_holders
def statement(request: HttpRequest, actor: Actor, card: UUID) -> HttpResponse:
    """The card's statement, to print."""
    told, events = queries.told(card, by=actor, before=_before(request))
    return render(request, "prepaid/statement.html", {"statement": told, "events": events, "now": clock.now()})


@require_POST
@for_holders
def act(request: HttpRequest, actor: Actor, card: UUID, word: str) -> HttpResponse:
    """Report the card lost or found, have it replaced or used again, choose a PIN, or hand it on."""
    try:
        _do(word, request, actor, card)
    except (NotPossible, BadInput) as refused:
        return _card(request, actor, card, refused=refused, word=word)
    if word == "transfer":
        return HttpResponseRedirect(f"{reverse('wallet')}?done=transfer")
    return HttpResponseRedirect(f"{reverse('wallet-card', args=[card])}?done={word}")


def _do(word: str, request: HttpRequest, actor: Actor, card: UUID) -> None:
    """Raises Unknown, NotPossible, BadInput."""
    match word:
        case "lost":
            keeping.report_lost(card, who=actor)
        case "found":
            keeping.report_found(card, who=actor)
        case "reissue":
            keeping.reissue(card, who=actor)
        case "activate":
            keeping.activate_again(card, who=actor)
        case "pin":
            keeping.set_pin(card, checked(PinForm, request.POST).pin, by=actor)
        case "transfer":
            told = checked(HandingForm, request.POST)
            keeping.hand_on(card, Handing(name=told.name, phone=told.phone), by=actor)
        case _:
            raise Unknown(_("there is no such step"))


def _wallet(request: HttpRequest, actor: Actor, refused: Refused | None = None) -> HttpResponse:
    found = queries.wallet(actor)
    context = {"wallet": found, "refused": refused, "done": request.GET.get("done", ""), "now": clock.now()}
    return render(request, "prepaid/wallet.html", context, status=refused.status if refused else 200)


def _card(
    request: HttpRequest, actor: Actor, card: UUID, *, refused: Refused | None = None, word: str = ""
) -> HttpResponse:
    opened = queries.opened(card, by=actor, before=_before(request))
    state = opened.statement.card.state
    run_out = opened.statement.card.expires_on
    context: dict[str, Any] = {
        "opened": opened,
        "refused": refused,
        "asked": word,
        "in_use": state == Card.State.ACTIVE,
        "frozen": state == Card.State.FROZEN,
        "closed": state == Card.State.CLOSED,
        "has_run_out": run_out is not None and run_out < clock.today() and state == Card.State.ACTIVE,
        "done": request.GET.get("done", ""),
        **{
            f"{name}_form": form_of(
                asks,
                typed=request.POST if word == name else None,
                refused=refused if word == name and isinstance(refused, BadInput) else None,
            )
            for name, asks in _FORMS.items()
        },
    }
    return render(request, "prepaid/card.html", context, status=refused.status if refused else 200)


def _before(request: HttpRequest) -> UUID | None:
    """From which use on a page goes. Raises NotAllowed for what is no number of one."""
    told = request.GET.get("before")
    try:
        return UUID(told) if told else None
    except ValueError as error:
        raise NotAllowed(_("this address is not complete"), field="before") from error
