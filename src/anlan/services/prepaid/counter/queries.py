"""What a counter sees: the day's proposals, a card that was shown, and the merchant's money."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from anlan.ledger.models import Entry, Payout
from anlan.ledger.queries import Balance, StatementLine, balance
from anlan.ledger.queries import statement as lines_of
from anlan.loop import clock
from anlan.loop.refusals import Unknown
from anlan.services.prepaid.access import Counter, at_counter
from anlan.services.prepaid.cards import numbers
from anlan.services.prepaid.cards.models import Card, Use
from anlan.services.prepaid.cards.queries import statement_at_counter
from anlan.services.prepaid.cards.schemas import CardOut
from anlan.services.prepaid.counter.forms import is_number
from anlan.services.prepaid.merchants.models import Merchant, Shop

MOST_SHOWN = 200
LOOKED_BACK = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Money:
    """What lies ready for the merchant, what moved in the last month, and what was paid out of it."""

    ready: Balance
    lines: list[StatementLine]
    payouts: list[Payout]


def shops_of(counters: list[Counter]) -> list[Shop]:
    """The shops at whose counters somebody works, by name."""
    merchants = {counter.merchant for counter in counters}
    shops = Shop.objects.filter(merchant_id__in=merchants).order_by("name", "code")
    return [shop for shop in shops if any(each.serves(shop.merchant_id, shop.id) for each in counters)]


def today(shop: Shop, *, counter: Counter) -> list[Use]:
    """What was proposed at a shop today, the newest first, with its card; at most `MOST_SHOWN`."""
    midnight = datetime.combine(clock.today(), time.min, clock.LOCAL)
    with at_counter(counter.merchant):
        uses = Use.objects.filter(shop=shop, proposed_at__gte=midnight).select_related("card")
        return list(uses.order_by("-proposed_at")[:MOST_SHOWN])


def shown(typed: str, *, counter: Counter) -> CardOut:
    """The card whose code was read or number typed, its holder masked; a code is spent by this. Raises Unknown,
    NotAllowed for a forged code, NotPossible for one that was read before."""
    code = None if is_number(typed) else numbers.read(typed)
    with at_counter(counter.merchant):
        cards = Card.objects.filter(merchant_id=counter.merchant)
        if code is None:
            found = cards.filter(number=numbers.bare_number(typed)).first()
        else:
            found = cards.filter(id=code.card, generation=code.generation).first()
        if found is None:
            raise Unknown(_("this is no card of this merchant"), field="card")
        return statement_at_counter(found.id, counter=counter).card


def money(merchant: UUID) -> Money:
    """The merchant's money, for its owner."""
    now = clock.now()
    with transaction.atomic():
        payable = Merchant.objects.values_list("payable", flat=True).get(id=merchant)
        lines = lines_of(payable, now - LOOKED_BACK, now)
        held = [line.entry for line in lines if line.kind == Entry.Kind.HELD]
        payouts = Payout.objects.filter(id__in=held).order_by("-asked_at")
        return Money(ready=balance(payable), lines=lines[::-1], payouts=list(payouts))
