"""What the city talks about: topics by their heat, a topic with its members, and what a person makes of it."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.city.areas.atlas import atlas
from anlan.city.areas.marks import Mark
from anlan.city.people.access import Actor
from anlan.insight import charts
from anlan.insight.models import Topic
from anlan.insight.topics import counting, deciding, seen
from anlan.insight.topics.seen import READERS, Asked, Listed, Whole
from anlan.insight.topics.stages import Stage
from anlan.insight.topics.trends import false_alarms, in_words
from anlan.loop import clock
from anlan.loop.answers import category_label, label
from anlan.loop.forms import checked, form_of
from anlan.loop.models import Matter
from anlan.loop.page_door import for_staff, require, say, shell
from anlan.loop.pages import severity_colour
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Refused, Unknown
from anlan.loop.schemas import Reason
from anlan.loop.suggestions import categories

STATES = Topic.State
SHOWN_MEMBERS = 200
DAYS_BY_DAY, DAYS_BY_WEEK = 21, 180
"""Up to so many days a timeline counts by day, and by week; beyond it by month."""


@for_staff
@require_safe
def topics(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The topics of my areas, the loudest first: `?state=…&area=…&category=…&rising=true`."""
    require(actor, READERS)
    refused = None
    try:
        asked = checked(Asked, request.GET)
        found = seen.listed(actor, asked)
    except BadInput as refusal:
        asked, refused = Asked(), refusal
        found = Listed([], 0, 1, False, None, [])
    filters = asked.model_dump(mode="json", exclude_defaults=True, exclude={"page"})
    context = {
        **shell(request, actor),
        "found": found,
        "items": [(each, atlas().full_name(each.area)) for each in found.items],
        "rising": [in_words(each) for each in found.rising],
        "false_alarms": round(false_alarms(clock.today()) * 100),
        "filters": filters,
        "states": STATES.choices,
        "state": asked.state,
        "kinds": [(slug, category_label(slug), "." in slug) for slug in categories()],
        "places": _places(actor),
        "next": f"?{urlencode({**filters, 'page': asked.page + 1})}" if found.more else "",
        "smallest": seen.smallest(),
        "may_count": counting.may_count(actor),
        "counted": counting.latest(),
        "last_stage": Stage.KEEPING + 1,
        "refused": refused,
    }
    return render(request, "insight/topics.html", context, status=refused.status if refused else 200)


