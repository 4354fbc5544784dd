"""What the address of a report means, by the city's base of addresses; asked once for each report.

Nothing depends on it: where the base is empty, the address unknown or several fit alike, the report is taken all the
same. The history keeps codes and never the words, which must stay erasable.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from anlan.city.addresses.queries import area_in_force
from anlan.city.addresses.resolving.lookups import Found, names
from anlan.city.addresses.resolving.questions import QUESTIONS
from anlan.city.addresses.resolving.resolver import Resolution, Verdict, resolve
from anlan.city.addresses.tagging import reader
from anlan.city.areas.atlas import atlas
from anlan.city.people.access import covers
from anlan.loop.refusals import BadInput
from anlan.loop.suggestions import Meant
from anlan.services.intake.schemas import AddressChoice, ReportIn, Understood

MOST_OFFERED = 8
"""More addresses than these nobody reads through; whoever finds theirs not among them sends the words as they are."""


def looked_up(given: ReportIn) -> Resolution | None:
    """What the base says of the report's address; None where there is no address or no base.

    A position or an area that was told makes what lies there likelier. Raises BadInput for a chosen code that is none
    of the addresses the words may stand for.
    """
    if given.address_code and not given.address:
        raise BadInput(_("a chosen address needs the words it was chosen for"), field="address_code")
    if not given.address or not len(names()):
        return None
    area = atlas().paths.get(given.area or "", "")
    found = resolve(given.address, near=given.position, area=area, limit=MOST_OFFERED, reader=reader(fast=True))
    return _chosen(found, given.address_code) if given.address_code else found


def settled(given: ReportIn, code: str) -> ReportIn:
    """The report with the address that was chosen on its page. One that is no longer offered counts as none: nothing
    may hold a report up."""
    shown = understood(looked_up(given)) if code else None
    offered = shown is not None and any(each.code == code for each in shown.choices)
    return given.model_copy(update={"address_code": code}) if offered else given


def meant_by(found: Resolution | None) -> Meant | None:
    """The one address, for triage; None where it is none or lies in no area that is in force."""
    area = area_of(found.address) if found and found.address else ""
    return Meant(area) if area else None


def area_of(row: Found) -> str:
    """The code of the smallest area in force that holds an address, empty for none but the city."""
    return area_in_force(row.area, row.grid)


def position_of(found: Resolution | None, area: str) -> tuple[float, float] | None:
    """Where a matter in an area (a path) is by its address; None where the address is not one, or lies elsewhere."""
    row = found.address if found else None
    if row is None or row.lon is None or row.lat is None or not covers(area, atlas().path(area_of(row))):
        return None
    return row.lon, row.lat


def as_told(found: Resolution, *, gave_position: bool) -> Mapping[str, Any]:
    """The answer as it stands in the history: the verdict and the codes, the likeliest first."""
    rows = [each.address for each in found.candidates]
    codes = [row.code for row in (rows if found.verdict is Verdict.AMBIGUOUS else rows[:1])]
    told = {"verdict": found.verdict.value, "gave_position": gave_position}
    return {**told, "codes": codes if found.verdict not in (Verdict.UNKNOWN, Verdict.OUTSIDE) else []}


def understood(found: Resolution | None) -> Understood | None:
    """The answer as a reporter reads it."""
    if found is None:
        return None
    row = found.address
    question, choices = _asked(found)
    return Understood(
        verdict=found.verdict.value,
        code=row.code if row else "",
        text=row.text if row else "",
        place=atlas().full_name(atlas().path(area_of(row))) if row else "",
        question=question,
        choices=choices,
    )


def _asked(found: Resolution) -> tuple[str, list[AddressChoice]]:
    """What would settle it: the question with its answers; where one would leave several, the addresses in full."""
    if found.verdict is not Verdict.AMBIGUOUS or found.question is None:
        return "", []
    answers = found.question.choices
    offered = {each.address.code: each.address.text for each in found.candidates}
    if all(each.code in offered for each in answers):
        return str(found.question), [AddressChoice(code=each.code, label=each.label) for each in answers]
    # Rows of two levels may read alike, as a hamlet and its only house do: nobody could choose between those.
    unlike = {text: code for code, text in reversed(offered.items())}
    return str(QUESTIONS["text"]), [AddressChoice(code=code, label=text) for text, code in reversed(unlike.items())]


def _chosen(found: Resolution, code: str) -> Resolution:
    """The answer once somebody has chosen one of the candidates."""
    chosen = next((each for each in found.candidates if each.address.code == code), None)
    if chosen is None:
        raise BadInput(_("this is none of the addresses that the words may stand for"), field="address_code")
    return Resolution(found.parsed, Verdict.RESOLVED, (chosen,))
