"""Forms made from what a step asks: one declaration serves the page and the API.

A form is a list of fields with what was typed and what is wrong with it; templates draw them, `loop/form.html` for all.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ValidationError

from anlan.loop.faults import faults
from anlan.loop.models import Outcome, Rating
from anlan.loop.refusals import BadInput, Refused, Stale
from anlan.loop.suggestions import KLASS_LABELS, SEVERITY_LABELS, Klass, Severity

LABELS: Mapping[str, "str | Promise"] = {
    "unit_id": _("Unit"),
    "reason": _("Reason"),
    "text": _("In words"),
    "outcome": _("Result"),
    "rating": _("Rating"),
    "purpose": _("Purpose"),
    "public": _("Show this to the reporter"),
    "evidence": _("Keep as evidence, unchanged"),
    "username": _("User name"),
    "password": _("Password"),
    "to_area": _("To which desk"),
    "with_area": _("With which desk"),
    "address_code": _("Address code"),
    "in_area": _("Area"),
    "approver": _("Approved by"),
    "deadline": _("Which deadline"),
    "klass": _("Class"),
    "category": _("Category"),
    "severity": _("Severity of the matter"),
}
"""What a field is called; one that stands in no table goes by its declared name."""
CHOICES: Mapping[type[enum.Enum], Sequence[tuple[Any, "str | Promise"]]] = {
    Outcome: Outcome.choices,
    # The best first, as every form of the city's has it.
    Rating: list(reversed(Rating.choices)),
    Klass: [(klass.value, name) for klass, name in KLASS_LABELS.items()],
    Severity: [(severity.value, name) for severity, name in SEVERITY_LABELS.items()],
}
SHORT = 200
"""Up to here a text is one line."""
SEARCHED = ("to_area", "with_area", "category", "in_area", "home")
"""Fields with too many choices for a list: one types a part of the name and picks."""

Choices = Sequence[tuple[Any, "str | Promise"]]


@dataclass(frozen=True)
class Label:
    """What a field is called on its own form, and a word on how to fill it in: `Annotated[Line, Label(_("Name"))]`."""

    text: "str | Promise"
    hint: "str | Promise" = ""


Asked = TypeVar("Asked", bound=BaseModel)


@dataclass(frozen=True)
class FormField:
    """One thing asked. `kind` says how it is drawn: line, words, choice, pick, several, search, number, flag, date,
    time, moment, position. The value of a `search` is the name of what is chosen, of `several` all with commas."""

    name: str
    kind: str
    label: "str | Promise"
    required: bool
    longest: int | None = None
    choices: Choices = ()
    value: str = ""
    error: str = ""
    hint: "str | Promise" = ""

    @property
    def chosen(self) -> list[str]:
        """The values of `several`."""
        return self.value.split(",") if self.value else []

    @property
    def attributes(self) -> dict[str, object]:
        """What the browser itself can check."""
        return {
            **({"required": True} if self.required else {}),
            **({"maxlength": self.longest} if self.longest else {}),
        }


@dataclass(frozen=True)
class Form:
    """What is asked, what was typed, and what stands against it as a whole."""

    fields: list[FormField] = field(default_factory=list)
    error: str = ""

    @property
    def wrong(self) -> bool:
        return bool(self.error) or any(field.error for field in self.fields)


def form_of(
    asks: type[BaseModel] | None,
    *,
    typed: QueryDict | None = None,
    refused: Refused | None = None,
    choices: Mapping[str, Choices] | None = None,
    initial: Mapping[str, str] | None = None,
) -> Form:
    """The form of what is asked; after a refusal with what was typed and the reasons beside the fields.

    `choices` offers values for fields that name something, such as a unit; `initial` is what stands there at first.
    """
    filled: Mapping[str, str] = {name: ",".join(typed.getlist(name)) for name in typed} if typed else initial or {}
    wrong = _reasons(refused) if refused else {}
    if asks is None:
        return Form(error=" ".join(wrong.values()))
    fields = [
        _field(asks, name, filled.get(name, ""), wrong.pop(name, ""), (choices or {}).get(name, ()))
        for name in asks.model_fields
    ]
    return Form(fields, " ".join(wrong.values()))


def told_in(
    asks: type[BaseModel] | None, typed: QueryDict, choices: Mapping[str, Choices] | None = None
) -> dict[str, Any]:
    """What a form told: only what was asked, and nothing for a field left empty.

    Where `choices` are searched by name, the value behind the name. Raises BadInput for a name that is none of them.
    """
    names = asks.model_fields if asks else ()
    told: dict[str, Any] = {name: typed.get(name, "").strip() for name in names}
    several = [name for name in names if asks and get_origin(_plain(asks.model_fields[name].annotation)) is tuple]
    told.update({name: typed.getlist(name) for name in several})
    told = {name: value for name, value in told.items() if value}
    for name in told.keys() & (choices or {}).keys() & set(SEARCHED):
        behind = {str(label): value for value, label in (choices or {})[name]}
        if told[name] not in behind:
            raise BadInput(gettext("choose one from the list"), field=name)
        told[name] = behind[told[name]]
    return told


def version_in(typed: QueryDict, field: str = "version") -> int:
    """The version a page has shown. Raises Stale where the page does not say: it can't be a fresh one."""
    version = typed.get(field, "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise Stale(gettext("the page is too old; load it again"))
    return int(version)


def checked(asks: type[Asked], typed: QueryDict) -> Asked:
    """What a form told, as its model. Raises BadInput."""
    try:
        return asks.model_validate(told_in(asks, typed))
    except ValidationError as error:
        first = faults(error.errors(include_url=False))[0]
        raise BadInput(first.message, field=first.field) from error


def _reasons(refused: Refused) -> dict[str, str]:
    """What is wrong, by field; the whole form's is under an empty name."""
    if isinstance(refused.__cause__, ValidationError):
        return {fault.field: fault.message for fault in reversed(faults(refused.__cause__.errors(include_url=False)))}
    return {refused.field or "": str(refused.message)}


def _field(asks: type[BaseModel], name: str, typed: str, error: str, offered: Choices) -> FormField:
    declared = asks.model_fields[name]
    plain = _plain(declared.annotation)
    longest = _longest(asks, name)
    required = declared.is_required()
    choices = offered or _choices(plain)
    named = next((each for each in declared.metadata if isinstance(each, Label)), None)
    kind = _kind_of_offer(name) if offered else _kind(name, plain, longest, bool(choices), required)
    return FormField(
        name=name,
        kind="several" if get_origin(plain) is tuple else kind,
        label=named.text if named else LABELS.get(name, name.replace("_", " ").capitalize()),
        hint=named.hint if named else "",
        required=required,
        longest=longest,
        choices=choices,
        value=typed,
        error=error,
    )


def _kind_of_offer(name: str) -> str:
    return "search" if name in SEARCHED else "pick"


def _kind(name: str, plain: Any, longest: int | None, chosen: bool, required: bool) -> str:
    if chosen:
        return "choice"
    if name in ("lon", "lat", "accuracy_m") and not required:
        return "position"
    kinds = {
        bool: "flag",
        int: "number",
        float: "number",
        Decimal: "number",
        datetime: "moment",
        date: "date",
        time: "time",
    }
    if plain in kinds:
        return kinds[plain]
    if name == "password":
        return "password"
    return "words" if plain is str and (longest is None or longest > SHORT) else "line"


def _choices(plain: Any) -> Choices:
    if get_origin(plain) is Literal:
        return [(value, str(value)) for value in get_args(plain)]
    if not (isinstance(plain, type) and issubclass(plain, enum.Enum)):
        return ()
    return CHOICES.get(plain) or [(member.value, str(getattr(member, "label", member.name))) for member in plain]


def _plain(annotation: Any) -> Any:
    """The type itself, without None and without what is said about it."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _plain(next(each for each in get_args(annotation) if each is not type(None)))
    return annotation


def _longest(asks: type[BaseModel], name: str) -> int | None:
    shape = asks.model_json_schema()["properties"].get(name, {})
    found = [each["maxLength"] for each in (shape, *shape.get("anyOf", ())) if "maxLength" in each]
    return int(found[0]) if found else None
