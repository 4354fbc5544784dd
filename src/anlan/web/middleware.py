"""One measurement for each request, and a log line for each that failed."""

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from prometheus_client import Histogram

log = structlog.get_logger("anlan.web")
SECONDS = Histogram("anlan_request_seconds", "Time to answer", ["method", "route", "status"])


class RequestLog:
    """Method, route, status and time; never the path, query or body, which may hold a code or personal data."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
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
