"""The engine's verbs as forms: what each is called, what it asks, and what one may choose from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.city.people.queries import command_centres, desk_of
from anlan.foundation.rules import Unit
from anlan.loop import placing, verbs
from anlan.loop.answers import category_label, label
from anlan.loop.change import rule_of
from anlan.loop.forms import Choices, Form, form_of, told_in, version_in
from anlan.loop.models import Deadline, Matter
from anlan.loop.queries import path_of
from anlan.loop.refusals import BadInput, Refused, Unknown
from anlan.loop.schemas import Approved, Extension, HandOver, Placing, Reason, Reclassification, Sharing
from anlan.loop.suggestions import categories, offered_categories

LAST = ("reason", "approver")
"""First what, then why and who answers for it."""
UNITS = {
    Unit.MINUTE: _("minutes"),
    Unit.HOUR: _("hours"),
    Unit.DAY: _("days"),
    Unit.WORKING_DAY: _("working days"),
    Unit.MONTH: _("months"),
    Unit.YEAR: _("years"),
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A verb as a page says it. `act` does it; a verb without one has a page of its own, `page`."""

    label: "str | Promise"
    hint: "str | Promise" = ""
    asks: type[BaseModel] = Reason
    act: Callable[..., Matter] | None = None
    page: str = ""


@dataclass(frozen=True)
class VerbForm:
    """A verb that may be done now. `address` is where its form is sent, or the page it leads to where `form` is
    None."""

    name: str
    label: str
    hint: str
    address: str
    form: Form | None


_SPOKEN = {
    "reclassify": Spoken(
        _("Reclassify"),
        _("What was suggested and what you decide are kept side by side, to learn from."),
        Reclassification,
        verbs.reclassify,
    ),
    "place": Spoken(
        _("Correct the place"),
        _("The area, the grid and whose desk it is follow. What was told of the place stays as it was told."),
        Placing,
        placing.place,
    ),
    "hand_over": Spoken(
        _("Hand over"),
        _("It leaves this desk. Whoever is responsible stays so until the other side accepts; the clocks run on."),
        HandOver,
        verbs.hand_over,
    ),
    "share": Spoken(
        _("Handle together"),
        _("The other desk sees it and may act; you stay responsible."),
        Sharing,
        verbs.share,
    ),
    "suspend": Spoken(
        _("Suspend"),
        _("All clocks stand still until it is resumed. Only for a reason that the rule of a clock or the law knows."),
        Approved,
        verbs.suspend,
    ),
    "resume": Spoken(_("Resume"), _("The clocks run again; the time they stood is not counted."), Reason, verbs.resume),
    "extend": Spoken(
        _("Extend a deadline"), _("Once, by what its rule allows; the reporter is told why."), Extension, verbs.extend
    ),
    "escalate": Spoken(
        _("Escalate"), _("The next level up is told; the matter stays where it is."), Reason, verbs.escalate
    ),
    "merge": Spoken(_("Merge a duplicate"), page="matter-merge"),
    "unmerge": Spoken(
        _("Undo the merge"), _("It stands again where it stood, and its clocks run on."), Reason, verbs.unmerge
    ),
}


def spoken(name: str) -> Spoken:
    """How a verb is said. Raises Unknown."""
    try:
        return _SPOKEN[name]
    except KeyError:
        raise Unknown(gettext("there is no such act")) from None


def do(matter: Matter, name: str, typed: QueryDict, *, by: Actor) -> Matter:
    """Do what a form says, guarded by the version its page has shown. Raises a Refused."""
    verb = spoken(name)
    if verb.act is None:
        raise Unknown(gettext("there is no such act"))
    version = version_in(typed)
    told: dict[str, Any] = told_in(verb.asks, typed, _searched(name, matter))
    for field in sorted(verb.asks.model_fields, key=lambda field: field in LAST):
        if verb.asks.model_fields[field].is_required() and field not in told:
            raise BadInput(gettext("is required"), field=field)
    for field in told.keys() & {"to_area", "with_area", "in_area"}:
        told[field] = path_of(told[field], field)
    return verb.act(matter.id, **told, by=by, version=version)


