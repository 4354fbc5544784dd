"""What comes in during a rehearsal: real messages at their own times, or a generated city at its daily rates."""

import csv
import gzip
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TextIO

from anlan.city.areas.models import Area
from anlan.loop.clock import LOCAL
from anlan.loop.models import Channel

CHANNEL_SHARES = {
    Channel.POLICE: 30,
    Channel.HOTLINE: 28,
    Channel.WEB: 24,
    Channel.CODE: 10,
    Channel.WINDOW: 5,
    Channel.PATROL: 3,
}
"""By which channel a message is said to have come, in percent: an assumption, since the file does not tell."""

TIME_FORMATS = ("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%S")
COLUMNS = {"id": "留言编号", "title": "留言主题", "text": "留言详情", "at": "留言时间"}


class BadMessages(ValueError):
    """The file of messages can't be used; the message says why."""


@dataclass(frozen=True)
class Arrival:
    """Something said, at a moment, in a grid; with an address as it was told, or none."""

    at: datetime
    title: str
    text: str
    channel: str
    area: str
    source_id: str = ""
    address: str = ""


def read_messages(path: Path) -> list[tuple[datetime, str, str, str]]:
    """Moment, title, text and number of each message of a CSV file (`.gz` or plain). Raises BadMessages."""
    try:
        with _opened(path) as lines:
            rows = csv.DictReader(lines)
            missing = set(COLUMNS.values()) - set(rows.fieldnames or ())
            if missing:
                raise BadMessages(f"{path}: no column {'、'.join(sorted(missing))}")
            return sorted(_message(path, number, row) for number, row in enumerate(rows, start=2))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadMessages(f"{path}: {error}") from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _message(path: Path, number: int, row: dict[str, str]) -> tuple[datetime, str, str, str]:
    for form in TIME_FORMATS:
        try:
            at = datetime.strptime(row[COLUMNS["at"]].strip(), form).replace(tzinfo=LOCAL)
        except ValueError:
            continue
        return at, row[COLUMNS["title"]].strip(), row[COLUMNS["text"]].strip(), row[COLUMNS["id"]].strip()
    raise BadMessages(f"{path}, line {number}: {COLUMNS['at']}: not a time: {row[COLUMNS['at']]!r}")


def place(messages: Sequence[tuple[datetime, str, str, str]], *, last_before: datetime, seed: int) -> list[Arrival]:
    """Put messages of an anonymised city into the reference city.

    Grid (by households) and channel are drawn by seed. All times move by the same number of whole weeks, so that
    the last message lies before `last_before` and today's rules apply; weekday and hour stay as they were.
    """
    if not messages:
        return []
    weeks = (last_before - messages[-1][0]) // timedelta(weeks=1)
    random = Random(seed)
    grids = draw_grids(random)
    channels = random.choices(list(CHANNEL_SHARES), list(CHANNEL_SHARES.values()), k=len(messages))
    return [
        Arrival(at + timedelta(weeks=weeks), title, text, channel.value, next(grids), source_id)
        for (at, title, text, source_id), channel in zip(messages, channels, strict=True)
    ]


def draw_grids(random: Random) -> Iterator[str]:
    """Codes of grids, drawn by their households, without end."""
    codes, households = zip(
        *Area.objects.filter(level=Area.Level.GRID).order_by("code").values_list("code", "households"), strict=True
    )
    weights = list(itertools.accumulate(households))
    while True:
        yield from random.choices(codes, cum_weights=weights, k=1_000)


DAILY_RATES = {
    # "日均 1400 余起" non-police hand-overs, and 20.3 万 disputes a year (field rules, K02 and K05).
    Channel.POLICE: 1_400,
    Channel.WINDOW: 555,
    # No verified figure: an assumption, to load the hotline and the public doors as well.
    Channel.HOTLINE: 800,
    Channel.WEB: 300,
    Channel.CODE: 200,
}
# What an hour of the day gets, of all that comes in a day: quiet nights, busy forenoons. An assumption.
HOURLY = (1, 1, 1, 1, 1, 1, 2, 4, 6, 7, 7, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 5, 4, 2)
SAYINGS: dict[str, Sequence[tuple[str, str]]] = {
    Channel.POLICE: (
        ("楼上装修噪音", "早上七点就开始打孔，说了也不听，请社区去看看。"),
        ("小区门口车辆堵塞", "消防通道旁边停满了车，出不去。"),
        ("邻居因晾晒争吵", "两家为走廊晾衣服吵起来，没有动手，想请人调解。"),
        ("老人迷路", "一位老太太找不到家，在公交站坐着。"),
        ("夜市油烟扰民", "楼下烧烤店油烟很大，投诉过几次。"),
        ("拾到钱包", "在路边捡到一个钱包，想交给失主。"),
        ("租客拖欠房租", "房客三个月没交租金，门口争吵。"),
    ),
    Channel.WINDOW: (
        ("物业费纠纷", "物业要涨价，业主不同意，要求调解。"),
        ("拖欠工资", "工地干了两个月，老板一直没有发工资。"),
        ("健身房预付卡退费", "健身房关门了，年卡的钱退不回来。"),
        ("邻里漏水纠纷", "楼上卫生间漏水，把我家天花板泡坏了，协商不成。"),
        ("交通事故赔偿", "电动车相撞，赔偿谈不拢。"),
    ),
    Channel.HOTLINE: (
        ("咨询居住证办理", "请问居住证在哪里办理，需要什么材料？"),
        ("路灯不亮", "小区外面三盏路灯连续几天不亮，晚上很黑。"),
        ("井盖松动", "雨水井盖松动，车一过就响。"),
        ("垃圾未清运", "垃圾桶三天没有清运，味道很大。"),
        ("停水咨询", "请问今天为什么停水，什么时候恢复？"),
    ),
    Channel.WEB: (
        ("共享单车乱停放", "地铁口共享单车占满了人行道。"),
        ("建议增设公交站", "建议在小区北门增设一个公交站点。"),
        ("绿化带缺失", "绿化带被踩坏，希望补种。"),
        ("工地夜间施工", "工地半夜还在施工，噪音扰民。"),
    ),
    Channel.CODE: (
        ("电梯故障", "二单元电梯经常卡住，请派人检修。"),
        ("流浪犬", "小区里有流浪犬，小朋友害怕。"),
        ("占道经营", "摊贩占道经营，人行道走不了。"),
    ),
}


def generate(*, start: datetime, days: int, seed: int, scale: float = 1.0) -> list[Arrival]:
    """A city's days at its daily rates (times `scale`): Poisson arrivals with a daily rhythm, by seed."""
    random = Random(seed)
    grids = draw_grids(random)
    arrivals = []
    for day, (channel, rate) in itertools.product(range(days), DAILY_RATES.items()):
        for hour, weight in enumerate(HOURLY):
            begin = start + timedelta(days=day, hours=hour)
            for second in _poisson_seconds(random, rate * scale * weight / sum(HOURLY)):
                title, text = random.choice(SAYINGS[channel])
                arrivals.append(Arrival(begin + timedelta(seconds=second), title, text, channel.value, next(grids)))
    return sorted(arrivals, key=lambda arrival: (arrival.at, arrival.area, arrival.title))


def _poisson_seconds(random: Random, an_hour: float) -> Iterable[float]:
    """The moments, in seconds, of a Poisson process within one hour."""
    second = random.expovariate(an_hour / 3_600) if an_hour > 0 else 3_600.0
    while second < 3_600:
        yield second
        second += random.expovariate(an_hour / 3_600)
