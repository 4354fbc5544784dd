import numpy as np
import pytest

from anlan.city.addresses import wording

DESCRIBED = [["even", "same"], ["odd", "same"]] * 6


@pytest.mark.parametrize("classes", [(0, 1), (2, 0)])
def test_a_word_seen_with_one_verdict_speaks_for_it(classes: tuple[int, int]) -> None:
    learnt = wording.learn(DESCRIBED, classes * 6, [1.0] * 12, 3)
    likely = learnt.likely([["even"], ["odd"]])
    assert likely.argmax(axis=1).tolist() == list(classes)
    assert np.allclose(likely.sum(axis=1), 1)


def test_three_verdicts_are_told_apart() -> None:
    learnt = wording.learn([["a"], ["b"], ["c"]] * 5, [0, 1, 2] * 5, [1.0] * 15, 3)
    assert learnt.likely([["c"], ["a"], ["b"]]).argmax(axis=1).tolist() == [2, 0, 1]


def test_where_only_one_verdict_was_seen_it_is_certain() -> None:
    learnt = wording.learn(DESCRIBED, [1] * 12, [1.0] * 12, 3)
    assert learnt.likely([["never seen"]]).tolist() == [[0, 1, 0]]


def test_a_word_seen_too_seldom_says_nothing() -> None:
    learnt = wording.learn([*DESCRIBED, ["rare"]], [0, 1] * 6 + [1], [1.0] * 13, 2)
    assert learnt.likely([["rare"]]).tolist() == learnt.likely([[]]).tolist()
