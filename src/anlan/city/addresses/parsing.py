"""Reading an address by rules: areas from the gazetteer, then words and numbers in the order people write them."""

import re
from typing import Final

from . import gazetteer, grammar
from .gazetteer import CITY, DISTRICT, PROVINCE, TOWN, Place
from .numbers import half_width
from .parts import Parsed, Part

Span = tuple[str, int, int]

_DEPTHS: Final = {"prov": PROVINCE, "city": CITY, "district": DISTRICT, "town": TOWN}
_COUNTRY: Final = re.compile("中华人民共和国|中国(?=$|[^\\w]|.{1,6}[省市区])")
_INSIDE: Final = frozenset(("floorno", "roomno"))
_UNIT_LABELS: Final = {
    "house": "houseno",
    "cell": "cellno",
    "floor": "floorno",
    "underground": "floorno",
    "room": "roomno",
    "group": "road",
}


_HAN: Final = re.compile("[\u3400-\u9fff]")
_WORD: Final = re.compile(r"[^\W\d_]{3}")
_LONG_ROAD: Final = 5
_SHORT_NAME: Final = 3
"""A name of so few characters is one with the zone behind it: 童店三区."""
_LANE_NUMBER: Final = re.compile("[-_]?[0-9]+号")
_DIGITS: Final = re.compile("[0-9]+")


def parse(text: str) -> Parsed:
    """Read any text as an address: never fails, and the parts joined are the text."""
    plain = half_width(text)
    if _WORD.search(plain) and not _HAN.search(plain):
        return Parsed(text, (Part("otherinfo", text, 0, len(text)),))
    spans: list[Span] = []
    position = _areas(plain, spans)
    _body(plain, position, spans)
    return Parsed(text, tuple([Part(label, text[start:end], start, end) for label, start, end in spans]))


def _areas(text: str, spans: list[Span]) -> int:
    """Read the areas that the address begins with into `spans`; returns where what follows them begins."""
    places = gazetteer.find(text)
    position, size, depth = 0, len(text), 0
    holder = ""
    found = _COUNTRY.match(text)
    if found:
        position = found.end()
        spans.append(("country", 0, position))
    runs: list[list[int]] = []
    while position < size:
        if text[position] in grammar.SEPARATORS:
            end = position + 1
            if text[position] in "-_ ":
                while end < size and text[end] == text[position]:
                    end += 1
            spans.append(("redundant", position, end))
            position = end
            continue
        place = places.get(position)
        name_end = position + len(place.name) if place else position
        if place and not (place.short and _spoiled(place, text, name_end, depth, holder, places)):
            label, new, end = place.label, place.depth, name_end
            if holder in place.town_of:
                label, new = "town", TOWN
            holder = gazetteer.short_name(place.name)
        else:
            found = grammar.AREA.match(text, position)
            if found is None or found.lastgroup in (None, "stop") or found.end() <= name_end:
                break
            label, end = str(found.lastgroup), found.end()
            if label == "redundant":
                spans.append((label, position, end))
                position = end
                continue
            if label == "district" and depth == PROVINCE and text[end - 1] == "市":
                label = "city"
            new, holder = _DEPTHS[label], gazetteer.short_name(text[position:end])
        if new == depth == TOWN and text[position:end] == text[spans[-1][1] : spans[-1][2]]:
            spans.append(("redundant", position, end))
            position = end
            continue
        if (new <= depth and new != TOWN) or not runs:
            runs.append([])
        runs[-1].append(len(spans))
        spans.append((label, position, end))
        depth, position = new, end
    if len(runs) > 1:
        _strike_repeats(text, spans, runs)
    return position


def _spoiled(place: Place, text: str, end: int, depth: int, holder: str, places: dict[int, Place]) -> bool:
    """Does what follows say that a name without its kind (杭州, 余杭) is part of another (杭州路, 余杭镇)?"""
    inner = places.get(end)
    if inner is not None and (not inner.short or place.name in inner.parents):
        return False
    if place.needs_parent and holder not in place.parents:
        if depth > PROVINCE or place.depth < TOWN or not grammar.ROAD_FOLLOWS.match(text, end):
            return True
    elif (
        place.depth <= depth
        and holder not in place.town_of
        and holder != gazetteer.short_name(place.name)
        and inner is None
        and end < len(text)
        and text[end] not in grammar.SEPARATORS
    ):
        return True
    if place.depth == TOWN and grammar.TOWN_SPOILER.match(text, end):
        return True
    return grammar.SPOILER.match(text, end) is not None


