"""What the holders of cards are told when a shop closes: put down with what it tells of, sent from here."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.language import said
from anlan.loop import clock
from anlan.loop.refusals import NotPossible
from anlan.services.prepaid.cards import texting
from anlan.services.prepaid.cards.models import Card
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.figures import figure
from anlan.services.prepaid.supervision.models import HolderNotice

SENT_AT_ONCE: Final = 100
_PAUSE: Final = timedelta(minutes=5)
"""Before the second try; doubled each time."""


def tell_holders(cards: Iterable[Card], about: HolderNotice.About) -> None:
    """Put down that the holders of these cards are to be told, once each, in the caller's transaction and scope."""
    now = clock.now()
    HolderNotice.objects.bulk_create(
        (HolderNotice(card=card, area=card.area, about=about, made_at=now, due_at=now) for card in cards),
        ignore_conflicts=True,
    )


def send_due() -> int:
    """The worker's job: try what is due; how many tries were made."""
    tried = 0
    for _place in range(SENT_AT_ONCE):
        with scoped(scope_of(system())):
            waiting = HolderNotice.objects.select_for_update(skip_locked=True, of=("self",)).order_by("due_at")
            notice = waiting.select_related("card__shop").filter(due_at__lte=clock.now()).first()
            if notice is None:
                break
            _try(notice)
        tried += 1
    return tried


def _try(notice: HolderNotice) -> None:
    now, phone = clock.now(), _phone_of(notice.card)
    notice.tries += 1
    try:
        if not phone:
            notice.tries = figure("notice_tries", clock.today())
            raise NotPossible("no telephone")
        texting.send(phone, _text(notice), otherwise="")
        notice.sent_at, notice.due_at = now, None
    except NotPossible:
        given_up = notice.tries >= figure("notice_tries", clock.today())
        notice.due_at = None if given_up else now + _PAUSE * 2 ** (notice.tries - 1)
    notice.save(update_fields=["tries", "sent_at", "due_at"])


def _phone_of(card: Card) -> str:
    return card.holder_phone or (card.holder.phone if card.holder else "") or ""


def _text(notice: HolderNotice) -> str:
    """Nothing but the shop, the last digits of the card and the amounts: a text is read by whoever holds the phone."""
    card, shop = notice.card, notice.card.shop
    if notice.about == HolderNotice.About.CLOSING:
        last_day = f"{shop.closes_on:%Y-%m-%d}" if shop.closes_on else "–"
        return said(
            f"【安澜】{shop.name}公告停业，最后营业日{last_day}。您的卡{card}可继续使用或申请退款。",
            f"[Anlan] {shop.name} will close; its last day is {last_day}. Card {card} can be used or given back.",
        )
    repaid = Repayment.objects.filter(card=card, cause=Repayment.Cause.CLOSED).latest("at")
    paid, owed = (f"{fen / 100:.2f}" for fen in (repaid.from_escrow + repaid.from_merchant, repaid.shortfall))
    return said(
        f"【安澜】{shop.name}已停业，您的卡{card}退款{paid}元"
        + (f"，另有{owed}元登记为债权。" if repaid.shortfall else "。"),
        f"[Anlan] {shop.name} has closed. Card {card}: {paid} yuan are paid back"
        + (f", {owed} yuan are listed as your claim." if repaid.shortfall else "."),
    )
