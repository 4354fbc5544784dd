import numpy as np
import pytest

from anlan.city.addresses import labelled, network_learning
from anlan.city.addresses.features import Words, features, tags_of
from anlan.city.addresses.network import TAG_NUMBERS, TAGS, Network
from anlan.city.addresses.tagging import without_rules


@pytest.fixture(scope="module")
def network() -> Network:
    addresses = [
        labelled.from_spans([("road", f"{name}路"), ("roadno", f"{number}号")])
        for number in range(1, 13)
        for name in ("古墩", "文一", "天目山", "花蒋")
    ]
    cuts = [labelled.units(each.text) for each in addresses]
    seen = [features(each.text, cut, Words({})) for each, cut in zip(addresses, cuts, strict=True)]
    return network_learning.learn(
        seen, [tags_of(each, cut) for each, cut in zip(addresses, cuts, strict=True)], epochs=36
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
