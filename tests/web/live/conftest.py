import pytest

from tests.cast import Cast


@pytest.fixture
def town(committed: str) -> Cast:
    cast = Cast()
    # Looked up once, here: stories run in an event loop, where Django's database calls may not.
    for who in ("chen", "zhou", "wu", "li", "wang"):
        getattr(cast, who)
    return cast