def forms_for(
    actor: Actor,
    matter: Matter,
    names: Sequence[str],
    *,
    because: Iterable[str] = (),
    refused: Refused | None = None,
    at_verb: str = "",
    typed: QueryDict | None = None,
) -> list[VerbForm]:
    """The forms of the verbs `names`, which may be done now; the one just refused with what was typed.

    `because` is why triage classified the matter as it did.
    """
    running: list[Deadline] = []
    if "extend" in names:
        with scoped(replace(scope_of(actor), matter=matter.id)):
            running = list(Deadline.objects.filter(matter_id=matter.id, ended_at=None).order_by("due_at"))
    return [_form(name, matter, running, because, refused, typed, here=name == at_verb) for name in names]


def _form(
    name: str,
    matter: Matter,
    running: Sequence[Deadline],
    because: Iterable[str],
    refused: Refused | None,
    typed: QueryDict | None,
    *,
    here: bool,
) -> VerbForm:
    verb = spoken(name)
    if verb.act is None:
        return VerbForm(name, str(verb.label), "", reverse(verb.page, args=[matter.id]), None)
    choices = _searched(name, matter)
    if name == "extend":
        choices = {"deadline": [(each.name, _extension(matter, each)) for each in verbs.extensible(running)]}
    form = form_of(
        verb.asks,
        choices=choices,
        initial=_as_it_is(matter) if name == "reclassify" else None,
        typed=typed if here else None,
        refused=refused if here else None,
    )
    form = replace(form, fields=sorted(form.fields, key=lambda field: field.name in LAST))
    hint = str(verb.hint)
    if name == "reclassify" and because:
        hint += " " + gettext("Suggested because: %(reasons)s") % {"reasons": "；".join(because)}
    return VerbForm(name, str(verb.label), hint, reverse("matter-verb", args=[matter.id, name]), form)


def _searched(name: str, matter: Matter) -> Mapping[str, Choices]:
    """What is searched by name: the other desks of the city, or the categories."""
    if name == "reclassify":
        return {"category": [(slug, _category(slug)) for slug in offered_categories()]}
    if name == "place":
        return {"in_area": _near(matter)}
    if name not in ("hand_over", "share"):
        return {}
    here, known = desk_of(matter.area), atlas()
    nearest = here[0] if here else ""
    desks = sorted((path for path in command_centres() if path != nearest), key=len)
    return {
        ("to_area" if name == "hand_over" else "with_area"): [
            (path.rpartition(".")[2], known.full_name(path)) for path in desks
        ]
    }


def _near(matter: Matter) -> Choices:
    """The communities of the matter's town and the grids of its community; what lies farther is handed over."""
    known, town = atlas(), matter.town_path
    parents = {town, ".".join(matter.area.split(".")[:4])}
    inside = (path for path in known.paths.values() if path.rpartition(".")[0] in parents)
    return [(path.rpartition(".")[2], known.full_name(path)) for path in sorted(inside) if path != matter.area]


def _category(slug: str) -> str:
    """A category with those above it, so that names which occur twice differ."""
    parts = slug.split(".")
    return " / ".join(category_label(".".join(parts[: n + 1])) for n in range(len(parts)))


def _as_it_is(matter: Matter) -> dict[str, str]:
    return {
        "klass": matter.klass,
        "category": _category(matter.category) if matter.category in categories() else "",
        "severity": str(matter.severity),
    }


def _extension(matter: Matter, deadline: Deadline) -> str:
    """`60日办结 · at most 30 days more · approved by …`."""
    allowed = rule_of(deadline).extension
    assert allowed is not None, "only deadlines that may be extended are offered"
    more = gettext("at most %(amount)d %(unit)s more") % {"amount": allowed.amount, "unit": UNITS[allowed.unit]}
    return f"{label(matter.rules.deadlines[deadline.name])} · {more} · {allowed.approver}"
