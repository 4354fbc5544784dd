"""Areas: renamed and closed from a day on, with the reason. How grids are drawn is not decided here."""

from datetime import date

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from anlan.city.areas import changes
from anlan.city.areas.models import Area
from anlan.city.audit.recording import changed
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.city.people.models import Posting, Unit
from anlan.loop import clock
from anlan.loop.administering import administered, found_in, locked, require_over, within
from anlan.loop.models import Matter
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Unknown
from anlan.services.administration.schemas import Closing, Renaming


def areas(actor: Actor, text: str = "") -> QuerySet[Area]:
    """The areas that the actor administers, by code or a part of the name."""
    return Area.objects.filter(within(actor, "path"), found_in(text, "name", "code")).order_by("path")


def area_of(actor: Actor, code: str) -> Area:
    """An area of one's own. Raises Unknown."""
    found = areas(actor).filter(code=code).first()
    if found is None:
        raise Unknown(_("there is no such area, or it is not yours to administer"))
    return found


def tops(actor: Actor) -> QuerySet[Area]:
    """The areas at which the actor's own begin."""
    return Area.objects.filter(path__in=administered(actor)).order_by("path")


def above(actor: Actor, area: Area) -> QuerySet[Area]:
    """The areas above one, as far up as they are the actor's own."""
    return areas(actor).filter(code__in=area.path.split(".")[:-1])


def rename(code: str, given: Renaming, *, by: Actor, mark: str) -> None:
    """Raises BadInput for a day in the past."""
    with transaction.atomic():
        area = _locked(code, by, mark, given.effective_on)
        difference = {"name": [area.name, given.name], "effective_on": [None, str(given.effective_on)]}
        changes.rename(
            area, given.name, on=given.effective_on, today=clock.today(), by=by.account_id, reason=given.reason
        )
        changed(area, verb="rename", by=by, area=area.path, reason=given.reason, difference=difference)


def close(code: str, given: Closing, *, by: Actor, mark: str) -> None:
    """Raises NotPossible while something lies in the area, NotAllowed for the top of one's own."""
    with transaction.atomic():
        area = _locked(code, by, mark, given.effective_on)
        if area.path in administered(by):
            raise NotAllowed(_("the area one administers is closed by whoever administers the one above"))
        if what := lying_in(area, by=by):
            raise NotPossible(_("there is still something in this area: %(what)s") % {"what": "；".join(what)})
        difference = {"valid_until": [None, str(given.effective_on)]}
        changes.close(area, on=given.effective_on, today=clock.today(), by=by.account_id, reason=given.reason)
        changed(area, verb="close", by=by, area=area.path, reason=given.reason, difference=difference)


def lying_in(area: Area, *, by: Actor) -> list[str]:
    """What stands against closing an area, in words."""
    below = Area.objects.filter(path__within=area.path, valid_until=None).exclude(code=area.code).count()
    held = Posting.objects.filter(Q(ends=None) | Q(ends__gt=clock.today()), area__path__within=area.path).count()
    units = Unit.objects.filter(home__path__within=area.path, retired_on=None).count()
    with scoped(scope_of(by)):
        open_matters = Matter.objects.filter(area__within=area.path, closed_at=None).count()
    counted = (
        (below, _("areas below: %(count)d")),
        (units, _("units: %(count)d")),
        (held, _("postings: %(count)d")),
        (open_matters, _("open matters: %(count)d")),
    )
    return [words % {"count": count} for count, words in counted if count]


def _locked(code: str, by: Actor, mark: str, day: date) -> Area:
    area = locked(Area.objects.filter(within(by, "path"), code=code), mark)
    require_over(by, area.path)
    if area.valid_until is not None:
        raise NotPossible(_("this area is closed"))
    if day < clock.today():
        raise BadInput(_("can't lie in the past"), field="effective_on")
    return area