def _strike_repeats(text: str, spans: list[Span], runs: list[list[int]]) -> None:
    """Of areas written more than once keep the fuller reading, the later one of two equals; the rest is redundant."""
    kept = runs[0]
    for run in runs[1:]:
        old = {spans[index][0] for index in kept}
        new = {spans[index][0] for index in run}
        start = _DEPTHS[spans[run[0]][0]]
        end = _DEPTHS[spans[kept[-1]][0]]
        if ((start == PROVINCE or len(kept) == 1) and new >= old - {"town"}) or start < _DEPTHS[spans[kept[0]][0]]:
            struck, kept = kept, run
        elif start == end == CITY:
            struck, kept = kept[-1:], kept[:-1] + run
        else:
            struck = [index for index in run if _DEPTHS[spans[index][0]] <= end]
            kept = kept + [index for index in run if index not in struck]
        for index in struck:
            spans[index] = ("redundant", *spans[index][1:])


def _body(text: str, position: int, spans: list[Span]) -> None:
    seen = {label for label, _, _ in spans}
    last = next((label for label, _, _ in reversed(spans) if label != "redundant"), "")
    size = len(text)
    match = grammar.TOKEN.match
    before = ""
    while position < size:
        token = match(text, position)
        assert token is not None  # the last alternative takes any character
        kind, end = token.lastgroup or "other", token.end()
        if kind == "range" and not (last in ("road", "subroad") and _one_number(token[0])):
            kind, end = "number", token.end("first")
        elif kind == "road" and end - position >= _LONG_ROAD:
            name = grammar.ROAD_NAME.search(text, position, end)
            if name is not None and name.start() - position >= 2:
                kind, end = "locality", name.start()
        elif kind in ("zone", "zone_named") and before == "plain" and text[end - 1] == "区" and last == "poi":
            _, start, _ = spans[-1]
            if position - start <= _SHORT_NAME:
                spans[-1] = ("poi", start, end)
                position, before = end, kind
                continue
        label = _label(kind, text, position, end, seen, last)
        spans.append((label, position, end))
        if label != "redundant":
            last = label
            seen.add(label)
        position, before = end, kind


def _label(kind: str, text: str, start: int, end: int, seen: set[str], last: str) -> str:
    if kind in ("separator", "dash", "redundant"):
        return "redundant"
    if kind == "locality":
        return "community" if last in ("town", "district", "city") else _name(kind, seen, last)
    if kind in ("poi", "plain", "rest", "other", "zone", "zone_named", "door"):
        return _name(kind, seen, last)
    if kind in ("number", "no", "lane", "range"):
        return _number(kind, text, start, end, seen, last)
    if kind == "assist":
        return "assist"
    if kind in ("road", "roadwithnumber"):
        if last in _INSIDE:
            return "cellno"
        return "subroad" if last in ("road", "subroad") or (last == "assist" and "road" in seen) else "road"
    if kind == "section":
        return "subroad" if last == "road" else _name(kind, seen, last)
    if kind in ("town", "community", "devzone"):
        return kind if seen.isdisjoint(("road", "poi", "community")) else _name(kind, seen, last)
    return _UNIT_LABELS[kind]


def _name(kind: str, seen: set[str], last: str) -> str:
    """A name is the place sought; a second one stands within it; what stands behind a floor or a room is somebody."""
    if last in _INSIDE or "subpoi" in seen:
        return "person"
    return "subpoi" if "poi" in seen else "poi"


def _one_number(written: str) -> bool:
    """Is a pair such as 105-107号 (a range) or 9-1号 (a number between two others) one number of the road?"""
    first, second = (int(number[:9]) for number in _DIGITS.findall(written))
    return 0 < second - first <= 60 or (first < 100 and second < 10 and written.endswith("号"))


def _number(kind: str, text: str, start: int, end: int, seen: set[str], last: str) -> str:
    size = end - start
    if kind == "lane":
        return "subroadno" if last == "subroad" else "subroad" if _LANE_NUMBER.match(text, end) else "roadno"
    if last == "road":
        return "roadno"
    if last == "subroad":
        return "subroadno"
    if last == "community":
        return "roadno"
    if kind == "no":
        if last == "roadno":
            return "houseno"
        if last == "houseno":
            return "roomno" if size > 3 else "cellno"
        if last in ("cellno", "floorno", "person", "roomno"):
            return "roomno"
        if last in ("poi", "subpoi"):
            return "houseno" if "road" in seen else "roomno" if last == "subpoi" else "roadno"
        return "roadno" if "roadno" not in seen else "roomno"
    before_more = text[end : end + 1] in ("-", "一", "_") and text[end + 1 : end + 2].isalnum()
    if last == "houseno":
        return "cellno" if before_more or size <= 2 else "roomno"
    if last in ("cellno", "floorno", "roomno", "person"):
        return "roomno"
    if before_more or size <= 2 or (size == 3 and text[start].isalpha()):
        return "houseno"
    return "roomno"
