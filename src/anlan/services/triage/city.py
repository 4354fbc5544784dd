"""Triage with the names, boundaries and categories of this city."""

import functools
from collections.abc import Iterable, Mapping

from anlan.city.areas.atlas import Atlas, atlas
from anlan.foundation import freshness
from anlan.loop.suggestions import Category, Klass, Report, Severity, Triage
from anlan.services.triage import catalogue as declared
from anlan.services.triage.catalogue import Catalogue
from anlan.services.triage.learning.combining import combined
from anlan.services.triage.learning.registry import in_force
from anlan.services.triage.models import CategoryChange
from anlan.services.triage.places import Places
from anlan.services.triage.rules import triage

TOPIC = "categories"


def triage_here(report: Report, rules: Catalogue | None = None) -> Triage:
    """What `rules.triage` suggests, given the areas in force today and the city's categories, with what the model in
    force knows better; with other rules to try, what they alone suggest."""
    suggested = triage(report, _places(atlas()), rules or catalogue_here())
    return suggested if rules else combined(suggested, report, in_force(), catalogue_here())


@functools.cache
def catalogue_here() -> Catalogue:
    """The declared rules with what the city has changed in the category tree."""
    return changed(CategoryChange.objects.order_by("slug"))


def changed(changes: Iterable[CategoryChange]) -> Catalogue:
    """The declared rules with these changes laid over the category tree.

    A category that is off has no words left, so it is never suggested; its name stays, for the matters that have it.
    """
    rules = declared.catalogue()
    tree = dict(rules.categories.category)
    for change in changes:
        if change.own or change.slug in tree:
            tree[change.slug] = _laid_over(tree.get(change.slug), change)
    if tree == rules.categories.category:
        return rules
    return rules.model_copy(update={"categories": rules.categories.model_copy(update={"category": tree})})


@functools.cache
def category_tree() -> Mapping[str, Category]:
    """The city's tree: `categories.toml` and what the city has changed."""
    off = set(CategoryChange.objects.filter(off=True).values_list("slug", flat=True))
    tree = catalogue_here().categories.category
    return {
        slug: Category(slug, found.zh, found.en, found.department, tuple(found.skills), offered=slug not in off)
        for slug, found in tree.items()
    }


def _laid_over(before: declared.Category | None, change: CategoryChange) -> declared.Category:
    told = {
        "zh": change.zh,
        "en": change.en,
        "department": change.department,
        "klass": Klass(change.klass) if change.klass else "",
        "severity": Severity(change.severity) if change.severity else "",
    }
    lists = {"skills": change.skills, "keywords": change.keywords}
    update = {
        **{name: value for name, value in told.items() if value},
        **{name: tuple(value) for name, value in lists.items() if value is not None},
        **({"keywords": ()} if change.off else {}),
    }
    if before is not None:
        return before.model_copy(update=update)
    own = {"slug": change.slug, "class": update.pop("klass", Klass.ORDINARY), **update}
    return declared.Category.model_validate(own)


@functools.lru_cache(maxsize=1)
def _places(here: Atlas) -> Places:
    # Of areas that have ended only the names are kept: a report can't lie in one.
    return Places(((code, here.names[code]) for code in here.paths), here.locate)


freshness.keep(TOPIC, catalogue_here.cache_clear)
freshness.keep(TOPIC, category_tree.cache_clear)
