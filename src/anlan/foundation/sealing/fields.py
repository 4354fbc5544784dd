"""The model field for personal data, and the blind indexes that find a sealed value again.

A sealed column cannot be searched, so a model that must find someone by telephone number keeps
`phone_index(number)` beside it and filters on that. An index does not show the value, but it does show
which rows share one: keep one only where a lookup needs it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Lookup, Transform

from anlan.foundation.sealing.configured import sealer

_Set = TypeVar("_Set", contravariant=True)
_Get = TypeVar("_Get", covariant=True)

if TYPE_CHECKING:
    # Django's fields are generic only to the type checker, which so learns that null=False is never None.
    class _TextField(models.TextField[_Set, _Get]): ...
else:

    class _TextField(models.TextField):
        def __class_getitem__(cls, _: object) -> type:
            return cls


class SealedTextField(_TextField[_Set, _Get]):
    """Text, sealed in the database (bytea); None stays None. Serialised output (dumpdata) is plain text.

    The value is bound to "app_label.Model.field". When one of the three is renamed, pass the old name as
    `context`, or the column can no longer be read.
    """

    def __init__(self, *args: Any, context: str | None = None, **kwargs: Any) -> None:
        self._given_context = context
        super().__init__(*args, **kwargs)

    @property
    def context(self) -> str:
        return self._given_context or f"{self.model._meta.label}.{self.name}"

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        if self._given_context:
            kwargs["context"] = self._given_context
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        text = value if prepared else self.get_prep_value(value)
        return None if text is None else sealer().seal(text, context=self.context)

    def from_db_value(
        self, value: bytes | memoryview | None, expression: object, connection: BaseDatabaseWrapper
    ) -> str | None:
        return None if value is None else sealer().open(value, context=self.context)

    def get_lookup(self, lookup_name: str) -> type[Lookup[Any]] | None:
        if lookup_name != "isnull":
            self._refuse(lookup_name)
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> type[Transform] | None:
        self._refuse(lookup_name)

    def _refuse(self, lookup_name: str) -> NoReturn:
        raise FieldError(
            f"{self.context} is sealed, so it has no lookup {lookup_name!r}: "
            "use isnull, or filter on a column that holds its blind index"
        )

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        problems = super().check(**kwargs)
        if self.deconstruct()[3].keys() & {"unique", "primary_key", "db_index"}:
            # Equal texts seal to different bytes, so neither would do what it promises.
            hint = "Put the index or constraint on a column that holds the blind index."
            problems.append(Error("A sealed field cannot be unique or indexed.", hint=hint, obj=self, id="anlan.E001"))
        return problems


def _bare(text: str) -> str:
    """Half-width, without spaces, dashes and the invisible marks that come along when a number is pasted."""
    dropped = {"Pd", "Cf", "Cc", "Zs"}
    folded = unicodedata.normalize("NFKC", text)
    return "".join(mark for mark in folded if unicodedata.category(mark) not in dropped and mark != "\u2212")


def _bare_phone(text: str) -> str:
    bare = re.sub(r"[().]", "", _bare(text))
    country = re.match(r"\+86|0086|86(?=1[3-9]\d{9}$)", bare)
    if not country:
        return bare
    national = bare[country.end() :]
    # Abroad the 0 of an area code is left out: +86 571 8888 1234 is 0571-88881234. Area codes start 10, 2-9.
    if re.fullmatch(r"(?!400|800)(10|[2-9]\d)\d{7,9}", national):
        return "0" + national
    return national


_NORMALISERS: dict[str, Callable[[str], str]] = {
    "phone": _bare_phone,
    "id_number": lambda text: _bare(text).upper(),
    "code": lambda text: _bare(text).upper(),
    "name": lambda text: _bare(text).casefold(),
}


def blind_index(kind: str, text: str) -> bytes:
    """Return 16 bytes that are equal for equal values, however they were typed.

    `kind` is "phone", "id_number", "code" or "name". The same value gives the same index in every table.
    `ValueError` for another kind, or a text in which nothing is left.
    """
    if kind not in _NORMALISERS:
        raise ValueError(f"kind: {kind!r} is not one of {', '.join(_NORMALISERS)}")
    normal = _NORMALISERS[kind](text)
    if not normal:
        raise ValueError(f"{kind}: there is nothing to index in an empty value")
    return sealer().index(normal, context=f"index.{kind}")


def phone_index(text: str) -> bytes:
    """The blind index of a telephone number: +86, spaces, dashes and full-width digits do not matter."""
    return blind_index("phone", text)
