"""Every address of the program."""

from collections.abc import Iterator

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils.module_loading import module_has_submodule
from django.views.i18n import set_language
from django.views.static import serve

from anlan.loop.doors import nothing_here
from anlan.web import account, first_password, health, oidc, pages, passkeys, resident_signin, second_factor, signin
from anlan.web.api import DOCS_FILES, build
from anlan.web.reading_room import room

_DOORS = (signin, second_factor, first_password, passkeys, account, resident_signin, oidc)


def declared() -> Iterator[str]:
    """The `urls` module of every room that has one."""
    for app in apps.get_app_configs():
        if app.name != "anlan.web" and app.name.startswith("anlan.") and module_has_submodule(app.module, "urls"):
            yield f"{app.name}.urls"


urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health.health),
    path("ready", health.ready),
    path("metrics", health.metrics),
    path("language", set_language, name="set_language"),
    path("text-size", pages.text_size, name="text-size"),
    path("styleguide", pages.styleguide, name="styleguide"),
    path("api/docs/<path:path>", serve, {"document_root": str(DOCS_FILES)}),
    path("api/", build().urls),
    re_path("^api/", nothing_here),
    path("admin/", room.urls),
    *(path("", include(module)) for module in _DOORS),
    *(path("", include(module)) for module in declared()),
]
