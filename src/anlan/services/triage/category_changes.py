"""What the city may change in the category tree, and what a change would do to a sentence."""

import re
from collections.abc import Mapping
from typing import Annotated

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anlan.city.audit.recording import changing
from anlan.city.people.access import Actor
from anlan.city.people.skills import SKILLS
from anlan.foundation import freshness
from anlan.loop.administering import mark_of, require_over
from anlan.loop.forms import Label
from anlan.loop.refusals import BadInput, Stale, Unknown
from anlan.loop.schemas import Line, Told
from anlan.loop.suggestions import Klass, Severity
from anlan.services.triage import catalogue as declared
from anlan.services.triage.city import TOPIC, catalogue_here, changed
from anlan.services.triage.matching import normalise
from anlan.services.triage.models import CategoryChange

LEVELS = 3
_SEPARATED = re.compile(r"[,，、;；\n]+")

Why = Annotated[Line, Field(min_length=1), Label(_("Reason"), _("Kept in the audit log."))]


class CategoryIn(Told):
    """A category as the city has it."""

    zh: Annotated[Line, Field(min_length=1, max_length=40), Label(_("Name in Chinese"))]
    en: Annotated[Line, Field(min_length=1, max_length=80), Label(_("Name in English"))]
    department: Annotated[str, Field(max_length=40), Label(_("Department"))]
    skills: Annotated[tuple[Annotated[str, Field(max_length=30)], ...], Label(_("Skills"))] = ()
    klass: Annotated[Klass, Label(_("Class"))]
    severity: Annotated[Severity, Label(_("Severity of the matter"))]
    keywords: Annotated[
        str, Field(max_length=4000), Label(_("Keywords"), _("Separated by commas; each has at least two characters."))
    ] = ""
    off: Annotated[bool, Label(_("Switched off for new reports"))] = False
    reason: Why


class NewCategory(CategoryIn):
    """A leaf of the city's own."""

    leaf: Annotated[
        str,
        Field(pattern=r"^[a-z][a-z0-9-]{1,19}$"),
        Label(_("Short name in the tree"), _("Small letters, digits and dashes; it can't be changed later.")),
    ]


def tree() -> Mapping[str, declared.Category]:
    """The city's categories by slug, each below its parent."""
    found = catalogue_here().categories.category
    return {slug: found[slug] for slug in sorted(found)}


def changes() -> Mapping[str, CategoryChange]:
    """What the city has changed, by slug."""
    return {each.slug: each for each in CategoryChange.objects.all()}


def change_of(slug: str) -> CategoryChange:
    """The city's change of a category; a fresh one where there is none yet. Raises Unknown."""
    if slug not in catalogue_here().categories.category:
        raise Unknown(gettext("there is no such category"))
    return CategoryChange.objects.filter(slug=slug).first() or CategoryChange(slug=slug)


def laid(change: CategoryChange, given: CategoryIn) -> CategoryChange:
    """The change with what was told; only what differs from the declared category is kept. Raises BadInput."""
    base = declared.catalogue().categories.category.get(change.slug)
    if given.department not in declared.catalogue().categories.department:
        raise BadInput(gettext("there is no such department"), field="department")
    if unknown := set(given.skills) - SKILLS.keys():
        raise BadInput(gettext("there is no such skill: %(skill)s") % {"skill": min(unknown)}, field="skills")
    words = tuple(dict.fromkeys(word.strip() for word in _SEPARATED.split(given.keywords) if word.strip()))
    if short := next((word for word in words if not 2 <= len(normalise(word)) <= 40), None):
        raise BadInput(
            gettext("“%(word)s” has fewer than two characters, or too many") % {"word": short}, field="keywords"
        )
    for slug, node in catalogue_here().categories.category.items():
        taken = {normalise(word) for word in node.keywords} & {normalise(word) for word in words}
        if slug != change.slug and taken:
            said = {"word": min(taken), "category": node.zh}
            raise BadInput(gettext("“%(word)s” already stands in %(category)s") % said, field="keywords")

    def differs(name: str, value: object) -> bool:
        return base is None or getattr(base, name) != value

    return CategoryChange(
        slug=change.slug,
        own=change.own,
        off=given.off,
        zh=given.zh if differs("zh", given.zh) else "",
        en=given.en if differs("en", given.en) else "",
        department=given.department if differs("department", given.department) else "",
        klass=given.klass.value if differs("klass", given.klass) else "",
        severity=given.severity.value if differs("severity", given.severity) else None,
        skills=list(given.skills) if base is None or set(base.skills) != set(given.skills) else None,
        keywords=list(words) if base is None or set(base.keywords) != set(words) else None,
    )


def set_category(slug: str, given: CategoryIn, *, by: Actor, mark: str) -> None:
    """Change a category for the city. Raises BadInput and Stale."""
    require_over(by, settings.ANLAN_CITY)
    with transaction.atomic():
        # Two at once: the second sees what the first has made, and is told so.
        held = CategoryChange.objects.select_for_update().filter(slug=slug).first() or change_of(slug)
        if mark_of(held) != mark:
            raise Stale(gettext("somebody else has changed this in the meantime; load the page again"))
        after = laid(held, given)
        with changing(held, verb="change", by=by, area=settings.ANLAN_CITY, reason=given.reason):
            for field in CategoryChange._meta.concrete_fields:
                setattr(held, field.attname, getattr(after, field.attname))
            held.save()
            freshness.changed(TOPIC)


def add_category(parent: str, given: NewCategory, *, by: Actor) -> str:
    """Add a leaf of the city's own; returns its slug. Raises BadInput."""
    require_over(by, settings.ANLAN_CITY)
    known = catalogue_here().categories.category
    if parent not in known or parent.count(".") + 2 > LEVELS:
        raise Unknown(gettext("nothing can be added there"))
    slug = f"{parent}.{given.leaf}"
    if slug in known or len(slug) > 60:
        raise BadInput(gettext("that short name is taken"), field="leaf")
    after = laid(CategoryChange(slug=slug, own=True), given)
    with transaction.atomic(), changing(after, verb="create", by=by, area=settings.ANLAN_CITY, reason=given.reason):
        after.save(force_insert=True)
        freshness.changed(TOPIC)
    return slug


def with_change(change: CategoryChange) -> declared.Catalogue:
    """The city's rules as they would be with one change more, to try."""
    others = CategoryChange.objects.exclude(slug=change.slug)
    return changed([*others, change])
