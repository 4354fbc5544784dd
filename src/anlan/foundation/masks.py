"""Masks for personal data on screen and in exports (PIPL art. 25, 51: no more is shown than is needed).

Every function is pure and takes any text without raising. A mask that is unsure hides more, not less.
"""

import re
from collections.abc import Callable

# Surnames of two characters in use today; any other Chinese name has a surname of one.
_COMPOUND_SURNAMES = (
    "欧阳 上官 司马 司徒 司空 诸葛 东方 皇甫 尉迟 公孙 令狐 慕容 宇文 长孙 夏侯 端木 南宫 独孤 "
    "轩辕 钟离 闻人 澹台 申屠 淳于 单于 太史 公冶 呼延 百里 东郭 西门 赫连 拓跋 万俟 鲜于 闾丘"
)
# Full-width digits come out of Chinese input methods.
_HALF_WIDTH = str.maketrans("０１２３４５６７８９＋－＠Ｘ", "0123456789+-@X")
_HAN = r"[\u3400-\u9fff\U00020000-\U000323af]"


def mask_name(name: str) -> str:
    """Return 王** for 王建国, 欧阳* for 欧阳修, J*** S**** for John Smith, 阿***·买** for 阿卜杜拉·买买提."""
    # The split keeps the separators at odd places.
    parts = re.split(r"(\s+|[·•・])", name.strip())
    return "".join(part if place % 2 else _mask_one_name(part) for place, part in enumerate(parts))


def _mask_one_name(name: str) -> str:
    if len(name) < 2:
        return "*" * len(name)
    shown = 2 if len(name) > 2 and name[:2] in _COMPOUND_SURNAMES else 1
    return name[:shown] + "*" * (len(name) - shown)


def mask_phone(phone: str) -> str:
    """Return 138****5678 for a mobile number, 0571-****1234 for a landline; +86 and spaces are dropped."""
    bare = re.sub(r"[^\w+]|_", "", phone.translate(_HALF_WIDTH))
    # Abroad the 0 of an area code is left out.
    bare = re.sub(r"^(\+86|0086)(?=10|[2-9])", "0", bare)
    bare = re.sub(r"^(\+86|0086|86(?=1\d{10}$))", "", bare)
    if re.fullmatch(r"1\d{10}", bare):
        return f"{bare[:3]}****{bare[7:]}"
    landline = re.fullmatch(r"(010|02\d|0[3-9]\d{2})?(\d{3,4})(\d{4})", bare)
    if landline:
        area, hidden, shown = landline.groups()
        return (f"{area}-" if area else "") + "*" * len(hidden) + shown
    return _keep(bare or phone, 0, min(4, len(bare) // 3))


def mask_id_number(number: str) -> str:
    """Return 330106********123X for a resident identity number; of another document only the ends remain."""
    bare = re.sub(r"[\s-]", "", number.translate(_HALF_WIDTH))
    if re.fullmatch(r"\d{17}[\dXx]|\d{15}", bare):
        return _keep(bare, 6, 4 if len(bare) == 18 else 3)
    return _keep(bare, 1, 2) if len(bare) > 5 else "*" * len(bare)


def _keep(text: str, first: int, last: int) -> str:
    return text[:first] + "*" * (len(text) - first - last) + text[len(text) - last :]


_NUMERAL = r"[0-9A-Za-z〇零一二三四五六七八九十百甲乙丙丁]"
# 2号大街 and 320国道 are the names of roads: their number says nothing about a home.
_ROAD = r"\s*(?:大街|大道|支路|路|街|国道|省道|县道|乡道)"
_HOME = re.compile(
    rf"{_NUMERAL}{{1,6}}\s*(?:号楼|号院|号(?!{_ROAD})|幢|栋|座|单元|室|层|楼|弄|组|户|房|排|门|#)"
    rf"|(?<![0-9])[0-9]++(?!号?{_ROAD})"
)
_PLACE = re.compile(r"省|市|(?<!小)区|县|街道|镇|乡|社区|村|大街|大道|街|路|巷|弄堂|国道|省道|县道|乡道")


def mask_address(address: str) -> str:
    """Return the address down to its community or road: 西湖区文三路**** for 西湖区文三路123号2幢501室.

    The name of a housing estate, the number, building and room are hidden. An address that names neither
    area nor road is hidden whole; in one without Chinese characters, every word with a digit is hidden.
    """
    text = address.strip().translate(_HALF_WIDTH)
    if not re.search(_HAN, text):
        return re.sub(r"\S+", lambda word: "*" * len(word[0]) if re.search(r"\d", word[0]) else word[0], text)
    home = _HOME.search(text)
    ends = [place.end() for place in _PLACE.finditer(text, 0, home.start() if home else len(text))]
    shown = text[: ends[-1]] if ends else ""
    return shown if shown == text else f"{shown}****"


_GAP = r"[ \-\u00a0\u2010-\u2015]?"
_EMAIL = re.compile(r"([A-Za-z0-9._%+-]{1,64})(@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_ID_NUMBER = re.compile(rf"(?<!\d)\d{{6}}{_GAP}\d{{8}}{_GAP}\d{{3}}[\dXx](?!\d)")
_CARD = re.compile(rf"(?<!\d)(?:\d{{13,19}}|\d{{4}}(?:{_GAP}\d{{4}}){{2,3}}(?:{_GAP}\d{{1,3}})?)(?!\d)")
_PHONE = re.compile(
    rf"(?<!\d)(?:(?:\+|00)?86{_GAP})?1[3-9]\d(?:{_GAP}\d){{8}}(?!\d)"
    rf"|(?:\+86{_GAP}0?|(?<!\d)[(（]?0)\d{{2,3}}[)）]?{_GAP}\d{{3,4}}{_GAP}\d{{4}}(?!\d)"
)


def mask_text(text: str) -> str:
    """Mask e-mail addresses, identity numbers, bank cards and telephone numbers inside free text.

    An identity number must pass its check character (GB 11643) and a card number the Luhn check, so that
    case numbers and amounts stay readable. Names and addresses are not looked for. Full-width digits come
    back half-width.
    """
    text = text.translate(_HALF_WIDTH)
    text = _EMAIL.sub(lambda found: f"{found[1][0]}***{found[2]}", text)
    text = _ID_NUMBER.sub(lambda found: _mask_if(found[0], _is_id_number, mask_id_number), text)
    text = _CARD.sub(lambda found: _mask_if(found[0], _passes_luhn, lambda card: _keep(card, 0, 4)), text)
    return _PHONE.sub(lambda found: mask_phone(found[0]), text)


def _mask_if(found: str, is_one: Callable[[str], bool], mask: Callable[[str], str]) -> str:
    bare = "".join(mark for mark in found if mark.isalnum()).upper()
    return mask(bare) if is_one(bare) else found


def _is_id_number(number: str) -> bool:
    """The check character of GB 11643 (ISO 7064 MOD 11-2)."""
    weighted = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return "10X98765432"[weighted % 11] == number[17]


def _passes_luhn(number: str) -> bool:
    doubled = [sum(divmod(int(digit) * 2, 10)) for digit in number[-2::-2]]
    return (sum(doubled) + sum(int(digit) for digit in number[::-2])) % 10 == 0
