"""For whoever runs the program: is it up, is it ready, how is it doing."""

import os

from django.db import Error, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from anlan.foundation.database import APPLICATION, OWNER


def health(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "up"})


def ready(request: HttpRequest) -> HttpResponse:
    """Whether requests can be served: 503 with the reason while the database is away or behind."""
    try:
        with connections[APPLICATION].cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = missing_migrations()
    except Error as error:
        return JsonResponse({"status": "waiting", "why": f"database: {type(error).__name__}"}, status=503)
    if missing:
        return JsonResponse({"status": "waiting", "why": "migrations", "missing": missing}, status=503)
    return JsonResponse({"status": "ready"})


def metrics(request: HttpRequest) -> HttpResponse:
    """In Prometheus' text format: of all processes that `serve` started, or of this one where it runs alone."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's only untyped one
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def missing_migrations() -> list[str]:
    """What the database has not seen yet."""
    executor = MigrationExecutor(connections[OWNER])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]
