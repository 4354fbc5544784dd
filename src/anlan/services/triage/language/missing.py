"""What a report does not say and somebody will have to ask: where, when, since when, who is hurt, how to ask back.

Rules, each with its reason. They look for words that would answer the question; where a report says nothing of the
kind, the question is worth asking. An answer is never demanded.
"""

import re

from anlan.loop.language_help import Known, Missing
from anlan.loop.suggestions import Klass
from anlan.services.triage.matching import normalise

WHERE = Missing(
    "where",
    "具体在什么地方？路名、小区、楼号或附近的标志都可以。",
    "Where exactly? A road, an estate, a building or a landmark nearby.",
    "没有说到地点",
    "no place is named",
)
WHEN = Missing(
    "when",
    "是什么时候发生的？",
    "When did it happen?",
    "说的是一件事，没有说时间",
    "it tells of an event and names no time",
)
SINCE = Missing(
    "since",
    "从什么时候开始的？大约多久一次？",
    "Since when, and how often?",
    "像是一直存在的情况，没有说多久了",
    "it seems to last, and does not say how long",
)
HURT = Missing(
    "hurt",
    "有人受伤吗？有几位，现在怎样？",
    "Is anybody hurt? How many, and how are they now?",
    "可能有危险，没有说是否有人受伤",
    "there may be danger, and it does not say whether anybody is hurt",
)
CONTACT = Missing(
    "contact",
    "愿意留一个联系电话吗？",
    "May we have a number to call back?",
    "没有留下联系方式",
    "there is no way to ask back",
)

_MOST_READ = 10_000
_PLACE = re.compile(
    r"路|街|大道|巷|弄|胡同|小区|社区|花园|公寓|广场|公园|大厦|学校|小学|中学|幼儿园|医院|车站|地铁|路口|桥|河|"
    r"村|镇|市场|商场|超市|号楼|单元|门口|工地|楼下"
    r"|\b(?:street|road|avenue|lane|square|park|school|hospital|station|bridge|building|market|corner|near|"
    r"opposite|outside)\b"
)
_TIME = re.compile(
    r"\d{1,2} ?[点时]|\d{1,2}:\d\d|今[天日早晚晨]|昨[天日晚夜]|前天|早上|早晨|上午|中午|下午|傍晚|晚上|半夜|"
    r"凌晨|深夜|夜里|刚[才刚]|现在|正在|此刻|目前"
    r"|\d{1,2}月\d{1,2}|\d{4}[年./-]|周[一二三四五六日末]|星期|节假日"
    r"|\b(?:today|yesterday|tonight|this morning|last night|now|at \d|monday|tuesday|wednesday|thursday|friday|"
    r"saturday|sunday|night|morning|evening)\b"
)
_LASTING = re.compile(
    r"以来|开始|起就|已经|已有|长期|一直|持续|连续|经常|每[天日晚周月年]|天天|多[年月天次]|近期|最近|(?:\d+|"
    r"[一二两三四五六七八九十几半]+) ?(?:个多?)?(?:天|周|星期|月|年|小时)"
    r"|\b(?:since|for (?:\d+|a|several|many|years|weeks|months)|every (?:day|night|week)|weeks|months|years|"
    r"always|often|recently)\b"
)
_EVENT = re.compile(
    r"发生|撞|摔|跌|打架|打人|被打|被偷|被盗|被抢|抢劫|爆炸|起火|着火|火灾|倒塌|坍塌|泄漏|掉下|砸|溺水|触电"
    r"|\b(?:happened|hit|crash(?:ed)?|fell|stole[n]?|robbed|fight|explosion|fire|collapsed|leak(?:ed)?)\b"
)
_DANGER = re.compile(
    r"撞[人到车倒]|车祸|摔[伤倒下]|打架|打人|被打|砸[到伤]|爆炸|起火|着火|火灾|倒塌|坍塌|触电|溺水|坠落"
    r"|\b(?:crash(?:ed)?|fell|fight|explosion|fire|collapsed|electrocuted|drown\w*)\b"
)
_HURT = re.compile(
    r"伤|死|流血|骨折|昏迷|送医|住院|救护|没事|平安|无人员|无人|没有人|\b(?:hurt|injur\w+|bleeding|dead|died|"
    r"ambulance|nobody|no one|unharmed|safe)\b"
)
_NUMBER = re.compile(r"1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}[ -]?\d{7,8}|电话|联系我|@")


def missing(known: Known) -> tuple[Missing, ...]:
    """What to ask for, the most pressing first. Who only asks a question is asked nothing. Never raises on any text."""
    if known.klass is Klass.INQUIRY:
        return ()
    said = normalise(known.text[:_MOST_READ])
    dangerous = bool(known.triggers or _DANGER.search(said))
    timed = bool(_TIME.search(said) or _LASTING.search(said))
    happened = dangerous or bool(_EVENT.search(said))
    asked = {
        HURT: dangerous and not _HURT.search(said),
        WHERE: not known.placed and not _PLACE.search(said),
        WHEN: happened and not timed,
        SINCE: not happened and not timed,
        CONTACT: not known.reachable and not _NUMBER.search(said),
    }
    return tuple(fact for fact, wanted in asked.items() if wanted)
