"""One API of all services: each app's `api` module brings a `router` and the `prefix` under which it hangs."""

from importlib import import_module
from importlib.resources import files
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.module_loading import module_has_submodule
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import JSONRenderer

from anlan.loop.doors import JsonOnly, answer_refusals

# The documentation's own script and style come with the library; nothing is fetched from elsewhere.
DOCS_FILES = files("ninja") / "static" / "ninja"

# How an asker says who they are; much is open to all.
WHO_ASKS = {
    "token": {"type": "http", "scheme": "bearer"},
    "code": {"type": "apiKey", "in": "header", "name": "X-Tracking-Code"},
}


class PlainJson(JSONRenderer):
    """Chinese as Chinese: half the bytes, and a person can read it."""

    json_dumps_params = {"ensure_ascii": False}


class LocalDocs(DocsBase):
    """Swagger UI from this server."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: object) -> HttpResponse:
        page = format_html(
            '<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><title>{title}</title>'
            '<link rel="stylesheet" href="docs/swagger-ui.css"><div id="docs" data-url="{url}"></div>'
            '<script src="docs/swagger-ui-bundle.js"></script>'
            '<script src="{start}"></script>',
            title=api.title,
            url=self.get_openapi_url(api, {}),
            start=static("anlan/api-docs.js"),
        )
        return HttpResponse(page)


class Api(NinjaAPI):
    """Says in its description how an asker can be known; the library would make knowing them a duty."""

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**given)
        schema["components"]["securitySchemes"] = WHO_ASKS
        schema["security"] = [{}, *({name: list[str]()} for name in WHO_ASKS)]
        return schema


def build() -> NinjaAPI:
    """The API with every router that the installed apps bring."""
    api = Api(
        title="安澜 Anlan",
        version="1",
        description="一个闭环承接全市诉求 · One closed loop for what residents report",
        docs=LocalDocs(),
        parser=JsonOnly(),
        renderer=PlainJson(),
        urls_namespace="api",
    )
    answer_refusals(api)
    for app in apps.get_app_configs():
        if app.module is not None and app.name != "anlan.web" and module_has_submodule(app.module, "api"):
            module = import_module(f"{app.name}.api")
            if hasattr(module, "router"):
                api.add_router(module.prefix, module.router)
    return api
