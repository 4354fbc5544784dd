"""The quality of the base by community: on the map, as a table, and looking through it again at once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from anlan.city.areas.atlas import atlas
from anlan.city.areas.marks import Mark
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.loop.administering import paged, query_of
from anlan.loop.page_door import for_staff, require, say, shell
from anlan.loop.refusals import BadInput
from anlan.services.inspection.access import INSPECTORS, area_of, areas_offered, within_own
from anlan.services.inspection.detection import inspect
from anlan.services.inspection.findings import counted
from anlan.services.inspection.models import Finding, Score
from anlan.services.inspection.rounds import latest_results
from anlan.services.inspection.sampling import Interval
from anlan.services.inspection.scoring import MEASURES, Grade, grade, points, weights

ROOMS = (
    ("inspection", gettext_lazy("Quality")),
    ("findings", gettext_lazy("Findings")),
    ("rounds", gettext_lazy("Spot checks")),
)


@dataclass(frozen=True)
class Row:
    """A community with its measures, in the order of `MEASURES`, and what its latest spot check found right."""

    code: str
    name: str
    score: Score
    points: float | None
    grade: Grade
    shares: list[float | None]
    measured: Interval | None
    seen: int


def for_inspectors(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page for whoever supervises or administers some area: `view(request, actor, …)`."""

    @for_staff
    @wraps(view)
    def page(request: HttpRequest, actor: Actor, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require(actor, INSPECTORS)
        return view(request, actor, *args, **kwargs)

    return page


def frame(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """What every page of the inspection shows around itself."""
    # A check is most often one of a round.
    path = request.path.replace("/inspection/checks/", "/inspection/rounds/")
    here = next((name for name, _label in reversed(ROOMS) if path.startswith(reverse(name))), "")
    inside = [(reverse(name), label, name == here) for name, label in ROOMS]
    return {**shell(request, actor), "inside": inside, "areas": areas_offered(actor)}


@require_safe
@for_inspectors
def quality(request: HttpRequest, actor: Actor) -> HttpResponse:
    """`?area=…`: the communities of an area of one's own with their scores, the one that needs most work first."""
    refused = None
    try:
        path = area_of(actor, request.GET.get("area", ""))
    except BadInput as error:
        path, refused = area_of(actor, ""), error
    page = paged(request, _rows(actor, path))
    rows = list(page)
    kinds = counted(actor, path)
    context = {
        **frame(request, actor),
        "area": path.rpartition(".")[2],
        "path": path,
        "place": atlas().full_name(path),
        "rows": rows,
        "page": page,
        "query": query_of(request),
        "headings": list(MEASURES.values()),
        "points": _points(rows),
        "kinds": [(kind, label, kinds.get(kind, 0)) for kind, label in Finding.Kind.choices],
        "weights": [(MEASURES[name], weight) for name, weight in weights()],
        "good": _setting("score_good"),
        "fair": _setting("score_fair"),
        "refused": refused,
    }
    return render(request, "inspection/quality.html", context, status=refused.status if refused else 200)


@require_POST
@for_inspectors
def look(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Look through an area of one's own now, then back to its page."""
    path = area_of(actor, request.POST.get("area", ""))
    new = inspect(path)
    say(request, _("Looked through. New findings: %(n)d.") % {"n": sum(new.values())})
    return HttpResponseRedirect(f"{reverse('inspection')}?{urlencode({'area': path.rpartition('.')[2]})}")


def _rows(actor: Actor, path: str) -> list[Row]:
    with scoped(scope_of(actor)):
        scores = list(Score.objects.filter(within_own(actor), area__within=path))
    results = latest_results(actor, {score.community for score in scores})
    rows = []
    for score in scores:
        reached = points(score)
        found = results.get(score.community)
        rows.append(
            Row(
                code=score.community,
                name=atlas().full_name(score.area),
                score=score,
                points=reached,
                grade=grade(reached),
                shares=[getattr(score, name) for name in MEASURES],
                measured=found.share if found else None,
                seen=found.seen if found else 0,
            )
        )
    return sorted(rows, key=lambda row: (row.points is None, row.points or 0, row.code))


def _points(rows: list[Row]) -> list[Mark]:
    """The communities as points; the word and the number are in the label, the colour only repeats them."""
    marks: list[Mark] = []
    for row in rows:
        place = atlas().points.get(row.code)
        if place is not None and row.points is not None:
            label = f"{row.name} · {row.points:.0f} · {row.grade.word}"
            href = f"{reverse('findings')}?{urlencode({'area': row.code})}"
            marks.append(
                Mark(id=row.code, lon=place[0], lat=place[1], label=label, shape="unit", tone=row.grade.tone, href=href)
            )
    return marks


def _setting(name: str) -> int:
    return int(rulebook().at(f"inspection.{name}", clock.today()).value or 0)
