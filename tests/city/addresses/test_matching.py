import random
from pathlib import Path

import pytest

from anlan.city.addresses import comparing, matching, model_files
from anlan.city.addresses.comparing import Reason, Verdict
from anlan.city.addresses.matching import Query


@pytest.mark.parametrize(
    ("a", "b", "verdict", "reason"),
    [
        ("古墩路7号翠苑小区3幢", "古墩路7号翠苑小区3幢", Verdict.EXACT, Reason.SAME_NAME),
        ("古墩路7号翠苑小区3幢", "古墩路7号翠苑小区5幢", Verdict.PARTIAL, Reason.NUMBER_DIFFERS),
        ("古墩路7号翠苑小区3幢", "古墩路7号翠苑小区", Verdict.PARTIAL, Reason.LESS_EXACT),
        ("古墩路7号海创大厦", "天目山路9号竹海公寓", Verdict.NONE, Reason.NAME_DIFFERS),
        ("杭州市西湖区海创大厦", "宁波市海曙区海创大厦", Verdict.NONE, Reason.AREA_DIFFERS),
        ("", "古墩路7号", Verdict.NONE, Reason.NAME_DIFFERS),
    ],
)
def test_the_rules_say_how_two_addresses_agree_and_why(a: str, b: str, verdict: Verdict, reason: Reason) -> None:
    found, reasons = comparing.compare(a, b)
    assert found is verdict
    assert reason in reasons


def test_comparing_is_the_same_both_ways() -> None:
    one, other = "古墩路7号翠苑小区3幢", "西湖区翠苑小区三号楼"
    assert comparing.compare(one, other) == comparing.compare(other, one)


def test_every_reason_can_be_said() -> None:
    assert all(str(reason.label) for reason in Reason)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "line 1: is no JSON"),
        ('{"query": 3}', "line 1: lacks `query`"),
        ('{"query": "a"}', "line 1: lacks `candidate`"),
        ('{"query": "a", "candidate": [{"label": "不匹配"}]}', "line 1: a candidate lacks `text`"),
        ('{"query": "a", "candidate": [{"text": "b", "label": "?"}]}', "line 1: a candidate's `label`"),
    ],
)
def test_a_bad_line_of_pairs_is_refused_with_its_number(line: str, fault: str) -> None:
    with pytest.raises(matching.BadPair, match=fault):
        list(matching.read_pairs([line]))


@pytest.fixture(scope="module")
def matcher() -> matching.Matcher:
    """Learnt from made-up places: the same text is the same place, another building a part, another name none."""
    chance = random.Random(2)
    names = [f"{a}{b}小区" for a in "翠海西竹蓝绿" for b in "苑创溪湖山云"]
    queries = []
    for _ in range(60):
        name, other = chance.sample(names, 2)
        house = chance.randint(1, 40)
        here = f"古墩路7号{name}{house}幢"
        candidates = [
            (f"{name}{house}幢", Verdict.EXACT),
            (f"{name}{house + 1}幢", Verdict.PARTIAL),
            (f"古墩路7号{other}{house}幢", Verdict.NONE),
        ]
        chance.shuffle(candidates)
        queries.append(Query(here, tuple(text for text, _ in candidates), tuple(each for _, each in candidates)))
    return matching.train(queries)


def test_a_trained_decision_knows_places_it_has_not_seen(matcher: matching.Matcher) -> None:
    found = matcher.verdicts("古墩路7号金桂小区9幢", ["古墩路7号银杏小区9幢", "金桂小区9幢", "金桂小区10幢"])
    assert found == [Verdict.NONE, Verdict.EXACT, Verdict.PARTIAL]


def test_the_order_of_candidates_says_nothing(matcher: matching.Matcher) -> None:
    candidates = ["古墩路7号银杏小区9幢", "金桂小区9幢", "金桂小区10幢"]
    found = dict(zip(candidates, matcher.verdicts("古墩路7号金桂小区9幢", candidates), strict=True))
    turned = candidates[::-1]
    assert dict(zip(turned, matcher.verdicts("古墩路7号金桂小区9幢", turned), strict=True)) == found


def test_without_candidates_there_is_nothing_to_decide(matcher: matching.Matcher) -> None:
    assert matcher.verdicts("古墩路7号", []) == []


def test_too_few_queries_are_refused() -> None:
    with pytest.raises(matching.TooFew, match="at least 50"):
        matching.train([Query("a", ("b",), (Verdict.NONE,))])


def test_pairs_all_judged_the_same_teach_nothing() -> None:
    queries = [Query(f"古墩路{number}号", ("竹海公寓",), (Verdict.NONE,)) for number in range(60)]
    with pytest.raises(matching.TooFew, match="the same"):
        matching.train(queries)


def test_a_trained_decision_is_the_same_when_it_is_read_back(matcher: matching.Matcher, tmp_path: Path) -> None:
    asked = "古墩路7号金桂小区9幢", ["古墩路7号银杏小区9幢", "金桂小区9幢", "金桂小区10幢"]
    assert matching.decision(tmp_path) is comparing.verdicts
    matcher.save(matching.model_file(tmp_path))
    decide = matching.decision(tmp_path)
    assert decide is not comparing.verdicts
    assert decide(*asked) == matcher.verdicts(*asked)


def test_a_file_that_is_no_decision_is_said_and_the_rules_serve(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = matching.model_file(tmp_path)
    model_files.write(file, {"learnt.json": "{}"})
    assert matching.decision(tmp_path) is comparing.verdicts
    file.write_bytes(b"half of it")
    assert matching.decision(tmp_path) is comparing.verdicts
    assert caplog.text.count("cannot be used") == 2
