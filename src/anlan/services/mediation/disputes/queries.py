"""The library as it is read: searched, and one dispute with all its raisings and attempts."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, scope_of, scoped
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import clock
from anlan.loop.models import Event, Matter
from anlan.loop.queries import BARE_NUMBER, WHOLE_NUMBER, lying_in
from anlan.loop.refusals import BadInput, NotAllowed, Unknown
from anlan.services.mediation.disputes.models import Attempt, Disputant, Dispute, DisputeGrams
from anlan.services.mediation.disputes.risk import Known
from anlan.services.mediation.disputes.schemas import LibraryWanted
from anlan.services.mediation.disputes.words import grams

A_PAGE: Final = 50
A_STRETCH: Final = 200
"""How many that hold the words are looked at together; more than a page, as other conditions may leave some out."""
TRIED: Final = {
    "agree": Attempt.Result.AGREED,
    **dict.fromkeys(("fail", "lapse", "second_lapses", "end", "go_up"), Attempt.Result.FAILED),
}
"""The steps of a procedure that say how a mediation came out; what went up after it had failed is no second failure."""


@dataclass(frozen=True, slots=True)
class Raising:
    """One time a dispute was raised."""

    matter: Matter
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt to settle a dispute: before it came here, or here."""

    on: date
    office: str
    result: str
    text: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A dispute with everything that belongs to it."""

    dispute: Dispute
    raisings: tuple[Raising, ...]
    tried: tuple[Tried, ...]


def search(actor: Actor, wanted: LibraryWanted) -> list[Matter]:
    """The newest disputes that fit, `A_PAGE` at most; `after` is the last of the page before. What was joined to
    another is found too. Raises BadInput for a word of one sign, NotAllowed for who has no area."""
    if not actor.areas:
        raise NotAllowed(_("the library of disputes is for those on duty"))
    found = Matter.objects.filter(lying_in(actor.areas), _fits(wanted), dispute__isnull=False)
    found = found.select_related("dispute", "unit").defer("tracking", "head").order_by("-opened_at", "-id")
    with scoped(scope_of(actor)):
        if wanted.q:
            return _said(found, actor, wanted)
        if wanted.after is not None:
            last = Matter.objects.filter(id=wanted.after).values_list("opened_at", flat=True).first()
            if last is None:
                raise BadInput(_("this is not a cursor that was given out"), field="after")
            found = found.filter(Q(opened_at__lt=last) | Q(opened_at=last, id__lt=wanted.after))
        return list(found[:A_PAGE])


def find_by_person(actor: Actor, kind: str, text: str) -> list[Matter]:
    """The disputes of whoever has this document ("id_number") or telephone ("phone"): to take up the one that is meant,
    not to count a person's. Raises BadInput."""
    try:
        index = blind_index(kind, text)
    except ValueError as error:
        raise BadInput(_("give a number"), field="text") from error
    with scoped(scope_of(actor)):
        theirs = Disputant.objects.filter(**{"id_index" if kind == "id_number" else "phone_index": index})
        ids = list(theirs.order_by("-matter_id").values_list("matter_id", flat=True)[:A_PAGE])
        found = Matter.objects.filter(id__in=ids).select_related("dispute").defer("tracking", "head")
        return list(found.order_by("-opened_at"))


def whole(actor: Actor, matter_id: UUID) -> Whole:
    """One dispute however often it was raised, with every attempt, the oldest first. Raises Unknown."""
    with scoped(scope_of(actor)):
        dispute = Dispute.objects.select_related("matter").filter(matter_id=matter_id).first()
        if dispute is None:
            raise Unknown(_("there is no such dispute"))
        raised = _raisings(dispute.matter)
        ids = [each.matter.id for each in raised]
        told = [
            Tried(each.on, each.office, each.result, each.text)
            for each in Attempt.objects.filter(matter__in=ids).order_by("on")
        ]
        events = _outcomes(ids).order_by("at")
        here = [
            Tried(
                clock.local(event.at).date(),
                _("here"),
                TRIED[event.kind],
                str(event.data.get("text") or ""),
            )
            for event in events
        ]
    return Whole(dispute, tuple(raised), (*told, *here))


def known_of(dispute: Dispute) -> Known:
    """What the grade of a dispute reads. For a scope that holds it."""
    matter = dispute.matter
    ids = [each.matter.id for each in _raisings(matter)]
    failed = Attempt.objects.filter(matter__in=ids, result=Attempt.Result.FAILED).count()
    failed += _outcomes(ids).exclude(kind="agree").count()
    texts = Matter.objects.filter(id__in=ids).values_list("title", "description")
    return Known(
        kind=dispute.kind,  # type: ignore[arg-type]
        text="\n".join(f"{title}\n{text}" for title, text in texts),
        facts=frozenset(dispute.facts),
        people=dispute.people,
        amount_fen=dispute.amount_fen,
        raised=len(ids),
        failed_before=failed,
    )


def _outcomes(ids: list[UUID]) -> QuerySet[Event]:
    return Event.objects.filter(matter__in=ids, kind__in=TRIED).exclude(kind="go_up", from_state="failed")


def _raisings(matter: Matter) -> list[Raising]:
    """The matter and all that were joined to it, at however many removes."""
    found, newest = {matter.id: matter}, [matter.id]
    while newest:
        merged = Matter.objects.filter(merged_into__in=newest).exclude(id__in=found)
        newest = [each.id for each in merged]
        found |= {each.id: each for each in merged}
    sources = dict(Dispute.objects.filter(matter__in=found).values_list("matter_id", "source"))
    rows = [Raising(each, sources.get(each.id, ""), each.opened_at) for each in found.values()]
    return sorted(rows, key=lambda row: row.at)


def _fits(wanted: LibraryWanted) -> Q:
    condition = Q()
    if wanted.source is not None:
        condition &= Q(dispute__source=wanted.source)
    if wanted.kind is not None:
        condition &= Q(dispute__kind=wanted.kind)
    if wanted.open is not None:
        condition &= Q(closed_at__isnull=wanted.open)
    return condition


def _said(found: QuerySet[Matter], actor: Actor, wanted: LibraryWanted) -> list[Matter]:
    """Those with this number, or with all pairs of signs of these words.

    The words are looked for where no row policy stands in the way of the index, a stretch at a time, and what they find
    is read in the asker's scope. Identifiers are made in the order of opening.
    """
    if number := WHOLE_NUMBER.fullmatch(wanted.q) or BARE_NUMBER.fullmatch(wanted.q):
        return list(found.filter(number=int(number[1]))[:A_PAGE])
    pairs = grams(wanted.q)
    if not pairs:
        raise BadInput(_("look for at least two signs"), field="q")
    within = reduce(or_, (Q(area__within=area) for area in actor.areas))
    words = DisputeGrams.objects.filter(within, grams__contains=pairs).order_by("-matter_id")
    page: list[Matter] = []
    last = wanted.after
    while len(page) < A_PAGE:
        further = words if last is None else words.filter(matter_id__lt=last)
        ids = list(further.values_list("matter_id", flat=True)[:A_STRETCH])
        page += found.filter(id__in=ids).order_by("-id")[: A_PAGE - len(page)]
        if len(ids) < A_STRETCH:
            break
        last = ids[-1]
    return page
