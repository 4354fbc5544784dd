"""The same issue in one topic: reading, grouping, titles, heat, and the real messages where they are at hand."""

import csv
import gzip
import json
from collections import Counter
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from anlan.foundation.environment import REPOSITORY
from anlan.foundation.rules import declared
from anlan.insight.topics import titles
from anlan.insight.topics.finding import Topic, find_topics
from anlan.insight.topics.grouping import groups
from anlan.insight.topics.heat import HeatRule, heat, heat_rule
from anlan.insight.topics.reading import BadFile, Message, read
from anlan.insight.topics.similarity import likeness, names_a_place
from anlan.loop import clock

DATA = REPOSITORY.parent / "shared" / "data" / "messages"
HEADER = "留言编号,留言用户,留言主题,留言时间,留言详情,反对数,点赞数"
NOON = datetime(2026, 3, 1, 12)
RULE = HeatRule(votes=2, days=2, half_life=30)

PLANT = ["城北搅拌站噪音扰民", "搅拌站夜里噪音扰民", "请管一管搅拌站的噪音", "搅拌站粉尘噪音不断"]
LAMPS = ["路灯坏了没人修", "天黑路灯坏了", "路灯坏了半个月"]
OTHERS = ["公积金怎么提取", "户口迁入要什么材料", "学区划分何时公布", "医保卡补办流程", "驾照换证排队太久"]


def message(number: int, title: str, *, writer: str = "", days: int = 0, votes: int = 0) -> Message:
    return Message(str(number), title, title, NOON - timedelta(days=days), writer or f"w{number}", votes_for=votes)


def found(messages: list[Message]) -> list[Topic]:
    return find_topics(messages, now=NOON, rules=declared(), on=clock.today())


def written(folder: Path, *rows: str, header: str = HEADER) -> Path:
    file = folder / "messages.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def all_pairs(alike: np.ndarray, threshold: float) -> set[frozenset[int]]:
    """Average linkage as the textbook has it: join the two likest groups, again and again."""
    parts = [frozenset([row]) for row in range(len(alike))]
    while len(parts) > 1:
        likest, one, other = max(
            (float(np.mean([alike[a, b] for a in one for b in other])), one, other)
            for one, other in combinations(parts, 2)
        )
        if likest < threshold:
            break
        parts = [part for part in parts if part not in (one, other)] + [one | other]
    return set(parts)


def test_messages_about_the_same_issue_are_one_topic_and_the_others_none() -> None:
    topics = found([message(number, title) for number, title in enumerate([*PLANT, *LAMPS, *OTHERS])])
    assert sorted(sorted(map(int, topic.members)) for topic in topics) == [[0, 1, 2, 3], [4, 5, 6]]


def test_the_groups_are_those_of_average_linkage_over_all_pairs() -> None:
    said = [*PLANT, *LAMPS, *OTHERS]
    rows = likeness(said, said, [NOON] * len(said))
    # The signs of place and time are in `added`; the pairs are compared one by one here.
    numbers = np.arange(len(said))
    alike = (rows.runs @ rows.runs.T).toarray() + np.array([rows.added(row, numbers) for row in range(len(said))])
    for threshold in (0.05, 0.15, 0.3):
        grouped = groups(rows, threshold).tolist()
        parts = {frozenset(row for row in numbers.tolist() if grouped[row] == head) for head in grouped}
        assert parts == all_pairs(alike, threshold)


def test_the_same_words_said_many_times_are_one_group_however_many_they_are() -> None:
    said = ["东湖小区电梯停运"] * 40 + OTHERS
    grouped = groups(likeness(said, said, [NOON] * len(said)), 0.5).tolist()
    assert Counter(grouped)[0] == 40


def test_two_places_with_the_same_trouble_are_less_alike_than_one_place() -> None:
    said = ["东湖小区电梯停运", "西山小区电梯停运", "东湖小区电梯又停", "西山小区电梯又停", *OTHERS]
    rows = likeness(said, said, [NOON] * len(said))
    alike = (rows.runs @ rows.runs.T).toarray()[0] + rows.added(0, np.arange(len(said)))
    assert alike[2] > alike[1]
    assert names_a_place(said[0])
    assert not names_a_place("公积金怎么提取")


def test_what_comes_at_the_same_time_is_a_little_more_alike() -> None:
    said = ["路灯坏了"] * 3
    rows = likeness(said, said, [NOON, NOON - timedelta(days=3), NOON - timedelta(days=600)])
    near, far = rows.added(0, np.array([1, 2]))
    assert near > far


def test_no_messages_and_messages_without_words_make_no_topics() -> None:
    assert found([]) == []
    assert found([message(1, "？"), message(2, "!"), message(3, "。")]) == []


def test_a_topic_counts_people_not_messages_and_spans_from_first_to_last() -> None:
    writers = ["a", "a", "b", "c"]
    messages = [
        message(number, title, writer=writers[number], days=number, votes=number) for number, title in enumerate(PLANT)
    ]
    (topic,) = found([*messages, *(message(number, title) for number, title in enumerate(OTHERS, 50))])
    assert (topic.people, topic.votes) == (3, 6)
    assert (topic.since, topic.until) == (NOON - timedelta(days=3), NOON)
    assert topic.members == ["3", "2", "1", "0"]


def test_heat_follows_its_formula() -> None:
    assert heat(people=3, votes=7, days=4, silent_days=30, rule=RULE).total == pytest.approx((3 + 2 * 3 + 2 * 2) * 0.75)
    assert heat(people=3, votes=-9, days=1, silent_days=-1, rule=RULE).total == pytest.approx(3)


