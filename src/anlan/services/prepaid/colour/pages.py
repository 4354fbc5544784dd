"""The page behind the code on a shop's door: its colour for everybody, without signing in."""

import io

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from anlan.loop.refusals import Unknown
from anlan.services.prepaid.colour.explaining import public_colour
from anlan.services.prepaid.merchants.queries import shop_of_code


@never_cache
@require_safe
def shop_code(request: HttpRequest, code: str) -> HttpResponse:
    """A shop's colour, since when, what it means, and how much of the money lies in escrow. A code that no shop has is
    answered with a page that says what to do about a forged one."""
    try:
        found = public_colour(code)
    except Unknown:
        return render(request, "prepaid/unknown_code.html", status=404)
    return render(request, "prepaid/shop_code.html", {"found": found, "shop": found.shop})


@require_safe
def shop_qr(request: HttpRequest, code: str) -> HttpResponse:
    """The QR code of a shop for its door, as SVG; it leads to the page above under this city's own name."""
    try:
        shop = shop_of_code(code)
    except Unknown:
        return render(request, "prepaid/unknown_code.html", status=404)
    drawn = io.BytesIO()
    address = settings.ANLAN_PUBLIC_URL + reverse("shop-code", args=[shop.code])
    segno.make_qr(address, error="m").save(drawn, kind="svg", scale=6, border=4, light="#fff")
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")
