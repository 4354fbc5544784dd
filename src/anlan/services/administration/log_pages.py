"""The page of the audit log, and the same as a file."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from anlan.city.people.access import Actor
from anlan.loop import clock
from anlan.loop.administering import ROWS_A_PAGE, areas_offered, frame
from anlan.loop.csv_answer import csv_answer
from anlan.loop.forms import checked
from anlan.loop.page_door import for_staff, require
from anlan.loop.refusals import BadInput
from anlan.services.administration.log import MOST_ROWS, READERS, WHAT, LogFilter, entries


@for_staff
@require_safe
def audit_log(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The newest entries that fit, 50 a page."""
    require(actor, READERS)
    refused = None
    try:
        wanted = checked(LogFilter, request.GET)
    except BadInput as error:
        wanted, refused = LogFilter(), error
    found = [] if refused else entries(actor, wanted, ROWS_A_PAGE + 1)
    filters = wanted.model_dump(mode="json", exclude_defaults=True, exclude={"after"})
    last = found[ROWS_A_PAGE - 1].seq if len(found) > ROWS_A_PAGE else None
    context = {
        **frame(request, actor),
        "entries": found[:ROWS_A_PAGE],
        "filters": filters,
        "what": WHAT.items(),
        "query": urlencode(filters),
        "older": urlencode({**filters, "after": last}) if last else "",
        "first": wanted.after is None,
        "places": [name for name, _same in areas_offered(actor)],
        "refused": refused,
    }
    return render(request, "administration/log.html", context, status=refused.status if refused else 200)


@for_staff
@require_safe
def audit_log_file(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What the page would show, as a file; at most `MOST_ROWS` entries, the newest."""
    require(actor, READERS)
    wanted = checked(LogFilter, request.GET)
    lines: list[tuple[object, ...]] = [
        ("number", "at", "account", "role", "area", "what", "label", "verb", "changes", "reason")
    ]
    for each in entries(actor, wanted, MOST_ROWS):
        changes = "; ".join(f"{name}: {before} > {after}" for name, before, after in each.changes)
        row = (each.who, each.role, each.where, str(each.what), each.label, str(each.verb), changes, each.reason)
        lines.append((each.seq, f"{clock.local(each.at):%Y-%m-%d %H:%M:%S}", *row))
    return csv_answer("audit-log.csv", lines)
