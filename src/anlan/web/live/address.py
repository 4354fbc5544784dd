"""Where the streams are, as pages, browsers and the streams' own process see it.

By default they lie on the same host one port further: cookies do not look at ports. Behind a reverse proxy
`ANLAN_LIVE_URL` says where instead, as an address or as a path of the same host, `/live`.
"""

import time
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

PATH = "/live"
# What changed while a page was being made is told to it as well; the web processes' clocks may differ by as much.
SLACK_SECONDS = 5
_DEFAULT_PORTS = {"http": 80, "https": 443}


def live_url(request: HttpRequest) -> str:
    """The streams' address for the pages of this request; empty where nothing is live."""
    if settings.ANLAN_LIVE_URL:
        return str(settings.ANLAN_LIVE_URL)
    if not settings.ANLAN_LIVE_PORT:
        return ""
    try:
        host, _port = split_domain_port(request.get_host())
    except DisallowedHost:
        return ""
    return f"{request.scheme}://{host}:{settings.ANLAN_LIVE_PORT}{PATH}"


def in_templates(request: HttpRequest) -> dict[str, object]:
    """Context processor: `live_url`, and `live_since`, the moment from which a page wants to hear of changes."""
    return {"live_url": live_url(request), "live_since": int(time.time()) - SLACK_SECONDS}


def to_connect_to(request: HttpRequest) -> str:
    """The origin that the Content-Security-Policy lets pages connect to besides their own; or nothing."""
    parts = urlsplit(live_url(request))
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def is_ours(origin: str, host: str, scheme: str) -> bool:
    """Is `origin` that of our pages, for a stream asked for under the Host header `host`?"""
    public = urlsplit(settings.ANLAN_PUBLIC_URL)
    if origin == f"{public.scheme}://{public.netloc}":
        return True
    name, _port = split_domain_port(host)
    if not name or not validate_host(name, settings.ALLOWED_HOSTS):
        return False
    asked = urlsplit(origin)
    try:
        port = asked.port or _DEFAULT_PORTS.get(asked.scheme)
    except ValueError:
        return False
    same_host = split_domain_port(asked.netloc)[0] == name
    return origin == f"{scheme}://{host}" or (same_host and asked.scheme == scheme and port == settings.ANLAN_PORT)
