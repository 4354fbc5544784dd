"""What everybody may read of merchants: a shop, its colour, its offers."""

from django.utils.translation import gettext as _

from anlan.loop.refusals import Unknown
from anlan.services.prepaid.merchants.models import Colour, Shop
from anlan.services.prepaid.merchants.schemas import PublicShop
from anlan.services.prepaid.offers.models import Offer
from anlan.services.prepaid.offers.schemas import OfferOut

LONGEST_CODE = 40


def shop_of_code(code: str) -> Shop:
    """The shop with this code on its door. Raises Unknown."""
    typed = code[:LONGEST_CODE].strip().upper()
    # A character that no database takes is in no code.
    found = Shop.objects.select_related("merchant").filter(code=typed).first() if typed.isalnum() else None
    if found is None:
        raise Unknown(_("there is no such shop"))
    return found


def public_shop(code: str) -> PublicShop:
    """A shop with what it sells ahead today. Raises Unknown."""
    shop = shop_of_code(code)
    offers = Offer.objects.filter(merchant_id=shop.merchant_id, published_at__isnull=False, withdrawn_at=None)
    here = [offer for offer in offers.order_by("price", "id") if offer.shop_id in (None, shop.id)]
    return PublicShop(
        id=shop.id,
        code=shop.code,
        name=shop.name,
        merchant=shop.merchant.name,
        credit_code=shop.merchant.credit_code,
        trade=shop.merchant.get_trade_display(),
        address=shop.address,
        phone=shop.phone,
        colour=Colour(shop.colour),
        colour_since=shop.colour_since,
        takes_prepayments=shop.colour != Colour.RED and shop.closes_on is None and shop.closed_at is None,
        closes_on=shop.closes_on,
        offers=[OfferOut.model_validate(offer, from_attributes=True) for offer in here],
    )
