"""Offices and units: made, changed, retired. Each change is one transaction with its entry in the audit log."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.areas.models import Area
from anlan.city.audit.recording import changing
from anlan.city.people.access import Actor
from anlan.city.people.models import Organisation, Unit
from anlan.city.people.skills import SKILLS
from anlan.foundation import freshness
from anlan.loop.administering import area_told, locked, require_over, within
from anlan.loop.refusals import BadInput, NotPossible, Unknown
from anlan.services.administration.schemas import OrganisationIn, UnitIn


def organisations(actor: Actor) -> QuerySet[Organisation]:
    """The offices in the areas that the actor administers."""
    return Organisation.objects.filter(within(actor, "area__path")).select_related("area")


def units(actor: Actor) -> QuerySet[Unit]:
    """The units at home there, the retired ones too."""
    return Unit.objects.filter(within(actor, "home__path")).select_related("home", "organisation")


def set_up_organisation(given: OrganisationIn, *, by: Actor, id: UUID | None = None, mark: str = "") -> Organisation:
    """Make an office, or change the one of this `id`. Raises BadInput where the area has a command centre already."""
    with transaction.atomic(), _one_command_centre():
        office = locked(organisations(by).filter(id=id), mark) if id else Organisation()
        path = area_told(by, given.in_area, "in_area")
        with changing(office, verb="change" if id else "create", by=by, area=path, reason=given.reason):
            office.name, office.kind, office.area = given.name, given.kind, _area(path)
            office.save()
            freshness.changed("organisations")
    return office


def set_up_unit(given: UnitIn, *, by: Actor, id: UUID | None = None, mark: str = "") -> Unit:
    """Make a unit, or change the one of this `id`. Raises BadInput and NotPossible."""
    with transaction.atomic():
        unit = locked(units(by).filter(id=id), mark) if id else Unit()
        if unit.retired_on is not None:
            raise NotPossible(_("this unit has retired"))
        office = Organisation.objects.select_related("area").filter(id=given.organisation).first()
        if office is None:
            raise BadInput(_("there is no such organisation"), field="organisation")
        path = area_told(by, given.home, "home")
        if unknown := set(given.skills) - SKILLS.keys() - set(unit.skills):
            raise BadInput(_("there is no such skill: %(skill)s") % {"skill": min(unknown)}, field="skills")
        if given.kind == Unit.Kind.GRID_WORKER and _area(path).level != Area.Level.GRID:
            raise BadInput(_("a grid worker's home is a grid"), field="home")
        if id is None:
            unit.lon, unit.lat = None, None
        with changing(unit, verb="change" if id else "create", by=by, area=path, reason=given.reason):
            unit.name, unit.kind, unit.organisation, unit.home = given.name, given.kind, office, _area(path)
            unit.skills, unit.capacity = sorted(given.skills), given.capacity
            unit.shift_start, unit.shift_end = given.shift_start, given.shift_end
            unit.save()
            freshness.changed("organisations")
    return unit


def unit_of(actor: Actor, id: UUID) -> Unit:
    """A unit of one's own. Raises Unknown."""
    found = units(actor).filter(id=id).first()
    if found is None:
        raise Unknown(_("there is no such unit, or it is not yours to administer"))
    require_over(actor, found.home.path)
    return found


def organisation_of(actor: Actor, id: UUID) -> Organisation:
    """An office of one's own. Raises Unknown."""
    found = organisations(actor).filter(id=id).first()
    if found is None:
        raise Unknown(_("there is no such organisation, or it is not yours to administer"))
    return found


def _area(path: str) -> Area:
    return Area.objects.get(path=path)


def place(path: str) -> str:
    """An area as people call it."""
    return atlas().full_name(path)


@contextmanager
def _one_command_centre() -> Iterator[None]:
    """An area has one command centre: the database says so."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "one_command_centre_an_area" not in str(error):
            raise
        raise BadInput(_("that area has a command centre already"), field="kind") from error
