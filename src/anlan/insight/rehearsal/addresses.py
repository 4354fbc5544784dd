"""Addresses that the people of a rehearsal speak of, and those that stand in real messages.

The first are drawn from the demonstration city's invented base and then told as people tell addresses: with parts left
out, words too many or a slip of the pen. How often is an assumption.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from random import Random

from anlan.city.addresses.models import Address, Level
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.resolving.resolver import resolve_all
from anlan.city.addresses.tagging import reader
from anlan.insight.rehearsal.arrivals import Arrival

SPEAKS_OF_ONE = 0.6
"""Share of the arrivals that tell an address."""
TOLD_BADLY = 0.5
"""Share of these that are not told as the base has them."""
_TOLD_OF = (Level.NUMBER, Level.COMPOUND, Level.BUILDING, Level.ROOM, Level.POI)
_LEADING_AREAS = re.compile(r"^杭州市|^.{1,4}?[区县市]|^.{1,8}?(?:街道|镇|乡)|^.{1,12}?(?:社区|村)")
_TAIL = re.compile(r"(?:\d+单元)?\w*?\d+室$|\d+幢$")


def with_addresses(arrivals: Sequence[Arrival], seed: int) -> list[Arrival]:
    """The arrivals, some of them with an address of their community; the grid is then the address's. The same seed
    gives the same addresses. Where the base holds nothing of a community, nothing is told."""
    known: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    rows = Address.objects.filter(level__in=_TOLD_OF, status=Address.Status.IN_USE).exclude(grid="").order_by("code")
    for community, grid, text in rows.values_list("community", "grid", "text"):
        known[community].append((grid, text))
    random = Random(f"{seed}-addresses")
    return [_with_one(arrival, known.get(arrival.area[:12], []), random) for arrival in arrivals]


def verdicts_on(texts: Iterable[str]) -> Counter[str]:
    """What the base makes of the addresses that stand in texts, one of each text that holds one."""
    spoken = filter(None, map(spoken_of, texts))
    return Counter(found.verdict.value for found in resolve_all(spoken, reader=reader(fast=True)))


def spoken_of(text: str) -> str:
    """The first thing in a text that reads like an address (a name with a number below it), or nothing."""
    for clause in _clauses(text):
        parts = parse(clause).parts
        named = next((at for at, part in enumerate(parts) if part.label in ("road", "poi")), None)
        if named is None:
            continue
        numbers = [at for at, part in enumerate(parts) if at > named and part.label in ("roadno", "houseno")]
        if numbers:
            first = next(at for at, part in enumerate(parts) if part.label not in ("redundant", "assist", "otherinfo"))
            return clause[parts[first].start : parts[numbers[-1]].end]
    return ""


# Longer names are sentences; people write addresses in one breath.
_CLAUSE = re.compile(r"[\w\-－#]{4,40}")
_LIKE_AN_ADDRESS = re.compile(
    r"[路街巷道弄区苑园府城庭寓村].{0,6}?[\d０-９一二三四五六七八九十]+(?:号|弄|幢|栋|座|单元|#)"
)


def _clauses(text: str) -> Iterator[str]:
    """What may hold an address, each up to its last number: behind that the sentence goes on."""
    for clause in _CLAUSE.finditer(text):
        end = max((found.end() for found in _LIKE_AN_ADDRESS.finditer(clause[0])), default=0)
        if end:
            yield clause[0][:end]


def _with_one(arrival: Arrival, known: Sequence[tuple[str, str]], random: Random) -> Arrival:
    if not known or random.random() >= SPEAKS_OF_ONE:
        return arrival
    grid, text = random.choice(known)
    if random.random() < TOLD_BADLY:
        text = random.choice(_WAYS)(text, random)
    return replace(arrival, area=grid, address=text)


def _without_areas(text: str, random: Random) -> str:
    """德加公寓3幢2单元501室: nobody at home says where home is."""
    while (shorter := _LEADING_AREAS.sub("", text, count=1)) != text:
        text = shorter
    return text


def _without_end(text: str, random: Random) -> str:
    return _TAIL.sub("", text)


def _with_more_words(text: str, random: Random) -> str:
    return random.choice(("就在{}旁边", "{}对面", "{}楼下", "我住在{}")).format(text)


def _with_a_slip(text: str, random: Random) -> str:
    """One character lost, or two exchanged."""
    at = random.randrange(len(text) - 2)
    return text[:at] + random.choice((text[at + 1], text[at + 1] + text[at])) + text[at + 2 :]


def _elsewhere(text: str, random: Random) -> str:
    """A road that nobody has drawn yet."""
    return f"新开路{random.randint(1, 99)}号工地"


_WAYS: tuple[Callable[[str, Random], str], ...] = (
    *(_without_areas, _without_areas, _without_end, _without_end),
    *(_with_more_words, _with_a_slip, _elsewhere),
)
