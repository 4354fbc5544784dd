"""Opening a matter about a shop, or saying of one that is there which shop it is about."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from anlan.city.people.access import DISPATCHER, RESPONDER, SUPERVISOR, SYSTEM, Actor, Role, scope_of, scoped, system
from anlan.loop import clock, engine
from anlan.loop.engine import Opened, Opening
from anlan.loop.models import Channel
from anlan.loop.procedures import Procedure
from anlan.loop.refusals import NotPossible
from anlan.loop.suggestions import Klass, Severity
from anlan.services.prepaid.colour import trading
from anlan.services.prepaid.merchants.models import Shop
from anlan.services.prepaid.merchants.queries import shop_of_code
from anlan.services.prepaid.supervision.models import ShopMatter

CATEGORY = "market.prepaid"
ABOUT = "about"
_LINKS = DISPATCHER | SUPERVISOR | RESPONDER | Role.ADMINISTRATOR | SYSTEM
Kind = ShopMatter.Kind
Signal = ShopMatter.Signal


def open_about(
    shop: Shop,
    kind: Kind,
    procedure: type[Procedure],
    *,
    by: Actor,
    title: str,
    text: str,
    severity: Severity,
    signal: Signal = Signal.PERSON,
    reasons: Sequence[Mapping[str, Any]] = (),
) -> Opened:
    """Open a matter about a shop in the shop's area. Raises NotPossible while one of this kind is open."""
    opening = Opening(
        area=shop.area,
        channel=Channel.API,
        title=title[:200],
        klass=Klass.ORDINARY,
        category=CATEGORY,
        severity=severity,
        description=text,
        address=shop.address,
        lon=shop.lon,
        lat=shop.lat,
    )
    try:
        with scoped(scope_of(system())), transaction.atomic():
            opened = engine.open_matter(procedure, opening, by=by, told={"shop": shop.code})
            ShopMatter.objects.create(
                matter=opened.matter,
                shop=shop,
                merchant_id=shop.merchant_id,
                area=shop.area,
                kind=kind,
                signal=signal,
                reasons=list(reasons),
                opened_at=opened.matter.opened_at,
            )
    except IntegrityError as error:
        raise NotPossible(_("there is one about this shop already; it has not been decided yet")) from error
    return opened


def complaint_about(matter: UUID, code: str, *, by: Actor) -> ShopMatter:
    """Say that a matter is a complaint about the shop with this code: it counts among the shop's indicators at once.

    For whoever handles the matter. Said again it changes nothing. Raises Unknown, NotAllowed, and NotPossible where
    the matter is about another shop.
    """
    shop = shop_of_code(code)
    with scoped(scope_of(by)):
        before = ShopMatter.objects.filter(matter_id=matter).first()
        if before is not None:
            if before.shop_id != shop.id:
                raise NotPossible(_("this matter is about another shop already"), field="code")
            return before
        with engine.changing(matter, by, _LINKS) as change:
            change.record(ABOUT, {"shop": shop.code})
            made = ShopMatter.objects.create(
                matter_id=matter,
                shop=shop,
                merchant_id=shop.merchant_id,
                area=change.matter.area,
                kind=Kind.COMPLAINT,
                signal=Signal.PERSON,
                opened_at=change.matter.opened_at,
                ended_at=clock.now(),
            )
            trading.note(shop.id, at=change.matter.opened_at, complaints=1)
    return made
