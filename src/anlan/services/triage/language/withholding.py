"""What leaves the house of somebody's words: never who or how to reach them, only what the matter is.

`foundation.masks` keeps the ends of a number for people who have to recognise it; here nobody has to, so the whole of
it goes, and what only looks like a number of somebody goes as well. The order matters: dates and times are put aside
first, since they are worth keeping and look like numbers.
"""

import re
import unicodedata
from collections.abc import Iterable

NAME, NUMBER, PLATE, ROOM, MAIL = "[姓名]", "[号码]", "[车牌]", "[门牌]", "[邮箱]"

_LONGEST = 4_000
"""Characters that leave at most; a letter says early what it is about."""
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    "史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄穆萧尹姚邵汪祁毛狄米贝明臧计成戴宋庞熊纪舒屈项祝董梁"
    "杜阮蓝闵季贾路娄江童颜郭梅盛林钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫房裘缪解应宗丁宣邓洪包左石崔吉龚程邢裴陆翁荀焦巴"
    "侯全班秋仲伊宫宁仇甘厉戎武符刘景詹束龙叶司黎薄印白怀邰从鄂索赖卓屠池乔闻党翟谭贡姬申冉郦桑桂牛边农温庄晏柴瞿阎习向古易"
    "廖耿匡文寇欧沃蔚隆师巩聂晁敖冷辛那简饶曾关查荆游权肖闫付涂"
)
_TITLE = (
    "先生|女士|小姐|老师|师傅|阿姨|大爷|大妈|大叔|大哥|大姐|奶奶|爷爷|经理|老板|主任|书记|队长|医生|院长|校长|局长|所长"
)
_DIGIT = r"[0-9〇零一二三四五六七八九幺]"
_BETWEEN = r"[\s\-‐-―._·•/\\()*+,，、:：]{0,3}"
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}(?:\s?[-/.月]\s?\d{1,2}\s?日?(?!\d)|\s?月)(?:\s?\d{1,2}:\d\d(?::\d\d)?(?!\d))?"
    r"|(?<![\d.])\d{1,2}:\d\d(?!\d)"
)
_HELD = re.compile("\ue000(\\d+)\ue001")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,64}(?:\.[A-Za-z0-9-]{1,64})+")
# The last character of an identity number may be an X, and documents of other kinds begin with letters.
_LONG_NUMBER = re.compile(rf"\+?[A-Za-z]{{0,2}}{_DIGIT}(?:{_BETWEEN}{_DIGIT}){{4,}}[Xx]?")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领]\s?[A-Za-z][\s·.\-]?[A-Za-z0-9挂学警港澳]{4,6}"
)
_ROOM = re.compile(
    r"[0-9A-Za-z〇零一二三四五六七八九十百甲乙丙丁]{1,6}\s?(?:[-－—#]\s?[0-9A-Za-z]{1,5}\s?)*"
    r"(?:号楼|号院|号(?!线|国道|省道)|幢|栋|座|单元|室|层|楼|弄|#)"
    r"|(?i:\b(?:room|flat|unit|apartment|apt\.?|no\.?|building|block|floor)\s*#?\s*[A-Za-z]?\d+[A-Za-z]?)"
    r"|(?<!\d)\d{1,4}\s?[-－—]\s?\d{1,4}(?:\s?[-－—]\s?\d{1,5})+"
)
_TOLD_NAME = re.compile(
    rf"(我叫|我是|名叫|叫做|本人|姓名|名字是|联系人|投诉人|举报人|申请人|当事人|户主|业主|邻居|房东|租客|房客|老板|经理|主任|书记|村民|居民|学生|司机)([:：是为\s]{{0,3}})"
    rf"[{_SURNAMES}][\u3400-\u9fff]{{1,2}}?(?=[\s,，。;；、:：!！?？()（）的在住家被把和与跟说打，]|$)"
)
_TITLED_NAME = re.compile(rf"[{_SURNAMES}][\u3400-\u9fff]{{0,2}}?(?={_TITLE})|[{_SURNAMES}](?:某某?|××?)")
_ENGLISH_NAME = re.compile(
    r"(?i:\b(my name is|i am called|this is|mr\.?|mrs\.?|ms\.?|miss|dr\.?))\s+"
    r"[A-Z][A-Za-z'’-]+(?:\s+[A-Z][A-Za-z'’-]+){0,2}"
)


def withheld(text: str, names: Iterable[str] = ()) -> str:
    """The text with names, numbers, plates, rooms and addresses of mail taken out; at most 4,000 characters of it.

    `names` are those known to belong to the matter. A name that nothing in the text marks as one, and that nobody
    knows, stays: so whoever sends it sees first what leaves. Never raises on any text; unsure, it takes out more.
    """
    # Wide and circled digits are digits, too; what can't be seen must not part them.
    text = "".join(_plain(each) for each in text[: 2 * _LONGEST])
    for name in sorted({each.strip() for each in names if len(each.strip()) > 1}, key=len, reverse=True):
        text = re.sub(re.escape("".join(map(_plain, name))), NAME, text, flags=re.IGNORECASE)
    dates: list[str] = []
    text = _MAIL.sub(MAIL, text)
    text = _PLATE.sub(PLATE, text)
    text = _DATE.sub(lambda found: _put_aside(found[0], dates), text)
    text = _LONG_NUMBER.sub(lambda found: found[0] if _is_amount(found) else NUMBER, text)
    text = _ROOM.sub(ROOM, text)
    text = _TOLD_NAME.sub(rf"\1\2{NAME}", text)
    text = _TITLED_NAME.sub(NAME, text)
    text = _ENGLISH_NAME.sub(rf"\1 {NAME}", text)
    return _HELD.sub(lambda found: dates[int(found[1])], text)[:_LONGEST]


def _plain(character: str) -> str:
    if character in _WIDE_MARKS:
        return character
    return "".join(
        each for each in unicodedata.normalize("NFKC", character) if unicodedata.category(each) not in _UNSEEN
    )


def _is_amount(found: re.Match[str]) -> bool:
    """A sum or an area: too short for a telephone and followed by its unit."""
    return bool(re.fullmatch(r"\d{5,6}", found[0]) and _UNIT.match(found.string, found.end()))


_UNIT = re.compile(r"\s?(?:\.\d{1,2}\s?)?(?:元|块钱|平方米|平米|yuan\b|RMB\b)")
_WIDE_MARKS = frozenset("，！？：；（）")
"""Marks of Chinese text that hide no number and are better left as they were written."""
_UNSEEN = {"Cf", "Co", "Cs"}
"""Categories of Unicode that are invisible, private or no character; private ones mark what is put aside."""


def _put_aside(date: str, dates: list[str]) -> str:
    dates.append(date)
    return f"\ue000{len(dates) - 1}\ue001"