def test_thousands_of_votes_weigh_less_than_a_few_dozen_people() -> None:
    loud = heat(people=1, votes=2_000, days=1, silent_days=0, rule=RULE).total
    assert loud < heat(people=30, votes=0, days=1, silent_days=0, rule=RULE).total


def test_the_numbers_of_heat_are_rules_in_force() -> None:
    rule = heat_rule(declared(), clock.today())
    assert min(rule.votes, rule.days, rule.half_life) > 0


def test_the_title_is_what_most_members_say_without_the_words_of_a_letter() -> None:
    told = titles.title(
        ["投诉东湖小区电梯停运的问题", "关于东湖小区电梯停运的投诉", "东湖小区电梯停运", "电梯停运我家在3栋2单元"]
    )
    assert told == "东湖小区电梯停运"


def test_neither_title_nor_place_tells_a_home_or_a_telephone_number() -> None:
    told = titles.title(["东湖小区3栋2单元漏水请打13812345678"])
    assert "3栋" not in told
    assert "13812345678" not in told
    assert titles.title(["", "  "]) == titles.UNTITLED


def test_the_place_is_the_name_that_half_of_the_titles_share() -> None:
    assert titles.place(["投诉东湖小区电梯", "东湖小区太吵", "东湖小区停水", "太吵了"]) == "东湖小区"
    assert titles.place(["小区附近太吵", "附近小区太吵", "公积金怎么提"]) == ""


def test_every_bad_row_is_named_with_its_field_and_the_good_ones_are_read(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "1,A,路灯坏了,2019/12/4 9:30:00,三天了,0,2",
        "2,A,路灯坏了,昨天,三天了,0,0",
        ",A,路灯坏了,2019-12-04,三天了,0,0",
        "4,A,,2019-12-04,三天了,0,0",
        "5,A,路灯坏了,2019-12-04,三天了,0,很多",
        "1,A,路灯坏了,2019-12-04,三天了,0,0",
        "7,A,短行,2019-12-04",
    )
    result = read(file)
    assert [each.id for each in result.messages] == ["1", "7"]
    assert result.messages[0].at == datetime(2019, 12, 4, 9, 30)
    reasons = ("line 3: 留言时间", "line 4: 留言编号", "line 5: 留言主题", "line 6: 点赞数", "line 7: 留言编号")
    assert [why.startswith(reason) for why, reason in zip(result.refused, reasons, strict=True)] == [True] * 5


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="No such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(BadFile, match="留言时间"):
        read(written(tmp_path, "1,x", header="留言编号,留言主题"))
    (tmp_path / "broken.csv").write_bytes(b"\x1f\x8b\x08 nothing")
    with pytest.raises(BadFile, match=r"broken\.csv"):
        read(tmp_path / "broken.csv")
    (tmp_path / "gbk.csv").write_bytes("留言编号".encode("gbk"))
    with pytest.raises(BadFile, match="UTF-8"):
        read(tmp_path / "gbk.csv")


def test_the_command_prints_one_object_with_other_columns_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{number},{title},2026-01-0{number + 1}" for number, title in enumerate([*PLANT, *OTHERS[:3]])]
    file = written(tmp_path, *rows, "x,路灯,never", header="no,what,when")
    names = ["--column", "id=no", "--column", "title=what", "--column", "at=when"]
    call_command("topics", str(file), "--json", *names)
    answer = json.loads(capsys.readouterr().out)
    (topic,) = answer["topics"]
    assert set(topic) == {"title", "heat", "members", "people", "votes", "from", "to", "place"}
    assert topic["members"] == ["0", "1", "2", "3"]
    assert len(answer["refused"]) == 1


def test_the_command_refuses_a_column_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="colour"):
        call_command("topics", str(written(tmp_path)), "--column", "colour=red")


@pytest.mark.skipif(not DATA.exists(), reason="the third-party messages are not at hand")
def test_the_two_loudest_issues_of_the_real_messages_stand_together() -> None:
    file = DATA / "messages_4326.csv.gz"
    messages = read(file).messages
    topics = find_topics(messages, now=max(each.at for each in messages), rules=declared(), on=clock.today())
    largest = [set(topic.members) for topic in sorted(topics, key=lambda each: -len(each.members))[:2]]
    said = {each.id: each.title + each.text for each in messages}
    plant = {id for id, text in said.items() if "丽发" in text and "搅拌" in text}
    parking = {id for id, text in said.items() if "伊景园" in text or "滨河苑" in text}
    for issue in (plant, parking):
        assert max(len(issue & members) for members in largest) >= 0.9 * len(issue)
    precision, recall = _pairs(topics)
    assert precision > 0.99
    assert recall >= 0.64


def _pairs(topics: list[Topic]) -> tuple[float, float]:
    """Of the labelled messages: pairs put together that belong so, and pairs that belong so put together."""
    topic_of = {member: number for number, topic in enumerate(topics) for member in topic.members}
    with (DATA / "hot_topic_members_jeshrz.csv").open(encoding="utf-8-sig", newline="") as file:
        label = {row["留言编号"]: row["问题ID"] for row in csv.DictReader(file)}
    with gzip.open(DATA / "messages_4326.csv.gz", "rt", encoding="utf-8-sig", newline="") as file:
        label = {row["留言编号"]: label[row["留言编号"]] for row in csv.DictReader(file) if row["留言编号"] in label}
    judged = Counter(
        (topic_of.get(one, one) == topic_of.get(other, other), label[one] == label[other])
        for one, other in combinations(sorted(label), 2)
    )
    right = judged[True, True]
    return right / (right + judged[True, False]), right / (right + judged[False, True])
