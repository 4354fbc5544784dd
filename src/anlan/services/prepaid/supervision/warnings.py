"""A shop that is no longer green is warned of: as a matter, once for each colour that the program gave it."""

from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop.refusals import NotPossible
from anlan.loop.suggestions import Severity
from anlan.services.prepaid.cards import texting
from anlan.services.prepaid.colour.explaining import explained
from anlan.services.prepaid.colour.models import ColourChange
from anlan.services.prepaid.merchants.machines import tell
from anlan.services.prepaid.merchants.models import Colour, Shop
from anlan.services.prepaid.supervision.opening import Kind, Signal, open_about
from anlan.services.prepaid.supervision.procedures import Forewarning
from anlan.services.prepaid.warning.models import Outlook

log = structlog.get_logger("anlan.prepaid.warnings")

RAISED_AT_ONCE: Final = 50
_SEVERITY: Final = {Colour.YELLOW.value: Severity.YELLOW, Colour.RED.value: Severity.ORANGE}
_NAMES: Final = {Colour.YELLOW.value: "黄码", Colour.RED.value: "红码"}

# What a person has decided is known to whoever decided it; a shop that has closed needs no warning any more.
_UNWARNED: Final = """
    SELECT s.id FROM prepaid_shop s
    CROSS JOIN LATERAL (
        SELECT by FROM prepaid_colourchange WHERE shop_id = s.id ORDER BY at DESC LIMIT 1
    ) c
    WHERE s.colour <> 'green' AND s.closed_at IS NULL AND c.by IS NULL AND NOT EXISTS (
        SELECT FROM prepaid_shopmatter m WHERE m.shop_id = s.id AND m.kind = 'warning'
            AND (m.ended_at IS NULL OR m.opened_at >= s.colour_since)
    )
    ORDER BY s.colour_since, s.id LIMIT %s
"""


def raise_due(*, limit: int = RAISED_AT_ONCE) -> int:
    """The worker's job: open a warning about each shop that nobody was warned of since it got its colour, and tell the
    merchant; how many."""
    with scoped(scope_of(system())), connection.cursor() as cursor:
        cursor.execute(_UNWARNED, [limit])
        waiting = [id for (id,) in cursor.fetchall()]
    return sum(_raise(id) for id in waiting)


def _raise(id: UUID) -> bool:
    with scoped(scope_of(system())):
        shop = Shop.objects.select_related("merchant").get(id=id)
        if shop.colour == Colour.GREEN:
            return False
        reasons = ColourChange.objects.filter(shop=shop).order_by("-at").values_list("reasons", flat=True)[0]
        why = [f"{each.title}：{each.value}（标准 {each.threshold}）" for each in explained(reasons, chinese=True)]
        try:
            open_about(
                shop,
                Kind.WARNING,
                Forewarning,
                by=system(),
                title=f"{shop.name}转为{_NAMES[shop.colour]}",
                text="；".join(why),
                severity=_SEVERITY[shop.colour],
                signal=Signal.RULES,
                reasons=reasons,
            )
        except NotPossible:
            return False  # another worker was first
        tell(shop.merchant_id, "shop.colour", {"shop": shop.code, "colour": shop.colour})
    _notify(shop)
    return True


def raise_by_model(outlook: Outlook) -> bool:
    """Open a warning about a shop that a model expects to fail; False where one is open or the shop has closed."""
    with scoped(scope_of(system())):
        shop = Shop.objects.get(id=outlook.shop_id)
        if shop.closed_at is not None:
            return False
        why = [
            f"模型 {outlook.model_id} 估计停业可能性 {outlook.probability:.0%}",
            *(each["zh"] for each in outlook.reasons),
        ]
        try:
            open_about(
                shop,
                Kind.WARNING,
                Forewarning,
                by=system(),
                title=f"{shop.name}模型预警",
                text="；".join(why),
                severity=Severity.YELLOW,
                signal=Signal.MODEL,
                reasons=outlook.reasons,
            )
        except NotPossible:
            return False
    return True


def _notify(shop: Shop) -> None:
    """Tell the merchant that its colour has changed, and where it may be appealed."""
    if not shop.merchant.contact_phone:
        return
    told = (
        f"【安澜】{shop.name}的预付码已转为{_NAMES[shop.colour]}。原因、整改要求和申诉入口请登录商户端查看："
        f"{settings.ANLAN_PUBLIC_URL}/prepaid/shops/{shop.code}"
    )
    try:
        texting.send(shop.merchant.contact_phone, told, otherwise="")
    except NotPossible:
        log.warning("merchant not told", shop=shop.code)
