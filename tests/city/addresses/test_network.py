import numpy as np
import pytest

from anlan.city.addresses import labelled, network_learning
from anlan.city.addresses.features import Words, features, tags_of
from anlan.city.addresses.network import LEGAL, TAG_NUMBERS, TAGS, Array, Network, chained
from anlan.city.addresses.tagging import without_rules


def weighed(addresses: int, units: int) -> Array:
    return np.random.default_rng(3).standard_normal((addresses, units, len(TAGS))).astype(np.float32)


def test_marginals_are_those_of_all_readings_that_fit_together() -> None:
    """Three units: every reading of them counted one by one."""
    given, chain = weighed(1, 3), weighed(1, len(TAGS))[0]
    found, pairs = chained(given, np.ones((1, 3), bool), chain)
    likely = np.zeros((3, len(TAGS)))
    tags = range(len(TAGS))
    for first in (n for n in tags if TAGS[n][0] in "BS"):
        for middle in np.flatnonzero(LEGAL[first]).tolist():
            for last in (n for n in np.flatnonzero(LEGAL[middle]).tolist() if TAGS[n][0] in "ES"):
                weight = np.exp(
                    given[0, 0, first]
                    + given[0, 1, middle]
                    + given[0, 2, last]
                    + chain[first, middle]
                    + chain[middle, last]
                )
                for unit, tag in enumerate((first, middle, last)):
                    likely[unit, tag] += weight
    assert found[0] == pytest.approx(likely / likely.sum(1, keepdims=True), abs=1e-5)
    assert pairs.sum() == pytest.approx(2, abs=1e-4)


def test_an_address_is_read_the_same_alone_and_in_a_batch() -> None:
    given, chain = weighed(2, 5), weighed(1, len(TAGS))[0]
    there = np.array([[True] * 5, [True] * 3 + [False] * 2])
    together, _ = chained(given, there, chain)
    alone, _ = chained(given[1:, :3], np.ones((1, 3), bool), chain)
    assert together[1, :3] == pytest.approx(alone[0], abs=1e-5)


@pytest.fixture(scope="module")
def network() -> Network:
    addresses = [
        labelled.from_spans([("road", f"{name}路"), ("roadno", f"{number}号")])
        for number in range(1, 20)
        for name in ("古墩", "文一", "天目山", "花蒋")
    ]
    cuts = [labelled.units(each.text) for each in addresses]
    seen = [features(each.text, cut, Words({})) for each, cut in zip(addresses, cuts, strict=True)]
    return network_learning.learn(
        seen, [tags_of(each, cut) for each, cut in zip(addresses, cuts, strict=True)], seed=1, epochs=30
    )


def test_a_network_learns_and_is_the_same_when_it_is_read_back(network: Network) -> None:
    text = "沈港路8号"
    seen = features(text, labelled.units(text), Words({}))
    likely = network.marginals(seen)
    assert [TAGS[n] for n in likely.argmax(1)] == ["Broad", "Iroad", "Eroad", "Broadno", "Eroadno"]
    assert likely.sum(1) == pytest.approx(np.ones(5), abs=1e-4)
    assert Network.of_dump(network.dump()).marginals(seen) == pytest.approx(likely)


def test_units_of_which_nothing_is_known_are_read_too(network: Network) -> None:
    assert network.marginals([["never seen"], []]).shape == (2, len(TAG_NUMBERS))


def test_what_the_rules_think_can_be_left_out() -> None:
    text = "古墩路8号"
    seen = features(text, labelled.units(text), Words({}))
    left = without_rules(seen)
    assert all(not each.startswith("p0") for unit in left for each in unit)
    assert any(each == "0古" for each in left[0])
