import pytest

from anlan.services.prepaid.cards import texting
from tests.cast import Cast
from tests.services.prepaid.market import Market


@pytest.fixture
def market(cast: Cast) -> Market:
    return Market(cast)


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent to telephones."""
    sent: list[str] = []
    monkeypatch.setattr(texting, "send", lambda phone, text, **_told: sent.append(text))
    return sent
