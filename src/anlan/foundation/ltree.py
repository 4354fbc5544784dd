"""PostgreSQL's `ltree` as a Django field: a path of official codes, `3301.330106.330106013`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup

if TYPE_CHECKING:
    _Path = models.TextField[str, str]
    _Paths = models.Field[list[str], list[str]]
else:  # Django's fields can't be subscripted at run time.
    _Path, _Paths = models.TextField, models.Field


class LTreeField(_Path):
    """A path in the area tree; `__within` asks for one path or any below it."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "ltree"

    def get_placeholder(self, value: Any, compiler: Any, connection: BaseDatabaseWrapper) -> str:
        # Server-side parameters arrive typed as text, and PostgreSQL has no assignment cast to ltree.
        return "%s::text::ltree"


class LTreeArrayField(_Paths):
    """A set of paths, for example the areas that handle a matter together."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "ltree[]"

    def get_placeholder(self, value: Any, compiler: Any, connection: BaseDatabaseWrapper) -> str:
        return "%s::text[]::ltree[]"

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> list[str]:
        # psycopg knows no ltree[] and hands over the literal; paths hold digits and dots only.
        if isinstance(value, str):
            return [path for path in value.strip("{}").split(",") if path]
        return list(value or [])


@LTreeField.register_lookup
@LTreeArrayField.register_lookup
class Within(Lookup):
    """`area__within="3301.330106"`: the district and everything below it; of an array, if any of its paths is."""

    lookup_name = "within"

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} <@ {right}::text::ltree", (*left_params, *right_params)


@LTreeArrayField.register_lookup
class Empty(Lookup):
    """`shared_with__empty=False`: holds a path. Without a parameter, so that a partial index can be proved to fit."""

    lookup_name = "empty"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} {'=' if self.rhs else '<>'} '{{}}'::ltree[]", tuple(left_params)
