"""Samples are as large as they have to be, and their range holds as often as it says."""

from random import Random

import pytest

from anlan.services.inspection.sampling import interval, sample_size


@pytest.mark.parametrize(
    ("population", "margin", "size"),
    [(1_000_000, 0.05, 384), (1_000, 0.05, 278), (40, 0.1, 29), (1, 0.05, 1), (0, 0.05, 0)],
)
def test_the_size_is_the_textbooks(population: int, margin: float, size: int) -> None:
    assert sample_size(population, confidence=0.95, margin=margin) == size


def test_whoever_wants_to_be_surer_has_to_see_more() -> None:
    assert sample_size(500, confidence=0.99, margin=0.1) > sample_size(500, confidence=0.9, margin=0.1)


def test_a_share_without_end_is_wilsons() -> None:
    found = interval(8, 10, confidence=0.95)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.4902, 0.9433)


def test_where_all_were_seen_nothing_is_uncertain_and_of_nothing_nothing_is_said() -> None:
    found = interval(9, 10, confidence=0.95, population=10)
    assert found is not None
    assert found.low == found.high == 0.9
    assert interval(0, 0, confidence=0.95) is None


@pytest.mark.parametrize(("right", "seen", "population"), [(3, 2, None), (-1, 2, None), (2, 3, 2)])
def test_impossible_counts_are_refused(right: int, seen: int, population: int | None) -> None:
    with pytest.raises(ValueError, match="more"):
        interval(right, seen, confidence=0.95, population=population)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_the_range_holds_as_often_as_it_says(share: float) -> None:
    population, rounds, random = 600, 1_000, Random(20_260_101)
    base = [place < share * population for place in range(population)]
    size = sample_size(population, confidence=0.95, margin=0.1)
    held = 0
    for _ in range(rounds):
        found = interval(sum(random.sample(base, size)), size, confidence=0.95, population=population)
        assert found is not None
        held += found.low <= share <= found.high
        assert found.high - found.low <= 0.201
    assert held / rounds >= 0.93
