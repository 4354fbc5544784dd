"""What the public sees through Open311.

- Shown at all is what came in through Open311, where the sender was told that it would be, and every other matter
  that is not urgent (`Klass.ORDINARY`): what is being done about the city is everybody's business.
- Of a matter that turned out to be for the police, urgent or somebody's own inquiry, only that it is there, its
  service, its office and its state.
- Where it is, to about a hundred metres and the road: the street, not the door.
- What was written only where it was sent through Open311, with numbers of all kinds masked; what somebody told the
  hotline or the police is never shown. Nor are names, contacts, and whoever works on it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, Q
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.masks import mask_address, mask_text
from anlan.loop import clock
from anlan.loop.answers import category_label, label
from anlan.loop.models import Deadline, Matter
from anlan.loop.refusals import BadInput, Unknown
from anlan.loop.suggestions import Klass, categories

SOURCE = "open311"
"""What a matter that came in through Open311 has as its source."""
LONGEST_SPAN = timedelta(days=90)
MOST = 1_000
LONGEST_DESCRIPTION = 4_000
STATUSES = ("open", "closed")
_ABOUT_A_HUNDRED_METRES = 3
_SHOWN = Q(source_id=SOURCE) | Q(klass=Klass.ORDINARY)


def one_request(reference: str) -> dict[str, Any]:
    """The service request of that id. Raises Unknown."""
    found = _read(Q(number__in=_numbers([reference])))
    for each in found:
        if each["service_request_id"] == reference:
            return each
    raise Unknown(_("there is no such service request"), field="service_request_id")


def requests(told: Mapping[str, str]) -> list[dict[str, Any]]:
    """The newest service requests that answer to the standard's arguments, at most 1000. Raises BadInput, Unknown."""
    if wanted := told.get("service_request_id"):
        references = _listed(wanted)
        if len(references) > MOST:
            raise BadInput(_("at most %(n)d at once") % {"n": MOST}, field="service_request_id")
        return [each for each in _read(Q(number__in=_numbers(references))) if each["service_request_id"] in references]
    start, end = _span(told.get("start_date"), told.get("end_date"))
    condition = Q(opened_at__gte=start, opened_at__lte=end)
    if code := told.get("service_code"):
        codes = _listed(code)
        if unknown := codes - categories().keys():
            raise Unknown(_("there is no service %(code)s") % {"code": min(unknown)[:60]}, field="service_code")
        condition &= Q(category__in=codes)
    if status := told.get("status"):
        statuses = _listed(status.lower())
        if not statuses <= set(STATUSES):
            raise BadInput(_("must be open or closed"), field="status")
        if len(statuses) == 1:
            condition &= Q(closed_at__isnull="open" in statuses)
    return _read(condition)


def _listed(text: str) -> set[str]:
    return {part.strip() for part in text.split(",") if part.strip()}


def _numbers(references: Iterable[str]) -> list[int]:
    """The running numbers in references; whatever else was sent is found nowhere."""
    ends = (reference.rpartition("-")[2] for reference in references)
    return [int(end) for end in ends if end.isascii() and end.isdigit() and len(end) <= 18]


def _span(start_date: str | None, end_date: str | None) -> tuple[datetime, datetime]:
    """From when to when: ninety days at most, and the last ninety where nothing is said."""
    start = _moment(start_date, "start_date", time.min) if start_date else None
    end = _moment(end_date, "end_date", time.max) if end_date else None
    try:
        if start is None:
            end = end or clock.now()
            start = end - LONGEST_SPAN
        end = end or start + LONGEST_SPAN
    except OverflowError as error:
        raise BadInput(_("is too far away"), field="start_date" if start_date else "end_date") from error
    if end < start:
        raise BadInput(_("lies before start_date"), field="end_date")
    if end - start > LONGEST_SPAN:
        raise BadInput(_("at most 90 days at once"), field="end_date")
    return start, end


def _moment(text: str, field: str, time_of_day: time) -> datetime:
    """A moment in W3C format. A day alone is the city's; a + that came as a space is put right."""
    refused = BadInput(_("must be a moment, such as 2026-07-01T08:00:00+08:00"), field=field)
    try:
        if (day := parse_date(text)) is not None:
            return datetime.combine(day, time_of_day, clock.LOCAL)
        moment = parse_datetime(text.replace(" ", "+") if "T" in text else text)
        # Years at either end of the calendar can't be turned into UTC.
        if moment is None or moment.tzinfo is None or not 1900 <= moment.year <= 9000:
            raise refused
    except ValueError as error:
        raise refused from error
    return moment


def _read(condition: Q) -> list[dict[str, Any]]:
    # The whole city is looked through; what is shown of it is decided above and here alone.
    with scoped(scope_of(system())):
        found = Matter.objects.filter(_SHOWN, condition).select_related("responsible").defer("tracking", "head")
        matters = list(found.order_by("-opened_at", "-id")[:MOST])
        running = Deadline.objects.filter(matter_id__in=[each.id for each in matters], ended_at=None, held_since=None)
        due = dict(running.values_list("matter_id").annotate(Max("due_at")))
    return [_public(matter, due) for matter in matters]


def _public(matter: Matter, due: Mapping[UUID, datetime]) -> dict[str, Any]:
    whole = matter.klass == Klass.ORDINARY
    written_here = whole and matter.source_id == SOURCE
    text = mask_text(matter.description or matter.title)[:LONGEST_DESCRIPTION] if written_here else None
    place = atlas().full_name(".".join(matter.area.split(".")[:4])) if whole else None
    return {
        "service_request_id": matter.reference,
        "status": "open" if matter.closed_at is None else "closed",
        "status_notes": label(matter.stands),
        "service_name": category_label(matter.category),
        "service_code": matter.category,
        "description": text,
        "agency_responsible": matter.responsible.name if matter.responsible else None,
        "service_notice": None,
        "requested_datetime": _w3c(matter.opened_at),
        "updated_datetime": _w3c(matter.closed_at or matter.state_since),
        "expected_datetime": _w3c(due[matter.id]) if matter.id in due else None,
        "address": mask_address(matter.address) if whole and matter.address else place,
        "address_id": None,
        "zipcode": None,
        "lat": _about(matter.lat) if whole else None,
        "long": _about(matter.lon) if whole else None,
        "media_url": None,
    }


def _about(degrees: float | None) -> float | None:
    return round(degrees, _ABOUT_A_HUNDRED_METRES) if degrees is not None else None


def _w3c(moment: datetime) -> str:
    return clock.local(moment).isoformat(timespec="seconds")
