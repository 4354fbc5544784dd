"""Charts as SVG made on the server, for the page itself: no script, no style attribute, the colours of the tokens.

Vega-Lite draws, offline. Colours and fonts are given as the variables of `tokens.css`, which a browser resolves inside
presentation attributes, so that a chart follows light and dark like everything else. What comes out is written anew
with the few elements and attributes a chart needs. Each chart goes with its numbers as a table, and a text that says
the same to whoever does not see it.
"""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

import vl_convert
from defusedxml.ElementTree import fromstring
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from anlan.insight.indicators import Share
from anlan.insight.overview import Compared, Kept
from anlan.loop.models import Deadline

WIDTH = 340
"""Units of a chart's own width: that of a telephone, so that its words stay legible there."""
_SVG = "http://www.w3.org/2000/svg"
_ELEMENTS = frozenset(("svg", "g", "path", "line", "rect", "circle", "text", "tspan"))
_GEOMETRY = frozenset(
    ("d", "x", "y", "x1", "y1", "x2", "y2", "r", "cx", "cy", "dx", "dy", "width", "height", "transform")
)
_LOOK = frozenset(
    ("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-miterlimit", "opacity", "fill-opacity", "display")
)
_LETTERS = frozenset(("text-anchor", "font-family", "font-size", "font-weight"))
_ATTRIBUTES = _GEOMETRY | _LOOK | _LETTERS
# Room is counted in letters, not measured: the machine that draws may lack the fonts of the one that shows.
_WIDE, _NARROW = 12.5, 7.0  # units that a Chinese and a Latin letter of 12 units take, at most
_LONGEST_NAME = WIDTH / 2

_CONFIG: dict[str, Any] = {
    "aria": False,
    "background": None,
    "font": "var(--font)",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--ink-2)",
        "labelFontSize": 12,
        "labelLimit": 0,
        "labelOverlap": True,
        "gridColor": "var(--line)",
        "domainColor": "var(--control)",
        "ticks": False,
        "title": None,
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
}
_END, _LONG_END = 40, 120  # room for a number, and for a percentage with its n and N
_BEFORE = {"type": "tick", "color": "var(--ink)", "thickness": 2.5}


@dataclass(frozen=True)
class Chart:
    """A picture of numbers, and the numbers. `text` is the picture in words; `key` says what its marks mean."""

    title: str
    svg: SafeString
    text: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    key: str = ""


def columns(title: str, numbers: Sequence[Compared]) -> Chart:
    """A column for each number in its order, with a mark where the period before stood."""
    most = max((n for each in numbers for n in (each.now, each.before)), default=0)
    spec = _spec(
        _values(numbers),
        height=150,
        left=36,
        x={"field": "label", "type": "nominal", "sort": None, "axis": {"labelAngle": 0}},
        # Whole numbers only.
        y={"field": "now", "type": "quantitative", "axis": {"format": "d", "tickCount": max(1, min(4, most))}},
        before="y",
    )
    return _compared(title, numbers, spec)


def timeline(title: str, counted: Sequence[tuple[str, int]]) -> Chart:
    """A column for each stretch of time in its order."""
    most = max((n for _name, n in counted), default=0)
    spec = _spec(
        [{"label": name, "now": n} for name, n in counted],
        height=120,
        left=36,
        x={"field": "label", "type": "nominal", "sort": None, "axis": {"labelAngle": 0}},
        y={"field": "now", "type": "quantitative", "axis": {"format": "d", "tickCount": max(1, min(4, most))}},
        before="",
    )
    return _chart(title, spec, heads=(_("When"), _("How many")), rows=[(name, str(n)) for name, n in counted])


def bars(title: str, numbers: Sequence[Compared]) -> Chart:
    """A bar for each number, one below the other, with a mark where the period before stood."""
    spec = _lying(_values(numbers), {"field": "now", "type": "quantitative", "axis": None}, end=_END)
    return _compared(title, numbers, spec)


def stock(title: str, numbers: Sequence[tuple[str, int]]) -> Chart:
    """A bar for each number of this moment."""
    values = [{"label": name, "now": n, "words": str(n)} for name, n in numbers]
    spec = _lying(values, {"field": "now", "type": "quantitative", "axis": None}, end=_END, before=False)
    rows = [(name, str(n)) for name, n in numbers]
    return _chart(title, spec, heads=(_("State"), _("How many")), rows=rows)


def rates(title: str, shares: Sequence[Kept]) -> Chart:
    """A bar for each percentage; none for a share of too few, which stands with its n and N alone."""
    values = [
        {"label": each.label, "now": each.now.percent, "before": each.before.percent, "words": share_text(each.now)}
        for each in shares
    ]
    whole = {"field": "now", "type": "quantitative", "axis": None, "scale": {"domain": [0, 100]}}
    spec = _lying(values, whole, end=_LONG_END)
    heads = (_("Target"), _("Kind"), _("This period"), _("The period before"))
    rows = [
        (each.label, str(Deadline.Kind(each.kind).label), share_text(each.now), share_text(each.before))
        for each in shares
    ]
    return _chart(title, spec, heads=heads, rows=rows, text_from=2, key=_key())


