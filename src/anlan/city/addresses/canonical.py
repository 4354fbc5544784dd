"""One value for the many ways to write a part: 12幢, 12号楼 and 十二栋 are all building 12."""

import re
from typing import Final

from . import gazetteer
from .numbers import arabic, half_width
from .parts import Part

_NOISE: Final = re.compile(r"[\s_]+")
_BRACKETS: Final = str.maketrans("", "", "()（）[]【】《》<>\"'“”‘’·")
_NUMBER_UNITS: Final = {
    "houseno": re.compile(r"号?(?:楼|幢楼?|栋楼?|座|橦|憧|撞)$|\#楼?$|号厂房$|号仓库$|号馆$|排$|号$"),
    "cellno": re.compile(r"号?单元$|号门洞$|梯$|号$"),
    "floorno": re.compile(r"楼$|层$|F$"),
    "roomno": re.compile(r"号?(?:室|铺|房|商铺|店面)$|户$|号$"),
    "roadno": re.compile(r"号$"),
    "subroadno": re.compile(r"号$"),
}
_BELOW_GROUND: Final = re.compile("^(?:负|地下)")
_COUNTED: Final = re.compile("^[零〇一二两三四五六七八九十百]+(?=号|组|弄|队|期|区)")
_ZEROS: Final = re.compile(r"(?<![0-9])0+(?=[0-9])")
_AREAS: Final = frozenset(("prov", "city", "district", "town"))


def canonical(part: Part) -> str:
    """The value by which two parts of one label are compared, and under which the base keeps them; never raises.

    Areas get their full name where the gazetteer knows it (浙江: 浙江省); numbers lose their unit and become Arabic
    (三单元: "3", 负一楼: "-1", 9-1号: "9-1"; a lane keeps its 弄: "125弄"); names are half width, in capitals, without
    spaces and brackets. A room says nothing about its floor.
    """
    text = _NOISE.sub("", half_width(part.text)).upper()
    units = _NUMBER_UNITS.get(part.label)
    if units is not None:
        return _number(text, units, keep_zeros=part.label == "roomno")
    text = text.translate(_BRACKETS)
    if part.label in _AREAS:
        place = gazetteer.names().get(text)
        return place.full if place is not None and place.label == part.label else text
    return _COUNTED.sub(lambda found: arabic(found[0]), text)


def _number(text: str, units: re.Pattern[str], keep_zeros: bool) -> str:
    value = _BELOW_GROUND.sub("-", arabic(units.sub("", text)))
    return value if keep_zeros else _ZEROS.sub("", value)
