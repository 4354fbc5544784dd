"""Every address of the program."""

from django.urls import URLPattern, URLResolver, path, re_path
from django.views.static import serve

from anlan.loop.doors import nothing_here
from anlan.web import health
from anlan.web.api import DOCS_FILES, build

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health.health),
    path("ready", health.ready),
    path("metrics", health.metrics),
    path("api/docs/<path:path>", serve, {"document_root": str(DOCS_FILES)}),
    path("api/", build().urls),
    re_path("^api/", nothing_here),
]
