"""What is wrong with what was told, field by field, in the reader's language.

Pydantic's messages are English and speak of Python; these speak of the field. A check of our own raises with words
that are translated already and keeps them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from anlan.foundation.language import said

WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("必须填写", "is required"),
    "nothing_sent": ("请求没有内容", "the request has no body"),
    "extra_forbidden": ("没有这个字段", "there is no such field"),
    "string": ("应为文字", "must be text"),
    "string_too_long": ("最多{max_length}个字符", "must have at most {max_length} characters"),
    "string_too_short": ("至少{min_length}个字符", "must have at least {min_length} characters"),
    "string_pattern_mismatch": ("格式不正确", "has the wrong form"),
    "int": ("应为整数", "must be a whole number"),
    "float": ("应为数字", "must be a number"),
    "decimal": ("应为数字", "must be a number"),
    "decimal_max_places": ("最多{decimal_places}位小数", "must have at most {decimal_places} decimal places"),
    "finite_number": ("应为有限的数字", "must be a finite number"),
    "greater_than_equal": ("不得小于{ge}", "must be at least {ge}"),
    "less_than_equal": ("不得大于{le}", "must be at most {le}"),
    "greater_than": ("应大于{gt}", "must be greater than {gt}"),
    "less_than": ("应小于{lt}", "must be less than {lt}"),
    "enum": ("应为其中之一：{expected}", "must be one of: {expected}"),
    "literal_error": ("应为其中之一：{expected}", "must be one of: {expected}"),
    "bool": ("应为 true 或 false", "must be true or false"),
    "uuid": ("应为标识号（UUID）", "must be an identifier (UUID)"),
    "date": ("应为日期，例如 2026-07-01", "must be a date, such as 2026-07-01"),
    "datetime": ("应为时刻，例如 2026-07-01T08:00:00+08:00", "must be a moment, such as 2026-07-01T08:00:00+08:00"),
    "list": ("应为列表", "must be a list"),
    "dict": ("应为 JSON 对象", "must be a JSON object"),
    "model": ("应为 JSON 对象", "must be a JSON object"),
}
"""By pydantic's type of fault, or by the first word of it (`int_parsing`, `uuid_type` …)."""

_BODY_ITSELF = 2
ANYTHING_ELSE = ("不能这样填写", "is not acceptable")


class Fault(BaseModel):
    """One wrong field; an empty name is the request as a whole."""

    field: str
    message: str


def faults(errors: Iterable[Mapping[str, Any]], *, nested: bool = False) -> list[Fault]:
    """The faults pydantic found. With `nested` each location begins with the part of the request it lies in."""
    return [Fault(field=_field(error, nested), message=_message(error)) for error in errors]


def _field(error: Mapping[str, Any], nested: bool) -> str:
    # A check across fields has no location of its own, so it says which field it means.
    named = (error.get("ctx") or {}).get("field")
    location = [str(part) for part in error["loc"]]
    if nested:
        # The body is one parameter, whose name is ours and means nothing to the sender.
        location = location[2:] if location[:1] == ["body"] else location[1:]
    # What was sent as a field's name may be anything, a megabyte or half a character.
    readable = ".".join(location).encode("utf-8", "replace").decode()
    return str(named or readable[:200])


def _message(error: Mapping[str, Any]) -> str:
    kind, context = str(error["type"]), error.get("ctx") or {}
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    if kind == "missing" and error["loc"] and error["loc"][0] == "body" and len(error["loc"]) <= _BODY_ITSELF:
        kind = "nothing_sent"
    if "expected" in context:
        context = {**context, "expected": _listed(str(context["expected"]))}
    words = WORDS.get(kind) or WORDS.get(kind.partition("_")[0])
    if words is None:
        # Pydantic's own kinds that stand in no table say nothing a resident could use.
        return str(error["msg"]) if kind.startswith("anlan.") else said(*ANYTHING_ELSE)
    return said(*words).format_map(context)


def _listed(choices: str) -> str:
    """`'web', 'code' or 'snap'` as both languages write a list."""
    return said("、", ", ").join(choices.replace("'", "").replace(" or ", ", ").split(", "))
