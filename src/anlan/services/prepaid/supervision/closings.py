"""A shop that closes, announced or found shut: its holders are told, every card is reckoned and paid back, and what is
not covered is listed as claims.

Each card is repaid in a transaction of its own under a key made of the matter and the card, so that a run may be killed
at any moment and begun anew: nothing is paid twice and nothing is left out.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from uuid import UUID

import structlog
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, scope_of, scoped, system
from anlan.loop import clock, engine
from anlan.loop.engine import Opened
from anlan.loop.models import Matter
from anlan.loop.refusals import BadInput, NotPossible
from anlan.loop.suggestions import Severity
from anlan.services.prepaid.cards.facts import facts_of
from anlan.services.prepaid.cards.models import Card, Lot
from anlan.services.prepaid.cards.repaying import quote, repay
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.figures import rule
from anlan.services.prepaid.merchants.actions import announce_closing, require_over
from anlan.services.prepaid.merchants.models import Shop
from anlan.services.prepaid.refunds.reckoning import NotCovered, Overdrawn
from anlan.services.prepaid.supervision.holders import tell_holders
from anlan.services.prepaid.supervision.models import HolderNotice, ShopMatter
from anlan.services.prepaid.supervision.opening import Kind, open_about
from anlan.services.prepaid.supervision.procedures import ClosingDown
from anlan.services.prepaid.supervision.schemas import Settled

log = structlog.get_logger("anlan.prepaid.closings")

Progress = Callable[[int, int], None]


def announce(shop: Shop, last_day: date, *, by: Actor, reason: str) -> Opened:
    """A closing that is announced: no money is taken ahead any more, all holders are told, and a matter is opened to
    see that they are served or paid back. Raises BadInput for a past day, NotAllowed, NotPossible if there is one."""
    notice = rule("closing_announced", clock.today()).amount or 0
    with scoped(scope_of(by)):
        announce_closing(shop, last_day, by=by, reason=reason)
        late = last_day < clock.today() + timedelta(days=notice)
        told = f"公告最后营业日：{last_day:%Y-%m-%d}。{'未按规定提前公告。' if late else ''}{reason}"
        opened = _open(shop, told, by=by, severity=Severity.ORANGE if late else Severity.YELLOW)
        with scoped(scope_of(system())):
            tell_holders(_open_cards(shop.id), HolderNotice.About.CLOSING)
    return opened


def found_shut(shop: Shop, *, by: Actor, reason: str) -> Opened:
    """A shop that somebody found shut. Its closing is confirmed in the matter. Raises BadInput without a reason,
    NotAllowed, NotPossible if there is one."""
    require_over(by, shop.area)
    if not reason.strip():
        raise BadInput(_("say how it is known"), field="reason")
    return _open(shop, reason, by=by, severity=Severity.ORANGE)


def close_shop(shop: UUID, closed_on: date) -> None:
    """Note that a shop has closed on that day, in the caller's transaction and scope."""
    at = datetime.combine(min(closed_on, clock.today()), time(), clock.LOCAL)
    Shop.objects.filter(id=shop, closed_at=None).update(closed_at=at)


def repay_due(*, progress: Progress = lambda _done, _of: None) -> int:
    """The worker's job: pay back the holders of every shop whose closing is confirmed; how many cards."""
    settling = Matter.objects.filter(pk=OuterRef("matter_id"), state=ClosingDown.settling.name)
    with scoped(scope_of(system())):
        closings = ShopMatter.objects.filter(kind=Kind.CLOSING, ended_at=None, shop__closed_at__isnull=False)
        waiting = list(closings.filter(Exists(settling)))
    return sum(settle(each, progress=progress).cards for each in waiting)


def settle(closing: ShopMatter, *, progress: Progress = lambda _done, _of: None) -> Settled:
    """Pay back every card of a shop that has closed, and say in the matter what it came to. `progress` is told how many
    of how many cards are done."""
    with scoped(scope_of(system())):
        cards = list(_open_cards(closing.shop_id).order_by("id").values_list("id", flat=True))
    for done, card in enumerate(cards):
        progress(done, len(cards))
        _repay(card, closing)
    progress(len(cards), len(cards))
    with scoped(scope_of(system())):
        # Of several workers the last finds the step made.
        ShopMatter.objects.select_for_update(of=("self",)).get(matter_id=closing.matter_id)
        told = _come_to(closing)
        if Matter.objects.filter(id=closing.matter_id, state=ClosingDown.settling.name).exists():
            engine.advance(closing.matter_id, ClosingDown.settle.name, by=system(), told=told.model_dump())
    return told


def _open(shop: Shop, text: str, *, by: Actor, severity: Severity) -> Opened:
    return open_about(
        shop, Kind.CLOSING, ClosingDown, by=by, title=f"{shop.name}停业清退", text=text, severity=severity
    )


def _open_cards(shop: UUID) -> QuerySet[Card]:
    """The cards that money is owed on. One that still waits for a guardian is voided and paid back by itself."""
    valid = Lot.objects.filter(card=OuterRef("pk"), standing=Lot.Standing.VALID)
    return Card.objects.filter(Exists(valid), shop_id=shop).exclude(state=Card.State.CLOSED)


def _repay(card: UUID, closing: ShopMatter) -> None:
    """Pay one card back, or leave it for a person where the rules can't reckon it."""
    try:
        with scoped(scope_of(system())):
            locked = _open_cards(closing.shop_id).select_for_update(of=("self",)).filter(id=card).first()
            if locked is None:
                return  # another worker was first
            owed = quote(facts_of(locked), Repayment.Cause.CLOSED, on=clock.today())
            repay(locked, Repayment.Cause.CLOSED, by=None, key=f"{_key(closing)}{card}", agreed=owed)
            tell_holders([locked], HolderNotice.About.REPAID)
    except (NotPossible, NotCovered, Overdrawn) as why:
        log.warning("card not repaid", card=str(card), why=str(why))


def _key(closing: ShopMatter) -> str:
    return f"closing.{closing.matter_id}."


def _come_to(closing: ShopMatter) -> Settled:
    """What the matter's repayments come to so far, from their own rows."""
    made = Repayment.objects.filter(key__startswith=_key(closing)).aggregate(
        cards=Count("id"), paid=Sum(F("from_escrow") + F("from_merchant"), default=0), owed=Sum("shortfall", default=0)
    )
    return Settled(
        cards=made["cards"],
        paid=made["paid"],
        shortfall=made["owed"],
        left=_open_cards(closing.shop_id).count(),
    )
