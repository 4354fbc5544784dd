"""One city and one browser for all tests of this folder that a process runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, StorageState

from anlan.cli import NO_BROWSER, find_browser
from tests.browser.city import City, a_city
from tests.browser.visiting import Visits, a_browser, no_fault


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # For this folder only: while Playwright runs, Django would take the thread for an asynchronous one.
    if find_browser() is None:
        pytest.skip(NO_BROWSER)
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="package")
def city(browser: Browser, shared_directory: Path) -> Iterator[City]:
    with a_city(shared_directory) as city:
        yield city


@pytest.fixture(scope="package")
def sessions() -> dict[str, StorageState]:
    return {}


@pytest.fixture
def visits(browser: Browser, city: City, sessions: dict[str, StorageState]) -> Iterator[Visits]:
    """Visits of one test."""
    with no_fault(Visits(browser, city, sessions)) as visits:
        yield visits
