"""What a real other process has changed is known here after the next look, and not before."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from anlan.city.regulations.versions import of_the_city
from anlan.foundation import freshness, rules
from anlan.foundation.environment import REPOSITORY
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.services.triage.city import catalogue_here, category_tree
from tests.foundation.elsewhere import AMOUNT, CATEGORY, NAME, RULE


@pytest.fixture(autouse=True)
def city(committed: str) -> Iterator[str]:
    """A database of one's own, and nothing kept of another one before and after."""
    rules.provide(of_the_city)
    _forget()
    freshness.look()
    freshness.look()
    yield committed
    rules.provide(tuple)
    _forget()


def _forget() -> None:
    for topic in ("rules", "categories"):
        freshness.forget(topic)


def elsewhere(database: str, what: str) -> None:
    command = [sys.executable, "-m", "tests.foundation.elsewhere", database, what]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_rule_that_another_process_has_dated(city: str) -> None:
    tomorrow = clock.today() + timedelta(days=1)
    before = rulebook().at(RULE, tomorrow).amount
    elsewhere(city, "rules")
    assert rulebook().at(RULE, tomorrow).amount == before != AMOUNT
    assert freshness.look() == 1
    assert rulebook().at(RULE, tomorrow).amount == AMOUNT


def test_a_category_that_another_process_has_renamed(city: str) -> None:
    before = category_tree()[CATEGORY].zh
    elsewhere(city, "categories")
    assert category_tree()[CATEGORY].zh == before != NAME
    assert freshness.look() == 1
    assert category_tree()[CATEGORY].zh == NAME
    assert catalogue_here().categories.category[CATEGORY].zh == NAME
