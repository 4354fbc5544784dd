"""What was typed into the board's search: words, or a telephone number, which never stands in an address."""

import re

from anlan.loop.schemas import Line, Told

_PHONE = re.compile(r"(?:\+?86|0086)?(?:1[3-9]\d{9}|0\d{9,11})")


class Search(Told):
    """What was typed into the board's search."""

    q: Line = ""


def is_phone(text: str) -> bool:
    """A mobile number or a landline with its area code; anything shorter is taken for a matter's number."""
    return _PHONE.fullmatch(re.sub(r"[\s()（）-]", "", text)) is not None
