"""Triage with the names, boundaries and categories of this city."""

import functools
from collections.abc import Mapping

from anlan.city.areas.atlas import Atlas, atlas
from anlan.loop.suggestions import Category, Report, Triage
from anlan.services.triage.catalogue import catalogue
from anlan.services.triage.places import Places
from anlan.services.triage.rules import triage


def triage_here(report: Report) -> Triage:
    """What `rules.triage` suggests, given the areas in force today."""
    return triage(report, _places(atlas()))


@functools.cache
def category_tree() -> Mapping[str, Category]:
    """The tree that `categories.toml` declares."""
    declared = catalogue().categories.category
    return {
        slug: Category(slug, found.zh, found.en, found.department, tuple(found.skills))
        for slug, found in declared.items()
    }


@functools.lru_cache(maxsize=1)
def _places(here: Atlas) -> Places:
    return Places(here.names.items(), here.locate)
