"""What the unified address rules ask of each field, as checks for import and for inspection.

The rules are those of Xihu district's unified address base (西湖区统一地址规则) as a contractor has published them; the
page was read in an excerpt and ends before the rule for rooms. They are a local practice, so what breaks one is said
and, where the meaning is plain, written in the official form; only a strict import refuses it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SOURCE: Final = "西湖区统一地址规则"
SOURCE_EN: Final = "unified address rules of Xihu district"
NONE: Final = "无"

_HAN = "\u3400-\u9fff\U00020000-\U0003ffff〇"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How a field has to look. `must_be_told`: where there is nothing it says 无, and is not left empty."""

    field: str
    fits: Callable[[str], bool]
    words: "str | Promise"
    must_be_told: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A field that breaks its rule; `words` say in the reader's language what is asked for."""

    field: str
    value: str
    words: "str | Promise"
    source: str = SOURCE


def _like(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


RULES: Final = (
    FieldRule("district", lambda value: value != "", _("the official name; it can't be empty")),
    FieldRule("town", _like(r".+(街道|镇|乡)"), _("the official name: XX街道, XX镇 or XX乡")),
    FieldRule(
        "community",
        lambda value: value.endswith(("社区", "村")) and not value.endswith(("村委会", "居委会")),
        _("XX社区 or XX村, not the committee (村委会)"),
    ),
    FieldRule("grid", _like(r"第[零一二三四五六七八九十百]+网格"), _("第一网格: no code and no community's name")),
    FieldRule("compound", _like(f"[{_HAN}]+"), _("Chinese characters only")),
    FieldRule(
        "building", _like(r"(?:[0-9]+-)?[0-9]+幢|无"), _("N幢 or N-M幢; 无 where there is none"), must_be_told=True
    ),
    FieldRule(
        "unit", _like(r"(?:[0-9]+-)?[0-9]+单元|无"), _("N单元 or N-M单元; 无 where there is none"), must_be_told=True
    ),
    FieldRule("floor", _like(r"-?[0-9]+层"), _("N层")),
)


def findings(fields: Mapping[str, str], *, form: bool = False) -> Iterator[Finding]:
    """What breaks the rules among the fields of one address, by the names in `RULES`.

    An empty field is a finding only in a `form` as towns hand it in, where 无 has to be written; what is stored has
    nothing to say of a level that it has not.
    """
    for rule in RULES:
        value = fields.get(rule.field, "")
        told = value != "" or (form and rule.must_be_told)
        if told and not rule.fits(value):
            yield Finding(rule.field, value, rule.words)
