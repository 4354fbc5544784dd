"""What every request passes: a measurement, a limit to its size, and what its answer may do in a browser."""

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from prometheus_client import Histogram

from anlan.loop.files import MEGABYTE, most_bytes, most_files
from anlan.loop.uploads import REST_BYTES
from anlan.web.live.address import to_connect_to

log = structlog.get_logger("anlan.web")
SECONDS = Histogram("anlan_request_seconds", "Time to answer", ["method", "route", "status"])

Answering = Callable[[HttpRequest], HttpResponse]

# Everything from this server; no script or style inside a page, none from elsewhere, and no frame around it.
POLICY = "; ".join(
    (
        "default-src 'self'",
        # The tiles of the map, where a city uses any.
        f"img-src 'self' data: {settings.ANLAN_MAP_TILES_ORIGIN}".rstrip(),
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)


class RequestLog:
    """Method, route, status and time; never the path, query or body, which may hold a code or personal data."""

    def __init__(self, get_response: Answering) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        route = request.resolver_match.route if request.resolver_match else "unknown"
        SECONDS.labels(request.method, route, response.status_code).observe(seconds)
        if response.status_code >= 500:
            log.error("request", method=request.method, route=route, status=response.status_code)
        return response


class ContentPolicy:
    """The Content-Security-Policy of every answer that does not bring a stricter one, as a resident's file does."""

    def __init__(self, get_response: Answering) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        live = to_connect_to(request)
        policy = POLICY.replace("connect-src 'self'", f"connect-src 'self' {live}") if live else POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


class NotTooMuch:
    """Refuses a form by its announced length: the check against forged forms would read it to the end first."""

    def __init__(self, get_response: Answering) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        form = request.META.get("CONTENT_TYPE", "").startswith("multipart/") and not request.path.startswith("/api/")
        if form and announced.isdecimal():
            most = most_files() * most_bytes()
            if int(announced) > most + REST_BYTES:
                return render(request, "413.html", {"megabytes": most // MEGABYTE}, status=413)
        return self.get_response(request)
