"""Which column of a table holds what: by its heading, or as it was said."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from anlan.foundation.tables.rejects import EXPLANATION
from anlan.foundation.tables.rows import Cells, Unreadable

Headings = Mapping[str, tuple[str, ...]]
"""The headings by which each field is known, without blanks, underscores and dashes, in lower case."""


@dataclass(frozen=True)
class Columns:
    """Which column holds what, by position, and the headings that nothing is known about."""

    places: Mapping[str, int]
    unused: Cells


def columns(headings: Cells, given: Mapping[str, str], known: Headings) -> Columns:
    """Which column holds what; `given` (ours: theirs) goes before the known headings.

    Raises Unreadable where `given` names what is not there, or where two columns claim to be the same.
    """
    for ours, theirs in given.items():
        if ours not in known:
            names = ", ".join(known)
            raise Unreadable(_("there is no field “%(ours)s”; there are: %(known)s") % {"ours": ours, "known": names})
        if theirs not in headings:
            raise Unreadable(_("there is no column “%(theirs)s” in the file") % {"theirs": theirs})
    places: dict[str, int] = {}
    for place, heading in enumerate(headings):
        meant = _ours(heading, given, known)
        if meant is None:
            continue
        if meant in places:
            both = {"ours": meant, "one": headings[places[meant]], "other": heading}
            raise Unreadable(
                _("both “%(one)s” and “%(other)s” could be %(ours)s; say which with --map %(ours)s=…") % both
            )
        places[meant] = place
    unused = (h for place, h in enumerate(headings) if place not in places.values() and h not in ("", *EXPLANATION))
    return Columns(places, tuple(unused))


def _ours(heading: str, given: Mapping[str, str], known: Headings) -> str | None:
    for ours, theirs in given.items():
        if heading == theirs:
            return ours
    meant = meaning(heading, known)
    return None if meant in given else meant


def meaning(heading: str, known: Headings) -> str | None:
    """The field that a heading is known to stand for."""
    plain = re.sub(r"[\s_\-]", "", heading).lower()
    return next((ours for ours, headings in known.items() if plain in headings), None)
