"""The regulator's desk: shops by colour on the map and as a list, what is to be decided, the funnel and the claims."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import wraps
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from anlan.city.areas.atlas import atlas
from anlan.city.areas.marks import Mark
from anlan.city.people.access import Actor, covers
from anlan.loop import clock
from anlan.loop.administering import paged, query_of
from anlan.loop.answers import label
from anlan.loop.csv_answer import csv_answer
from anlan.loop.forms import Label, checked
from anlan.loop.page_door import for_staff, require, shell
from anlan.loop.refusals import BadInput, NotAllowed
from anlan.loop.schemas import Told
from anlan.services.prepaid.colour.explaining import explained, history
from anlan.services.prepaid.desk import queries
from anlan.services.prepaid.desk.access import DESK, area_of, areas_offered, own_areas
from anlan.services.prepaid.desk.queries import ShopsWanted
from anlan.services.prepaid.merchants.models import Colour, Merchant
from anlan.services.prepaid.merchants.queries import shop_of_code
from anlan.services.prepaid.supervision import claims as owed
from anlan.services.prepaid.supervision import funnel as stages
from anlan.services.prepaid.supervision.models import ShopMatter

MOST_ROWS = 100_000
SHOWN_CHANGES = 50
LOOKED_BACK = timedelta(days=365)
ROOMS = (
    ("prepaid", gettext_lazy("Shops")),
    ("prepaid-matters", gettext_lazy("To decide")),
    ("prepaid-funnel", gettext_lazy("Funnel")),
    ("prepaid-claims", gettext_lazy("Claims")),
)


class SpanWanted(Told):
    """The days of a funnel, both included."""

    since: Annotated[date | None, Label(gettext_lazy("From"))] = None
    until: Annotated[date | None, Label(gettext_lazy("Until"))] = None


def for_regulators(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page for whoever watches over the shops of some area: `view(request, actor, …)`."""

    @for_staff
    @wraps(view)
    def page(request: HttpRequest, actor: Actor, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require(actor, DESK)
        return view(request, actor, *args, **kwargs)

    return page


@require_safe
@for_regulators
def shops(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The shops of one's own areas by colour: on the map those that are not green, as a list all of them."""
    wanted, refused = _wanted(request, actor)
    rows = queries.found(actor, wanted)
    page = paged(request, rows)
    path = area_of(actor, wanted.area)
    context = {
        **_frame(request, actor),
        "wanted": wanted,
        "path": path,
        "area": path.rpartition(".")[2],
        "areas": areas_offered(actor),
        "colours": Colour.choices,
        "trades": Merchant.Trade.choices,
        "counts": [(Colour(colour), n) for colour, n in queries.counted(actor, wanted).items()],
        "points": _points(rows.exclude(colour=Colour.GREEN)[: queries.MOST_POINTS]),
        "most_points": queries.MOST_POINTS,
        "page": page,
        "rows": [(each, atlas().full_name(each.shop.area)) for each in queries.with_money(actor, page)],
        "query": query_of(request),
        "refused": refused,
    }
    return render(request, "prepaid/desk.html", context, status=refused.status if refused else 200)


@require_safe
@for_regulators
def shops_file(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same list as a file."""
    wanted = checked(ShopsWanted, request.GET)
    headings = ("code", "shop", "merchant", "credit_code", "area", "colour", "since", "cards", "escrow_fen")
    lines: list[tuple[object, ...]] = [headings]
    for each in queries.with_money(actor, queries.found(actor, wanted)[:MOST_ROWS]):
        shop = each.shop
        area, since = atlas().full_name(shop.area), f"{clock.local(shop.colour_since):%Y-%m-%d %H:%M}"
        named = (shop.code, shop.name, shop.merchant.name, shop.merchant.credit_code)
        lines.append((*named, area, shop.get_colour_display(), since, each.cards, each.held))
    return csv_answer("prepaid-shops.csv", lines)


@require_safe
@for_regulators
def shop(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """One shop: its colour with the reasons, what registers say of its merchant, and the matters about it."""
    found = shop_of_code(code)
    if not any(covers(area, found.area) for area in own_areas(actor)):
        raise NotAllowed(_("that area is not yours"))
    changes = history(found, limit=SHOWN_CHANGES)
    (watched,) = queries.with_money(actor, [found])
    context = {
        **_frame(request, actor),
        "shop": found,
        "watched": watched,
        "place": atlas().full_name(found.area),
        "changes": changes,
        "reasons": explained(changes[0].reasons) if changes and found.colour != Colour.GREEN else [],
        "entries": found.merchant.entries.order_by("-entered_on"),
        "matters": [(each, _state(each)) for each in queries.matters_of(actor, found.id)],
    }
    return render(request, "prepaid/desk_shop.html", context)


@require_safe
@for_regulators
def matters(request: HttpRequest, actor: Actor) -> HttpResponse:
    """`?kind=…`: warnings to verify and to deal with, appeals and closings to decide."""
    kinds = [ShopMatter.Kind.WARNING, ShopMatter.Kind.APPEAL, ShopMatter.Kind.CLOSING]
    asked = request.GET.get("kind", "")
    kind = ShopMatter.Kind(asked) if asked in kinds else ShopMatter.Kind.WARNING
    page = paged(request, queries.matters(actor, kind))
    context = {
        **_frame(request, actor),
        "kinds": kinds,
        "kind": kind,
        "page": page,
        "rows": [(each, _state(each), explained(each.reasons)) for each in page],
        "query": query_of(request),
    }
    return render(request, "prepaid/desk_matters.html", context)


@require_safe
@for_regulators
def funnel(request: HttpRequest, actor: Actor) -> HttpResponse:
    """From the merchants watched over to those that failed, over some days."""
    since, until, refused = _span(request)
    context = {
        **_frame(request, actor),
        "since": since,
        "until": until,
        "rows": [(each, atlas().names.get(each.district, "")) for each in _stages(actor, since, until)],
        "refused": refused,
        "query": query_of(request),
    }
    return render(request, "prepaid/desk_funnel.html", context, status=refused.status if refused else 200)


@require_safe
@for_regulators
def funnel_file(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same as a file."""
    since, until, refused = _span(request)
    if refused:
        raise refused
    return csv_answer("prepaid-funnel.csv", [stages.HEADINGS, *(each.cells for each in _stages(actor, since, until))])


@require_safe
@for_regulators
def claims(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What holders of closed shops are still owed, the largest first."""
    found = owed.claims(actor)
    page = paged(request, found)
    context = {
        **_frame(request, actor),
        "page": page,
        "rows": list(page),
        "total": sum(each.claim for each in found),
        "query": query_of(request),
    }
    return render(request, "prepaid/desk_claims.html", context)


@require_safe
@for_regulators
def claims_file(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same as a file."""
    return csv_answer("prepaid-claims.csv", [owed.HEADINGS, *(each.cells for each in owed.claims(actor))])


def _wanted(request: HttpRequest, actor: Actor) -> tuple[ShopsWanted, BadInput | None]:
    """What is asked for; everything, with the reason, where that can't be understood."""
    try:
        wanted = checked(ShopsWanted, request.GET)
        area_of(actor, wanted.area)
    except BadInput as refused:
        return ShopsWanted(), refused
    return wanted, None


def _span(request: HttpRequest) -> tuple[date, date, BadInput | None]:
    until = clock.today()
    since = until - LOOKED_BACK
    try:
        wanted = checked(SpanWanted, request.GET)
    except BadInput as refused:
        return since, until, refused
    until = wanted.until or until
    since = wanted.since or until - LOOKED_BACK
    if until < since:
        return since, until, BadInput(_("the last day lies before the first"), field="until")
    return since, until, None


def _stages(actor: Actor, since: date, until: date) -> list[stages.Stage]:
    begin, end = (datetime.combine(day, time.min, clock.LOCAL) for day in (since, until + timedelta(days=1)))
    return stages.funnel(actor, since=begin, until=end)


def _state(each: ShopMatter) -> str:
    """The state of a matter in the reader's language."""
    return label(each.matter.stands)


def _points(found: Any) -> list[Mark]:
    """Shops as points; the word is in the label, the colour only repeats it."""
    return [
        Mark(
            id=shop.code,
            lon=shop.lon,
            lat=shop.lat,
            label=f"{shop.name} · {shop.get_colour_display()}",
            shape="unit",
            tone=shop.colour,
            href=reverse("prepaid-shop", args=[shop.code]),
        )
        for shop in found
        if shop.lon is not None and shop.lat is not None
    ]


def _frame(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    here = max((reverse(name) for name, _label in ROOMS if request.path.startswith(reverse(name))), key=len, default="")
    inside = [(reverse(name), word, reverse(name) == here) for name, word in ROOMS]
    return {**shell(request, actor), "inside": inside}
