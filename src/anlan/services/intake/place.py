"""Choosing an area by hand: district, town, community, each list from the one before."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import covers
from anlan.loop.refusals import BadInput
from anlan.services.intake.schemas import ReportIn

LEVELS = {
    "district": gettext_lazy("District"),
    "town": gettext_lazy("Street or town"),
    "community": gettext_lazy("Community or village"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One list: its areas as (code, name), the code that is chosen, and what is wrong with it."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str
    error: str


def choices(area: str, errors: Mapping[str, str]) -> list[Choice]:
    """The lists as far as they can be shown for the area chosen so far (its code, or nothing)."""
    labels = atlas().path(area).split(".")
    shown = []
    for depth, (name, label) in enumerate(LEVELS.items(), start=1):
        if len(labels) >= depth and (options := _below(".".join(labels[:depth]))):
            chosen = labels[depth] if len(labels) > depth else ""
            shown.append(Choice(name, str(label), options, chosen, errors.get(name, "")))
    return shown


def chosen(told: Mapping[str, str]) -> str:
    """The code of the smallest area chosen, empty for none; what does not lie in the area above it falls away.

    Raises BadInput naming the list for a code that is none.
    """
    area = ""
    for name in LEVELS:
        code = told.get(name, "")
        if code and code not in atlas().paths:
            raise BadInput(_("there is no area with this code"), field=name)
        if not code or not covers(atlas().path(area), atlas().paths[code]):
            break
        area = code
    return area


def narrowed(given: ReportIn) -> ReportIn:
    """The report with the smallest area that holds its position, where that lies in the area chosen by hand."""
    if given.area not in atlas().paths or given.lon is None or given.lat is None:
        return given
    found = atlas().locate(float(given.lon), float(given.lat))
    if found is None or not covers(atlas().path(given.area), atlas().path(found)):
        return given
    return given.model_copy(update={"area": found})


def _below(path: str) -> list[tuple[str, str]]:
    """The areas right below one, by code."""
    found = (code for code, each in atlas().paths.items() if each == f"{path}.{code}")
    return [(code, atlas().names[code]) for code in sorted(found)]


def city() -> str:
    """The city's name."""
    return atlas().names.get(settings.ANLAN_CITY, "")
