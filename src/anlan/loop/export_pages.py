"""Lists taken out: how far they are, the file once it is there, and calling one off."""

from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor
from anlan.loop import clock, exports
from anlan.loop.answers import category_label, klass_label, label
from anlan.loop.doors import chosen_posting
from anlan.loop.exports.requests import MAY_EXPORT, removed_at
from anlan.loop.list_models import Export
from anlan.loop.page_door import for_staff, require, say, shell
from anlan.loop.procedures import procedures
from anlan.loop.queries import Wanted
from anlan.loop.refusals import Refused

TYPES = {
    Export.Format.CSV: "text/csv; charset=utf-8",
    Export.Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def all_exports(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One's own exports; a POST asks for one: `format`, and any of the filters of the list."""
    require(actor, MAY_EXPORT)
    if request.method != "POST":
        return _page(request, actor)
    filters = {name: request.POST[name] for name in Wanted.model_fields if request.POST.get(name, "").strip()}
    try:
        exports.request(actor, filters, request.POST.get("format", ""), posting_id=chosen_posting(request))
    except Refused as refused:
        return _page(request, actor, refused=refused)
    say(request, _("The export is being written; you can go on working."))
    return HttpResponseRedirect(reverse("exports"))


@for_staff
@require_POST
def cancel(request: HttpRequest, actor: Actor, export_id: UUID) -> HttpResponse:
    """Call an export off."""
    try:
        exports.cancel(actor, export_id)
    except Refused as refused:
        return _page(request, actor, refused=refused)
    say(request, _("The export has been cancelled."))
    return HttpResponseRedirect(reverse("exports"))


@for_staff
@require_safe
def file(request: HttpRequest, actor: Actor, export_id: UUID) -> FileResponse:
    """The file, while it is kept."""
    require(actor, MAY_EXPORT)
    found, path = exports.file_of(actor, export_id)
    name = f"{_('matters')}-{clock.local(found.asked_at):%Y%m%d-%H%M}.{found.format}"
    kind = TYPES[Export.Format(found.format)]
    response = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=kind)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _page(request: HttpRequest, actor: Actor, *, refused: Refused | None = None) -> HttpResponse:
    found = exports.mine(actor)
    context = {
        **shell(request, actor),
        "exports": [
            (each, _asked_for(each), removed_at(each) if each.state == Export.State.READY else None) for each in found
        ],
        "under_way": any(each.is_under_way for each in found),
        "refused": refused,
    }
    return render(request, "loop/exports.html", context, status=refused.status if refused else 200)


def _asked_for(export: Export) -> str:
    """The filters of an export in words."""
    wanted = Wanted.model_validate(export.filters)
    states = {state.name: label(state) for rules in procedures() for state in rules.states.values()}
    parts = [
        f"“{wanted.q}”" if wanted.q else "",
        atlas().full_name(atlas().path(wanted.area)) if wanted.area else "",
        klass_label(wanted.klass) if wanted.klass else "",
        category_label(wanted.category) if wanted.category else "",
        states.get(wanted.state or "", wanted.state or ""),
        "" if wanted.open is None else (_("open") if wanted.open else _("closed")),
        _("overdue") if wanted.overdue else "",
        f"{wanted.since or ''} – {wanted.until or ''}" if wanted.since or wanted.until else "",
    ]
    return " · ".join(part for part in parts if part) or _("everything I may see")
