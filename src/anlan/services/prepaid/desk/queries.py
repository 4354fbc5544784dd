"""What the regulator's desk lists: shops by colour with the money of their cards, and the matters about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from django.db import connection
from django.db.models import Case, Count, QuerySet, Value, When
from pydantic import Field

from anlan.city.people.access import Actor, scope_of, scoped
from anlan.loop.administering import found_in
from anlan.loop.schemas import Line, Told
from anlan.services.prepaid.desk.access import area_of, within_own
from anlan.services.prepaid.merchants.models import Colour, Merchant, Shop
from anlan.services.prepaid.supervision.models import ShopMatter

MOST_POINTS: Final = 500
_GRAVEST_FIRST = Case(
    When(colour=Colour.RED, then=Value(0)), When(colour=Colour.YELLOW, then=Value(1)), default=Value(2)
)
_HELD: Final = """
    SELECT c.shop_id, count(*), coalesce(sum(a.posted), 0)::bigint
    FROM prepaid_card c JOIN ledger_account a ON a.id = c.escrow
    WHERE c.shop_id = ANY(%s) AND c.state <> 'closed' GROUP BY c.shop_id
"""


class ShopsWanted(Told):
    """Which shops are listed."""

    q: Annotated[Line, Field(max_length=80)] = ""
    area: Annotated[Line, Field(max_length=15)] = ""
    colour: Colour | None = None
    trade: Merchant.Trade | None = None
    page: Annotated[Line, Field(max_length=10)] = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """A shop with how many cards it has and how much of their money lies in escrow, in fen."""

    shop: Shop
    cards: int
    held: int


def found(actor: Actor, wanted: ShopsWanted) -> QuerySet[Shop]:
    """The shops of one's own areas that fit, red ones first, the newest change first. Raises BadInput."""
    shops = Shop.objects.select_related("merchant").filter(within_own(actor), area__within=area_of(actor, wanted.area))
    if wanted.colour is not None:
        shops = shops.filter(colour=wanted.colour)
    if wanted.trade is not None:
        shops = shops.filter(merchant__trade=wanted.trade)
    shops = shops.filter(found_in(wanted.q, "name", "code", "merchant__name", "merchant__credit_code"))
    return shops.order_by(_GRAVEST_FIRST, "-colour_since", "id")


def counted(actor: Actor, wanted: ShopsWanted) -> dict[str, int]:
    """How many shops of each colour fit, whatever colour was asked for."""
    any_colour = wanted.model_copy(update={"colour": None})
    rows = found(actor, any_colour).order_by().values_list("colour").annotate(n=Count("id"))
    return {colour.value: dict(rows).get(colour.value, 0) for colour in reversed(Colour)}


def with_money(actor: Actor, shops: Iterable[Shop]) -> list[Watched]:
    """These shops with their cards, in one statement."""
    listed = list(shops)
    with scoped(scope_of(actor)), connection.cursor() as cursor:
        cursor.execute(_HELD, [[shop.id for shop in listed]])
        sums = {shop: (cards, held) for shop, cards, held in cursor.fetchall()}
    return [Watched(shop, *sums.get(shop.id, (0, 0))) for shop in listed]


def matters(actor: Actor, kind: ShopMatter.Kind) -> list[ShopMatter]:
    """The open matters of one kind about shops of one's own areas, the oldest first."""
    with scoped(scope_of(actor)):
        open_ones = ShopMatter.objects.filter(within_own(actor), kind=kind, ended_at=None)
        return list(open_ones.select_related("shop", "matter").order_by("opened_at"))


def matters_of(actor: Actor, shop: UUID) -> list[ShopMatter]:
    """All matters about one shop, the newest first."""
    with scoped(scope_of(actor)):
        found = ShopMatter.objects.filter(within_own(actor), shop_id=shop)
        return list(found.select_related("matter").order_by("-opened_at"))
