"""The reading room at `/admin/`: Django's own administration of what no page of ours shows, to look at and no more.

Everything in it is append-only or the loop's own, so nothing can be added, changed or removed, and there is no change
to write down in the audit log. It is for accounts with `is_staff` that administer the whole city; they come in by our
own door, second factor included. What is sealed, or only a digest, is not among the fields.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, re_path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from anlan.city.areas.models import AreaChange
from anlan.city.audit.models import AuditEntry
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.city.people.models import Account, SignInFailure
from anlan.loop.administering import require_over
from anlan.loop.models import DailyDigest, Notice
from anlan.loop.page_door import for_staff
from anlan.loop.refusals import NotAllowed

_View = TypeVar("_View", bound=Callable[..., HttpResponseBase])

if TYPE_CHECKING:
    # Generic only to the type checker.
    _ModelAdmin = admin.ModelAdmin[Model]
else:
    _ModelAdmin = admin.ModelAdmin


class ReadingRoom(admin.AdminSite):
    """Only what is needed to look: no door, password page or deletion of Django's own."""

    site_header = site_title = _("Reading room")
    index_title = _("Records that nobody changes")
    index_template = "web/reading_room.html"
    enable_nav_sidebar = False
    site_url = None

    def admin_view(self, view: _View, cacheable: bool = False) -> _View:
        """Every page of the room: through our door, for the city's administrators, in their scope, to read."""
        inner = super().admin_view(view, cacheable)

        @require_safe
        @for_staff
        def page(request: HttpRequest, actor: Actor, *args: Any, **kwargs: Any) -> HttpResponseBase:
            require_over(actor, settings.ANLAN_CITY)
            if not (isinstance(request.user, Account) and request.user.is_staff):
                raise NotAllowed(_("this account may not open the reading room"))
            with scoped(scope_of(actor)):
                response = inner(request, *args, **kwargs)
                # Rendered while the scope is set: lists are read as late as that.
                return response.render() if isinstance(response, TemplateResponse) else response

        return cast(_View, page)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        shown = (each for _model, records in self._registry.items() for each in records.get_urls())
        labels = "|".join(sorted({model._meta.app_label for model in self._registry}))
        return [
            path("", self.admin_view(self.index), name="index"),
            path("jsi18n/", self.admin_view(self.i18n_javascript, cacheable=True), name="jsi18n"),
            *shown,
            re_path(rf"^(?P<app_label>{labels})/$", self.admin_view(self.app_index), name="app_list"),
        ]


class Records(_ModelAdmin):
    """Records of one kind: a list and a page for each."""

    change_form_template = "web/reading_room_record.html"
    actions = None
    list_per_page = 50
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        options = self.opts
        address, name = f"{options.app_label}/{options.model_name}", f"{options.app_label}_{options.model_name}"
        site: Any = self.admin_site
        return [
            path(f"{address}/", site.admin_view(self.changelist_view), name=f"{name}_changelist"),
            path(f"{address}/<path:object_id>/change/", site.admin_view(self.change_view), name=f"{name}_change"),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AuditEntries(Records):
    fields = ("seq", "at", "account", "role", "area", "what", "label", "verb", "difference", "reason")
    list_display = ("seq", "at", "account", "what", "label", "verb", "reason")
    list_filter = ("verb", "what")
    ordering = ("-seq",)


class AreaChanges(Records):
    fields = ("area", "kind", "effective_on", "recorded_at", "recorded_by", "before", "after", "reason")
    list_display = ("area", "kind", "effective_on", "recorded_at", "reason")
    list_filter = ("kind",)
    list_select_related = ("area",)
    ordering = ("-recorded_at", "-id")


class SignInFailures(Records):
    """When attempts failed; under which name and from where is kept only as digests and not shown."""

    fields = ("at",)
    list_display = ("at",)
    ordering = ("-at",)


class Notices(Records):
    fields = ("kind", "to", "area", "desk", "state", "attempts", "due_at", "sent_at", "error")
    list_display = ("kind", "to", "state", "attempts", "due_at", "sent_at")
    list_filter = ("state", "to")
    ordering = ("-due_at",)


class DailyDigests(Records):
    fields = ("day", "matters", "events", "entries", "made_at")
    list_display = ("day", "matters", "events", "entries", "made_at")
    ordering = ("-day",)


room = ReadingRoom(name="admin")
room.register(AuditEntry, AuditEntries)
room.register(AreaChange, AreaChanges)
room.register(SignInFailure, SignInFailures)
room.register(Notice, Notices)
room.register(DailyDigest, DailyDigests)