def share_text(share: Share) -> str:
    """`91.2 % · 52/57`; without the percentage where the sample is too small to bear one."""
    counted = f"{share.n}/{share.of}"
    return counted if share.percent is None else f"{share.percent:.1f} % · {counted}"


def _key() -> str:
    return _("Bars: this period. Marks: the period before.")


def _compared(title: str, numbers: Sequence[Compared], spec: dict[str, Any]) -> Chart:
    rows = [(each.label, str(each.now), str(each.before)) for each in numbers]
    heads = (_("What"), _("This period"), _("The period before"))
    return _chart(title, spec, heads=heads, rows=rows, key=_key())


def _chart(
    title: str,
    spec: dict[str, Any],
    *,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    text_from: int = 1,
    key: str = "",
) -> Chart:
    """`text_from` is the column that the picture's words tell of each row."""
    said = "; ".join(f"{row[0]}: {row[text_from]}" for row in rows) or _("nothing counted")
    text = f"{title}. {said}"
    return Chart(title, SafeString(drawn(json.dumps(spec, ensure_ascii=False), text)), text, heads, rows, key)


def _values(numbers: Sequence[Compared]) -> list[dict[str, Any]]:
    return [{"label": each.label, "now": each.now, "before": each.before, "words": str(each.now)} for each in numbers]


def _lying(values: list[dict[str, Any]], x: dict[str, Any], *, end: int, before: bool = True) -> dict[str, Any]:
    """Bars that lie one below the other, with their names to the left and their words at the end."""
    values = [{**each, "label": _shortened(each["label"])} for each in values]
    return _spec(
        values,
        height=26 * max(len(values), 1),
        left=max((_width(each["label"]) for each in values), default=0) + 6,
        right=end,
        x=x,
        y={"field": "label", "type": "nominal", "sort": None, "axis": {"domain": False}, "scale": {"padding": 0.3}},
        before="x" if before else "",
    )


def _spec(
    values: list[dict[str, Any]],
    *,
    height: int,
    left: float,
    right: int = 4,
    x: dict[str, Any],
    y: dict[str, Any],
    before: Literal["x", "y", ""],
) -> dict[str, Any]:
    """`left` and `right` are the room beside the plot; `before` is the axis along which the former period is marked."""
    layers: list[dict[str, Any]] = [{"mark": {"type": "bar", "color": "var(--tide)", "cornerRadiusEnd": 2}}]
    if before and any(each["before"] for each in values):
        layers.append({"mark": _BEFORE, "encoding": {before: {"field": "before", "type": "quantitative"}}})
    if right > 4:
        layers.append(
            {
                # Beyond the longer of the two, so that the mark crosses no digit.
                "transform": [{"calculate": "max(datum.now || 0, datum.before || 0)", "as": "end"}],
                "mark": {"type": "text", "align": "left", "dx": 5},
                "encoding": {"x": {"field": "end", "type": "quantitative"}, "text": {"field": "words"}},
            }
        )
    return {
        "width": WIDTH - left - right,
        "height": height,
        "padding": {"left": left, "right": right, "top": 8, "bottom": 4 if right > 4 else 24},
        "autosize": "none",
        "data": {"values": values},
        "encoding": {"x": x, "y": y},
        "layer": layers,
        "config": _CONFIG,
    }


def _width(words: str) -> float:
    return sum(_NARROW if letter.isascii() else _WIDE for letter in words)


def _shortened(words: str) -> str:
    if _width(words) <= _LONGEST_NAME:
        return words
    while _width(words) > _LONGEST_NAME - _WIDE:
        words = words[:-1]
    return words + "…"


@functools.lru_cache(maxsize=256)
def drawn(spec: str, text: str) -> str:
    """The SVG of a Vega-Lite specification (JSON), fit to stand in a page under the strict policy."""
    source = fromstring(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
    register_namespace("", _SVG)
    svg = Element(f"{{{_SVG}}}svg", {"role": "img", "aria-label": text, "viewBox": source.get("viewBox", "")})
    for child in source:
        _copy(child, svg)
    return tostring(svg, encoding="unicode")


def _copy(source: Element, into: Element) -> None:
    """Elements and attributes a chart needs; of anything else nothing, with all that is in it."""
    name = source.tag.removeprefix(f"{{{_SVG}}}")
    if name not in _ELEMENTS:
        return
    kept = {key: value for key, value in source.attrib.items() if key in _ATTRIBUTES and "url(" not in value}
    copy = SubElement(into, source.tag, kept)
    copy.text = source.text
    for child in source:
        _copy(child, copy)
