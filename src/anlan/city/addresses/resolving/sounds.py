"""How a name sounds: syllables without tones, one reading a character, and what is often confused made equal.

Who calls says 文新 and is written down as 文欣; who types by sound picks the wrong line of the list. A character's most
usual reading is taken whatever stands beside it, so that the same character always sounds the same.
"""

import functools
import re

from pypinyin import Style, lazy_pinyin

# n/l and the flat and curled initials are not told apart in much of the south, nor are front and back nasal finals.
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("l", "n"))
_BACK_NASAL = re.compile("(?<=[aei])ng$")


@functools.lru_cache(maxsize=16_384)
def syllable(character: str) -> str:
    """`wen` for 文; the character itself where it has no reading."""
    return lazy_pinyin(character, style=Style.NORMAL, errors="default")[0]


@functools.lru_cache(maxsize=16_384)
def folded(character: str) -> str:
    """The syllable with what is often confused made equal: `nin` for 林 and 宁 alike."""
    said = syllable(character)
    for confused, plain in _INITIALS:
        if said.startswith(confused):
            said = plain + said[len(confused) :]
            break
    return _BACK_NASAL.sub("n", said)


def sound(name: str) -> str:
    """The syllables of a name, parted by spaces: `wen yi xi lu`."""
    return " ".join(map(syllable, name))


def rough_sound(name: str) -> str:
    """The same, of what is often confused only one form."""
    return " ".join(map(folded, name))


def initials(name: str) -> str:
    """`wyxl` for 文一西路: what people type who want it quickly."""
    return "".join(syllable(character)[0] for character in name)


def spelled(name: str) -> str:
    """`wenyixilu`, as one types it out."""
    return "".join(map(syllable, name))
