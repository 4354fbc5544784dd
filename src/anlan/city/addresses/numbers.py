"""The characters of numbers: full width made half, Chinese digits made Arabic, nothing moved."""

import re
from typing import Final

_FULL_WIDTH: Final = {code + 0xFEE0: chr(code) for code in range(0x21, 0x7F)}
_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−－﹣ｰ"), "-")
_CIRCLED: Final = {0x2460 + value: str(value + 1) for value in range(9)}
_SINGLE: Final = {**_FULL_WIDTH, **_DASHES, **_CIRCLED, 0x3000: " ", ord("〇"): "零"}

_DIGITS: Final = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNITS: Final = {"十": 10, "百": 100, "千": 1000}
_CAPITALS: Final = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_CHINESE: Final = re.compile("[零〇一二两三四五六七八九十百千]+")


def half_width(text: str) -> str:
    """The same text, one character for one, with full-width letters, digits and dashes as on a keyboard."""
    return text.translate(_SINGLE)


def arabic(text: str) -> str:
    """The text with every Chinese numeral in Arabic digits: "十二幢" is "12幢", "二〇三室" (digit by digit) "203室"."""
    return _CHINESE.sub(_arabic_numeral, text.translate(_CAPITALS))


def _arabic_numeral(found: re.Match[str]) -> str:
    numeral = found[0]
    if not _UNITS.keys() & set(numeral):
        return "".join(str(_DIGITS[char]) for char in numeral)
    total, digit = 0, 0
    for char in numeral:
        unit = _UNITS.get(char)
        if unit is None:
            digit = _DIGITS[char]
        else:
            total += (digit or 1) * unit
            digit = 0
    return str(total + digit)
