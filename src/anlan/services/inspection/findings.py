"""Findings as they are read and settled by people: filtered, said to be fine with a reason, looked at on the spot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.city.addresses.field_rules import RULES, SOURCE, SOURCE_EN
from anlan.city.audit.recording import changed
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.foundation.language import said
from anlan.loop import clock
from anlan.loop.refusals import BadInput, Unknown
from anlan.services.inspection.access import area_of, within_own
from anlan.services.inspection.models import Check, Finding
from anlan.services.inspection.schemas import FindingsWanted, State

MOST_AT_ONCE: Final = 200

_WORDS: Final[dict[tuple[str, str], "str | Promise"]] = {
    ("duplicate", "same"): gettext_lazy("the same address is in the base with code %(value)s"),
    ("duplicate", "alias"): gettext_lazy("it is called what %(value)s is also called"),
    ("orphan", "parent"): gettext_lazy("what it lies in (%(value)s) is no longer in use"),
    ("orphan", "area"): gettext_lazy("its area (%(value)s) has ended"),
    ("outside", "position"): gettext_lazy("its position lies outside its grid %(value)s"),
    ("outside", "ended"): gettext_lazy("its grid %(value)s has ended"),
    ("outside", "none"): gettext_lazy("it has no grid, though its position lies in %(value)s"),
    ("missing", "community"): gettext_lazy("the community is missing"),
    ("missing", "place"): gettext_lazy("a building without a compound or road number"),
    ("missing", "building"): gettext_lazy("the building is missing"),
    ("number", "number"): gettext_lazy("%(value)s can’t be a road number"),
    ("number", "building"): gettext_lazy("%(value)s can’t be a building"),
    ("number", "unit"): gettext_lazy("%(value)s can’t be a unit"),
    ("number", "floor"): gettext_lazy("%(value)s can’t be a floor"),
    ("number", "room"): gettext_lazy("%(value)s lies on a floor that can’t be"),
    ("code", "code"): gettext_lazy("the code %(value)s has not the right form, or its area is unknown"),
    ("stale", "checked"): gettext_lazy("nobody has looked at it since %(value)s"),
}
_HOUSE: Final = ("平台设定", "setting of the platform")
_PATTERNS: Final = {rule.field: rule.words for rule in RULES}


@dataclass(frozen=True, slots=True)
class Told:
    """What a finding says, in the reader's language, and the rule that it goes by."""

    words: str
    source: str


def told(finding: Finding) -> Told:
    """What is wrong, and by which rule."""
    if finding.kind == Finding.Kind.FIELD:
        asked = _PATTERNS.get(finding.about, "")
        words = _("“%(value)s”: %(asked)s") % {"value": finding.value, "asked": asked}
        return Told(words, said(SOURCE, SOURCE_EN))
    pattern = _WORDS.get((finding.kind, finding.about), "%(value)s")
    return Told(str(pattern) % {"value": finding.value}, said(*_HOUSE))


def found(actor: Actor, wanted: FindingsWanted) -> QuerySet[Finding]:
    """The findings of one's own areas that fit, by community and address. Read them in `scope_of(actor)`.

    Raises BadInput for an area that is not one's own.
    """
    rows = Finding.objects.filter(within_own(actor)).select_related("address")
    if wanted.area:
        rows = rows.filter(area__within=area_of(actor, wanted.area))
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.q:
        rows = rows.filter(Q(address__text__icontains=wanted.q) | Q(address__code__startswith=wanted.q))
    if wanted.state is State.SETTLED:
        return rows.filter(settled_at__isnull=False).order_by("-settled_at", "-id")
    return rows.filter(settled_at=None).order_by("community", "kind", "id")


def counted(actor: Actor, path: str) -> dict[str, int]:
    """How many open findings of each kind an area of one's own has."""
    with scoped(scope_of(actor)):
        rows = Finding.objects.filter(within_own(actor), area__within=path, settled_at=None).order_by()
        return dict(rows.values("kind").annotate(n=Count("id")).values_list("kind", "n"))


def settle(ids: Sequence[int], *, reason: str, by: Actor) -> int:
    """Say of open findings why they are fine; returns how many were still open. Raises BadInput and Unknown."""
    with scoped(scope_of(by)):
        rows = _chosen(ids, by, settled=False)
        for each in rows:
            each.settled_at, each.settled_how = clock.now(), Finding.Settled.FINE
            each.settled_by, each.reason = by.account_id, reason
        _keep(rows, "settle", reason, by)
    return len(rows)


def reopen(ids: Sequence[int], *, reason: str, by: Actor) -> int:
    """Take back that findings are fine; returns how many had been said to be. Raises BadInput and Unknown."""
    with scoped(scope_of(by)):
        rows = _chosen(ids, by, settled=True)
        for each in rows:
            each.settled_at, each.settled_how, each.settled_by, each.reason = None, "", None, ""
        _keep(rows, "reopen", reason, by)
    return len(rows)


def send(id: int, *, by: Actor) -> Check:
    """Have somebody look at a finding on the spot. Raises Unknown, and BadInput where that is asked for already."""
    assert by.account_id is not None  # who holds a posting has an account
    with scoped(scope_of(by)):
        finding = Finding.objects.filter(within_own(by), id=id, settled_at=None).select_for_update().first()
        if finding is None:
            raise Unknown(_("there is no such open finding, or it is not yours"))
        if Check.objects.filter(finding=finding).exclude(matter__closed_at__isnull=False).exists():
            raise BadInput(_("somebody has been asked to look at it already"))
        check = Check.objects.create(
            finding=finding,
            address_id=finding.address_id,
            area=finding.area,
            asked_at=clock.now(),
            asked_by=by.account_id,
        )
        changed(finding, verb="send", by=by, area=finding.area)
    return check


def _chosen(ids: Sequence[int], by: Actor, *, settled: bool) -> list[Finding]:
    if not ids:
        raise BadInput(_("choose at least one"), field="chosen")
    if len(ids) > MOST_AT_ONCE:
        raise BadInput(_("at most %(most)d at once") % {"most": MOST_AT_ONCE}, field="chosen")
    own = list(Finding.objects.filter(within_own(by), id__in=ids).select_for_update().order_by("id"))
    if len(own) < len(set(ids)):
        raise Unknown(_("there is no such finding, or it is not yours"))
    state = {"settled_how": Finding.Settled.FINE} if settled else {"settled_how": ""}
    rows = [each for each in own if each.settled_how == state["settled_how"]]
    if settled:
        open_again = {
            (each.address_id, each.kind, each.about, each.value)
            for each in Finding.objects.filter(address_id__in=[row.address_id for row in rows], settled_at=None)
        }
        rows = [each for each in rows if (each.address_id, each.kind, each.about, each.value) not in open_again]
    return rows


def _keep(rows: Sequence[Finding], verb: str, reason: str, by: Actor) -> None:
    """Write them, with one line in the audit log for all of an area."""
    Finding.objects.bulk_update(rows, ["settled_at", "settled_how", "settled_by", "reason"])
    for area in sorted({each.area for each in rows}):
        there = [each for each in rows if each.area == area]
        numbers = {"findings": [str(each.id) for each in there]}
        changed(there[0], verb=verb, by=by, area=area, reason=reason, difference=numbers)
