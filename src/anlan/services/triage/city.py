"""Triage with the names and boundaries of this city."""

import functools

from anlan.city.areas.atlas import Atlas, atlas
from anlan.loop.suggestions import Report, Triage
from anlan.services.triage.places import Places
from anlan.services.triage.rules import triage


def triage_here(report: Report) -> Triage:
    """What `rules.triage` suggests, given the areas in force today."""
    return triage(report, _places(atlas()))


@functools.lru_cache(maxsize=1)
def _places(here: Atlas) -> Places:
    return Places(here.names.items(), here.locate)