@for_staff
@require_POST
def count(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Have topics counted anew now; the worker does it."""
    try:
        counting.ask(actor)
    except NotPossible as refused:
        say(request, str(refused.message))
    else:
        say(request, _("Topics are being counted anew; you can go on working."))
    return HttpResponseRedirect(reverse("topics"))


@for_staff
@require_safe
def topic(request: HttpRequest, actor: Actor, topic_id: UUID) -> HttpResponse:
    """One topic: why it is one, where and when, its matters, and what may be made of it."""
    require(actor, READERS)
    return _page(request, actor, seen.whole(actor, topic_id))


@for_staff
@require_POST
def decide(request: HttpRequest, actor: Actor, topic_id: UUID, name: str) -> HttpResponse:
    """Take a topic up, give it back, dismiss it, or take a matter out or put it back."""
    require(actor, READERS)
    found = seen.whole(actor, topic_id)
    try:
        word = _decided(request, actor, topic_id, name)
    except Refused as refused:
        if isinstance(refused, NotAllowed):
            raise
        return _page(request, actor, seen.whole(actor, topic_id), refused=refused, at=name)
    say(request, word)
    # A topic from which the last matter is taken out can't be shown any more.
    left = len(found.members) > 1 or name != "take-out"
    return HttpResponseRedirect(reverse("topic", args=[topic_id]) if left else reverse("topics"))


def _decided(request: HttpRequest, actor: Actor, topic_id: UUID, name: str) -> str:
    """Do it; returns the word to say. Raises Refused."""
    if name == "put-back":
        deciding.put_back(topic_id, _matter_in(request), by=actor)
        return _("The matter belongs to the topic again.")
    if name == "take-up":
        given = checked(deciding.TakingUp, request.POST)
        parent = deciding.take_up(topic_id, by=actor, reason=given.reason, title=given.title)
        return _("Taken up as %(number)s; everybody who reported it is told.") % {"number": parent.reference}
    if name not in ("give-back", "dismiss", "take-out"):
        raise Unknown(_("there is no such decision"))
    typed = request.POST.copy()
    typed.pop("matter", None)
    reason = checked(Reason, typed).reason
    if name == "give-back":
        deciding.give_back(topic_id, by=actor, reason=reason)
        return _("The decision has been taken back.")
    if name == "dismiss":
        deciding.dismiss(topic_id, by=actor, reason=reason)
        return _("Dismissed; it can be taken back here.")
    deciding.take_out(topic_id, _matter_in(request), by=actor, reason=reason)
    return _("The matter has been taken out; it can be put back below.")


def _matter_in(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("matter", ""))
    except ValueError:
        raise BadInput(_("there is no such matter"), field="matter") from None


def _page(
    request: HttpRequest, actor: Actor, found: Whole, *, refused: Refused | None = None, at: str = ""
) -> HttpResponse:
    typed = request.POST if refused else None
    at_form = refused if refused and refused.field in ("reason", "title") else None
    workable = deciding.mergeable(found)
    area = found.seen.area
    context = {
        **shell(request, actor),
        "topic": found.topic,
        "seen": found.seen,
        "state": STATES(found.topic.state).label,
        "place": atlas().full_name(area),
        "area": area,
        "members": [(each, label(each.stands), severity_colour(each.severity)) for each in found.members][
            :SHOWN_MEMBERS
        ],
        "not_shown": max(len(found.members) - SHOWN_MEMBERS, 0),
        "taken_out": found.taken_out,
        "parent": found.parent,
        "parent_state": label(found.parent.stands) if found.parent else "",
        "may_decide": found.may_decide,
        "whole": found.whole,
        "workable": len(workable),
        "kinds": [
            (category_label(slug), n) for slug, n in Counter(each.category for each in found.members).most_common(5)
        ],
        "points": _marks(found.members),
        "chart": charts.timeline(_("When it was reported"), counted_by_time(_days(found.members))),
        "taking_up": form_of(
            deciding.TakingUp,
            typed=typed if at == "take-up" else None,
            refused=at_form if at == "take-up" else None,
            initial={"title": found.seen.title},
        ),
        "dismissing": _reason_form(typed, at_form, at == "dismiss"),
        "giving_back": _reason_form(typed, at_form, at == "give-back"),
        "taking_out": _reason_form(typed, at_form, at == "take-out"),
        "at": at,
        "at_matter": request.POST.get("matter", ""),
        "refused": None if at_form else refused,
    }
    return render(request, "insight/topic.html", context, status=refused.status if refused else 200)


def _reason_form(typed: Any, refused: Refused | None, here: bool) -> Any:
    return form_of(Reason, typed=typed if here else None, refused=refused if here else None)


def counted_by_time(days: Sequence[date]) -> list[tuple[str, int]]:
    """How many there were by day, by week (named by its Monday) or by month, whichever keeps the picture readable; a
    stretch without any is a nought."""
    first, last = min(days), max(days)
    if (last - first).days <= DAYS_BY_DAY:
        starts = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        counted = Counter(days)
    elif (last - first).days <= DAYS_BY_WEEK:
        monday = first - timedelta(days=first.weekday())
        starts = [monday + timedelta(weeks=n) for n in range((last - monday).days // 7 + 1)]
        counted = Counter(day - timedelta(days=day.weekday()) for day in days)
    else:
        months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
        counted = Counter(day.replace(day=1) for day in days)
        return [(f"{n // 12}-{n % 12 + 1:02}", counted[date(n // 12, n % 12 + 1, 1)]) for n in months]
    return [(f"{start:%m-%d}", counted[start]) for start in starts]


def _days(members: Sequence[Matter]) -> list[date]:
    return [clock.local(each.opened_at).date() for each in members]


def _marks(members: Sequence[Matter]) -> list[Mark]:
    return [
        Mark(
            id=str(each.id),
            lon=each.lon,
            lat=each.lat,
            label=f"{each.reference} {each.title}",
            shape="matter",
            tone=severity_colour(each.severity),
            href=reverse("matter", args=[each.id]),
        )
        for each in members[:SHOWN_MEMBERS]
        if each.lon is not None and each.lat is not None
    ]


def _places(actor: Actor) -> list[tuple[str, str]]:
    """One's own areas and those right below, to filter by."""
    known = atlas()
    own = [path.rpartition(".")[2] for path in actor.areas]
    codes = [code for each in own for code in (each, *known.children.get(each, ()))]
    return [(code, known.full_name(known.paths[code])) for code in dict.fromkeys(codes) if code in known.paths]
