"""A plain title for a topic, and the place it is about, out of its members' own titles.

The title is the member's that says most of what the others say too, without the words of a letter around it and
without what tells a home or a person.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from anlan.foundation.masks import mask_text

LONGEST = 40
READ_FROM = 200
"""Titles that are read of a very large group; more of them say nothing new."""
UNTITLED = "未命名话题"

_OPENING = re.compile(
    r"^(?:(?:再次|多次|强烈|坚决|恳请|请求|请问|咨询|投诉|举报|反映|反馈|反应|关于|建议|希望|反对|呼吁|求助|有关|询问)[:：,，]?)+"
)
_CLOSING = re.compile(
    r"(?:的?(?:维权)?(?:投诉|举报|咨询|建议|求助|疑问|相关问题|一些问题|问题)|求解决|请解决|怎么办|合法吗|合理吗|[\W_])+$"
)
_HOME = re.compile(r"[0-9A-Za-z一二三四五六七八九十]+(?:号楼|栋|幢|单元|号房|室|门牌)")
_NAME_END = (
    "小区|新城|花园|社区|广场|公寓|公馆|家园|大道|学校|小学|中学|大学|学院|医院|公司|集团|街道"
    "|[苑园城府湾郡村镇路街巷桥]"
)
_NAME = re.compile(rf"\w{{2,8}}(?:{_NAME_END})$")
_LONGEST_NAME = 10
_COMMON = re.compile(
    rf"^(?:[个本该某的在我]|附近|居民|业主|职工|住宅|我们|新建|商业)*(?:小|{_NAME_END})?(?:{_NAME_END})$"
)
_SPOKEN_IN_HALF = 0.5


def title(members: Sequence[str]) -> str:
    """The title for a group whose members have these titles; never empty."""
    plain = [each for each in map(_plain, members[:READ_FROM]) if each]
    if not plain:
        return UNTITLED
    said = Counter(run for each in plain for run in _runs(each))
    # Divided by the root of its length: what is long says more, but not for being long.
    return max(plain, key=lambda each: (sum(said[run] - 1 for run in _runs(each)) / len(each) ** 0.5, each))


def place(members: Sequence[str]) -> str:
    """The name of the place that at least half of these titles share, the longest that most of them do; or nothing."""
    read = members[:READ_FROM]
    named = Counter(name for each in read for name in set(_names(_OPENING.sub("", each))))
    shared = {name: count for name, count in named.items() if count >= max(_SPOKEN_IN_HALF * len(read), 1)}
    return mask_text(max(shared, key=lambda name: (shared[name] * len(name) ** 0.5, name))) if shared else ""


def _plain(title: str) -> str:
    cleaned = _CLOSING.sub("", _OPENING.sub("", title.strip())) or title.strip()
    return _HOME.sub("", mask_text(cleaned))[:LONGEST].strip()


def _runs(title: str) -> set[str]:
    return {title[start : start + length] for length in (2, 3, 4) for start in range(len(title) - length + 1)}


def _names(title: str) -> Iterable[str]:
    """Whatever may be the name of a place in it, with more or less of what stands before."""
    ends = range(3, len(title) + 1)
    pieces = (title[start:end] for end in ends for start in range(max(end - _LONGEST_NAME, 0), end - 2))
    return (piece for piece in pieces if _NAME.match(piece) and not _COMMON.match(piece))
