"""Finding topics in 4,326 and in 100,000 messages: seconds, memory and growth, beside average linkage of all pairs.

The many are drawn again from the few with a third of their words replaced by words of other messages: no city's real
growth, but as many messages with as many neighbours each. Each run is a process of its own, so that its memory is too.
"""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from anlan.foundation.environment import REPOSITORY
from anlan.insight.topics.grouping import groups, tighter
from anlan.insight.topics.reading import Message, read
from anlan.insight.topics.similarity import likeness, what_besides_where
from bench.measuring.ground import Ground
from bench.measuring.result import Goal, Result

FILE = REPOSITORY.parent / "shared" / "data" / "messages" / "messages_4326.csv.gz"
FEW, SOME, MANY = 4_326, 10_000, 100_000
SMALL = (200, 300, 600)
THRESHOLD, OF_SMALL, SMALL_TOPIC = 0.09, 0.12, 25
"""As the rules for files are declared (`insight/topics/rules.toml`)."""
REPLACED = 1 / 3
WORD = 2
SEED = 7


@dataclass(frozen=True)
class Run:
    """Seconds on the clock and of this process alone, the most memory it held, and the groups of two or more."""

    seconds: float
    cpu_seconds: float
    memory_mb: float
    groups: int


def run(ground: Ground, *, small: bool) -> Result:
    few, some, many = SMALL if small else (FEW, SOME, MANY)
    found = {count: _measured(ours, count) for count in (few, some, many)}
    dense = _measured(all_pairs, few)
    growth = (found[many].cpu_seconds / many) / (found[some].cpu_seconds / some)
    return Result(
        value=few / found[few].seconds,
        unit="messages/s",
        limit=few / dense.seconds,
        limit_name="average linkage over a matrix of all pairs, same machine and messages",
        more={
            "messages": few,
            "seconds": found[few].seconds,
            "memory_mb": found[few].memory_mb,
            "groups": found[few].groups,
            "all_pairs_seconds": dense.seconds,
            "all_pairs_memory_mb": dense.memory_mb,
            "many": many,
            "many_seconds": found[many].seconds,
            "many_cpu_seconds": found[many].cpu_seconds,
            "many_memory_mb": found[many].memory_mb,
            "many_groups": found[many].groups,
            "growth": growth,
        },
        goals=(
            Goal("seconds", found[few].seconds, "at most", 10),
            Goal("memory_mb", found[few].memory_mb, "at most", 500),
            Goal("many_seconds", found[many].seconds, "at most", 300),
            Goal("many_memory_mb", found[many].memory_mb, "at most", 2_000),
        ),
        notes=(
            f"the messages are {'those of ' + FILE.name if FILE.exists() else 'made up'}; the many are drawn from them "
            "again with a third of the words replaced",
            f"growth is what one message of {many:,} costs in CPU against one of {some:,}: 1 is linear",
        ),
    )


def ours(messages: list[Message]) -> list[int]:
    said = [each.title for each in messages], [each.text for each in messages], [each.at for each in messages]
    rows = likeness(*said)
    loosely = groups(rows, THRESHOLD)
    grouped: list[int] = tighter(what_besides_where(rows, *said), loosely, OF_SMALL, below=SMALL_TOPIC).tolist()
    return grouped


def all_pairs(messages: list[Message]) -> list[int]:
    """The textbook's way: TF-IDF of characters, every pair compared, average linkage."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform
    from sklearn.feature_extraction.text import TfidfVectorizer

    said = [f"{each.title} {each.text}" for each in messages]
    rows = TfidfVectorizer(analyzer="char", ngram_range=(2, 3), min_df=2, sublinear_tf=True).fit_transform(said)
    apart = 1 - (rows @ rows.T).toarray()
    apart[range(len(said)), range(len(said))] = 0
    joined: list[int] = fcluster(linkage(squareform(apart, checks=False), "average"), 0.85, "distance").tolist()
    return joined


def _measured(find: Callable[[list[Message]], list[int]], count: int) -> Run:
    with multiprocessing.get_context("spawn").Pool(1) as alone:
        return alone.apply(_one_run, (find, count))


def _one_run(find: Callable[[list[Message]], list[int]], count: int) -> Run:
    messages = drawn(given(), count)
    begun, cpu_begun = time.perf_counter(), time.process_time()
    grouped = find(messages)
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu_begun
    together = sum(members > 1 for members in Counter(grouped).values())
    return Run(seconds, cpu_seconds, _most_memory_mb(), together)


def _most_memory_mb() -> float:
    """Of this process alone: what `getrusage` tells is handed on from the parent."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in told.splitlines() if line.startswith("VmHWM:"))) / 1024


def given(file: Path = FILE) -> list[Message]:
    """The real messages where they are at hand, else made-up ones."""
    if file.exists():
        return read(file).messages
    chance = random.Random(SEED)
    places = [f"第{number}小区" for number in range(40)]
    troubles = ["路灯不亮", "夜间施工噪音扰民", "下水道堵塞", "垃圾没有人清运", "车位捆绑销售", "电梯经常故障"]
    return [
        Message(
            id=str(number),
            title=f"{chance.choice(places)}{chance.choice(troubles)}",
            text=f"{chance.choice(places)}的居民反映{chance.choice(troubles)}，请{chance.choice(places)}尽快处理。",
            at=datetime(2026, 1, 1) + timedelta(hours=number % 8_760),
        )
        for number in range(FEW)
    ]


def drawn(messages: list[Message], count: int) -> list[Message]:
    """As many of them; where there are not enough, drawn again with words replaced."""
    chance = random.Random(SEED)
    more = [_changed(chance.choice(messages), chance, messages, n) for n in range(count - len(messages))]
    return messages[:count] + more


def _changed(message: Message, chance: random.Random, others: list[Message], number: int) -> Message:
    return replace(
        message,
        id=f"{message.id}-{number}",
        title=_replaced(message.title, chance, chance.choice(others).title),
        text=_replaced(message.text, chance, chance.choice(others).text),
    )


def _replaced(text: str, chance: random.Random, other: str) -> str:
    """The text with a third of its words taken out of another one."""
    words = [text[start : start + WORD] for start in range(0, len(text), WORD)]
    for place in range(len(words)):
        if chance.random() < REPLACED and len(other) > WORD:
            start = chance.randrange(len(other) - WORD)
            words[place] = other[start : start + WORD]
    return "".join(words)
