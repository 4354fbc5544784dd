"""Ten ways in which people write an address otherwise than the base does, for benchmarks that look addresses up.

What is done here knows nothing of how it may be undone: characters are exchanged at random or for any that sound the
same, numbers are written in other digits, levels fall away or change places.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache
from random import Random

from pypinyin import Style, lazy_pinyin

from anlan.city.addresses.models import Level

Parts = dict[Level, str]
"""An address by its levels, each as it is officially written: {ROAD: 文一西路, NUMBER: 98号, …}."""
Damage = Callable[[Parts, Random, Mapping[str, list[str]]], Parts | str]
"""Gets the parts with DISTRICT and TOWN, and the towns of every district; hands back other parts or a whole text."""

_NAMES = (Level.ROAD, Level.COMPOUND, Level.POI)
_FORMER = {"上城区": "江干区", "拱墅区": "下城区", "临平区": "余杭区", "钱塘区": "江干区"}
_POLITE = ("麻烦到", "我住在", "地址是", "请派人到", "事情发生在", "就在")
_AFTER = ("，谢谢", "楼下", "这里", "，尽快来", "一楼大厅", "有人投诉")
_LANDMARKS = ("对面", "旁边", "附近", "门口", "后面")
_DIGITS = "〇一二三四五六七八九"
_FULL = "０１２３４５６７８９"
# The two and a half thousand commonest characters of GB 2312's first level, in its order.
COMMON = [bytes((row, cell)).decode("gb2312") for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xFA)]


@cache
def _of_sound() -> dict[str, list[str]]:
    sounds = defaultdict(list)
    for character in COMMON:
        sounds[_sound(character)].append(character)
    return dict(sounds)


def _sound(character: str) -> str:
    return lazy_pinyin(character, style=Style.NORMAL)[0]


def written(parts: Parts, separator: str = "") -> str:
    """The parts in the order in which addresses are written."""
    return separator.join(parts[level] for level in sorted(parts))


def _name_of(parts: Parts, random: Random) -> Level:
    """Which of its names is hit; every address has one."""
    return random.choice([level for level in _NAMES if level in parts])


def typo(parts: Parts, random: Random, towns: Mapping[str, list[str]]) -> Parts:
    """One character of a name is another one, is missing, doubled, or has changed places with the next."""
    level = _name_of(parts, random)
    name = parts[level]
    at = random.randrange(len(name) - 1)
    hit = random.choice(
        (
            name[:at] + random.choice(COMMON) + name[at + 1 :],
            name[:at] + name[at + 1 :],
            name[:at] + name[at] + name[at:],
            name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        )
    )
    return parts | {level: hit}


def homophone(parts: Parts, random: Random, towns: Mapping[str, list[str]]) -> Parts:
    """A character of a name is another common one of the same sound."""
    level = _name_of(parts, random)
    name = parts[level]
    at = random.randrange(len(name) - 1)
    alike = [each for each in _of_sound().get(_sound(name[at]), []) if each != name[at]]
    return parts | {level: name[:at] + random.choice(alike) + name[at + 1 :]} if alike else parts


def missing_level(parts: Parts, random: Random, towns: Mapping[str, list[str]]) -> Parts:
    """One or two of the levels that one may leave out: areas, road, unit."""
    may_go = [
        level
        for level in parts
        if level in (Level.DISTRICT, Level.TOWN, Level.UNIT)
        or (level in (Level.ROAD, Level.NUMBER) and Level.COMPOUND in parts and Level.BUILDING in parts)
    ]
    gone = set(random.sample(may_go, min(len(may_go), random.choice((1, 2)))))
    return {level: name for level, name in parts.items() if level not in gone}


def swapped_order(parts: Parts, random: Random, towns: Mapping[str, list[str]]) -> str:
    """The narrow before the wide, or two neighbours exchanged."""
    levels = sorted(parts)
    if random.random() < 0.5:
        below = [level for level in levels if level >= Level.COMPOUND]
        above = [level for level in levels if level < Level.COMPOUND]
        return "".join(parts[level] for level in (*below, *above))
    at = random.randrange(len(levels) - 1)
    levels[at], levels[at + 1] = levels[at + 1], levels[at]
    return "".join(parts[level] for level in levels)


def old_district(parts: Parts, random: Random, towns: Mapping[str, list[str]]) -> Parts:
    """The name that the district's land had before April 2021; where it kept its name, without the 区."""
    district = parts[Level.DISTRICT]
    return parts | {Level.DISTRICT: _FORMER.get(district, district[:-1])}


def extra_words(parts: Parts, random: Random, towns: Mapping[str, list[str]]) -> str:
    """What people say before and after."""
    return random.choice(_POLITE) + written(parts) + random.choice(_AFTER)


def no_separator(parts: Parts, random: Random, towns: Mapping[str, list[str]]) -> str:
    """Numbers with dashes or nothing between instead of 幢, 单元 and 室."""
    numbers = [parts[level].rstrip("幢单元室层") for level in sorted(parts) if level >= Level.BUILDING]
    names: Parts = {level: name for level, name in parts.items() if level < Level.BUILDING or level is Level.POI}
    if Level.POI in parts:
        return written(parts).replace("号", "")
    return written(names) + "-".join(numbers)


def wrong_district(parts: Parts, random: Random, towns: Mapping[str, list[str]]) -> Parts:
    """Another district of the city, and one of its towns."""
    district = random.choice([each for each in sorted(towns) if each != parts[Level.DISTRICT]])
    return parts | {Level.DISTRICT: district, Level.TOWN: random.choice(towns[district])}


def landmark(parts: Parts, random: Random, towns: Mapping[str, list[str]]) -> str:
    """Told by what one stands before: its name, without road and number, and where from it."""
    kept: Parts = {level: name for level, name in parts.items() if level not in (Level.UNIT, Level.FLOOR, Level.ROOM)}
    return written(kept) + random.choice(_LANDMARKS)


def digits(parts: Parts, random: Random, towns: Mapping[str, list[str]]) -> str:
    """All numbers in Chinese or in full-width digits."""
    text = written(parts)
    other = random.choice((_DIGITS, _FULL))
    return text.translate({ord(str(value)): character for value, character in enumerate(other)})


KINDS: dict[str, Damage] = {
    each.__name__: each
    for each in (
        typo,
        homophone,
        missing_level,
        swapped_order,
        old_district,
        extra_words,
        no_separator,
        wrong_district,
        landmark,
        digits,
    )
}
