"""A morning for the stories of desk and responder."""

from collections.abc import Iterator

import pytest

from anlan.city.areas.atlas import atlas
from anlan.loop import clock
from tests.cast import Cast
from tests.loop import stories


@pytest.fixture
def morning(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    with stories.morning() as manual:
        yield manual
