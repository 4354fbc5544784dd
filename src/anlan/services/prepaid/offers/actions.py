"""Publishing and withdrawing offers."""

from uuid import UUID

from django.utils.translation import gettext as _

from anlan.foundation.language import said
from anlan.loop import clock
from anlan.loop.refusals import BadInput, NotPossible, Unknown
from anlan.services.prepaid.access import Counter
from anlan.services.prepaid.merchants.models import Merchant, Shop
from anlan.services.prepaid.offers.limits import Breach, Sale, Seller, breaches
from anlan.services.prepaid.offers.models import Offer
from anlan.services.prepaid.offers.schemas import OfferIn
from anlan.services.prepaid.offers.terms import void_terms


def publish(counter: Counter, given: OfferIn) -> Offer:
    """Publish an offer of this merchant. For a caller who may: an owner, or the program.

    Raises BadInput, naming the field, for a void term or a rule that forbids to take as much ahead; Unknown for a shop
    that is not the merchant's.
    """
    merchant = Merchant.objects.get(id=counter.merchant)
    if given.shop is not None and not Shop.objects.filter(id=given.shop, merchant=merchant).exists():
        raise Unknown(_("the merchant has no such shop"), field="shop")
    _refuse_void(given)
    sale = Sale(
        price=given.price,
        named=given.named,
        kind=given.kind,
        sessions=given.sessions,
        days=given.days,
        valid_days=given.valid_days,
        # Whether buyer and payment fit is asked when somebody buys.
        transferred=True,
    )
    refuse(breaches(Seller.of(merchant), sale, on=clock.today()))
    told = given.model_dump(exclude={"shop"})
    return Offer.objects.create(**told, merchant=merchant, shop_id=given.shop, published_at=clock.now())


def withdraw(counter: Counter, offer: UUID) -> None:
    """Sell it no more; what was sold stays as it is. Raises Unknown, NotPossible where it was withdrawn before."""
    found = Offer.objects.filter(id=offer, merchant_id=counter.merchant)
    if not found.exists():
        raise Unknown(_("there is no such offer"))
    if not found.filter(withdrawn_at=None).update(withdrawn_at=clock.now()):
        raise NotPossible(_("it was withdrawn before"))


def refuse(found: list[Breach]) -> None:
    """Raises BadInput with the first rule that stands against a sale, and its source."""
    if found:
        first = found[0].rule
        why = said(f"{first.title}（{first.source}）", f"{first.title_en} ({first.source_en})")
        raise BadInput(why, field=found[0].field)


def _refuse_void(given: OfferIn) -> None:
    texts = {
        "content": [given.content],
        "refund_way": [given.refund_way],
        "breach_liability": [given.breach_liability],
        "further_terms": given.further_terms,
    }
    if found := void_terms(texts):
        first = found[0]
        raise BadInput(
            _("“%(wording)s” has no effect (judicial interpretation 2025 no. 4, art 9 (%(item)s)): %(why)s")
            % {"wording": first.wording, "item": first.item, "why": said(first.why, first.why_en)},
            field=first.field,
        )
