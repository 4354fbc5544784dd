"""Whose request it is where reverse proxies stand in front (`ANLAN_PROXIES`, how many).

Each proxy adds the address it was called from to `X-Forwarded-For`. What a caller wrote there stands further to the
left: only as many entries count, from the right, as there are proxies of ours.
"""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class BehindProxies:
    """Puts the caller's own address where everything else looks for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        peer = request.META.get("REMOTE_ADDR", "")
        request.META["REMOTE_ADDR"] = caller(peer, request.META.get("HTTP_X_FORWARDED_FOR", ""))
        return self.get_response(request)


def caller(peer: str, forwarded: str) -> str:
    """The caller's address: `peer` is who has connected, `forwarded` what X-Forwarded-For says."""
    passed = [each.strip() for each in forwarded.split(",") if each.strip()]
    proxies = settings.ANLAN_PROXIES
    if not proxies or len(passed) < proxies:
        return peer
    try:
        return str(ipaddress.ip_address(passed[-proxies]))
    except ValueError:
        return peer
