"""A failure model of the city: kept, in shadow, warning beside the rules, and gone back from."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import clock
from anlan.loop.refusals import BadInput, NotPossible, Unknown
from anlan.services.prepaid.merchants.models import Colour
from anlan.services.prepaid.supervision import model_night
from anlan.services.prepaid.supervision.models import ShopMatter
from anlan.services.prepaid.warning.features import Table
from anlan.services.prepaid.warning.model import BadModel, FailureModel
from anlan.services.prepaid.warning.models import ModelNight, Outlook, WarningModel
from anlan.services.prepaid.warning.registry import Part, choose, current, keep
from anlan.services.prepaid.warning.shops import FEATURES
from anlan.services.prepaid.warning.training import fit
from tests.services.prepaid.market import Market
from tests.services.prepaid.test_colour_trading import colour_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def alarmist() -> FailureModel:
    """A model that expects most shops to fail."""
    random = np.random.default_rng(1)
    failed = random.random(200) < 0.9
    return fit(Table(FEATURES, random.random((200, len(FEATURES))), failed), data="made up", on=clock.today())


def kept(model: FailureModel) -> WarningModel:
    return keep(model.to_bytes(), asdict(model.card))


def at_night(days: int = 0) -> clock.ManualClock:
    night = clock.local(clock.now()) + timedelta(days=days + 1)
    return clock.ManualClock(datetime.combine(night.date(), datetime.min.time(), clock.LOCAL) + timedelta(hours=4))


def test_without_a_choice_the_rules_are_alone(market: Market) -> None:
    with clock.use(at_night()):
        assert model_night.look_tonight() == 0
    assert current() is None


def test_in_shadow_it_notes_what_it_would_say_and_does_nothing(market: Market, alarmist: FailureModel) -> None:
    _ = market.shop
    choose(Part.SHADOW, kept(alarmist).id, why="试运行", by=None)
    with clock.use(at_night()):
        assert model_night.look_tonight() == 1
        assert model_night.look_tonight() == 0
    outlook = Outlook.objects.get()
    assert outlook.shop_id == market.shop.id
    assert outlook.reasons[0]["zh"]
    assert ModelNight.objects.get().found == 1
    assert colour_of(market.shop) == Colour.GREEN
    with scoped(scope_of(system())):
        assert not ShopMatter.objects.exists()


def test_after_its_time_in_shadow_it_warns_and_never_colours(market: Market, alarmist: FailureModel) -> None:
    _ = market.shop
    model = kept(alarmist)
    with pytest.raises(NotPossible, match="28"):
        choose(Part.WARNS, model.id, why="启用", by=None)
    choose(Part.SHADOW, model.id, why="试运行", by=None)
    with clock.use(at_night(days=28)):
        choose(Part.WARNS, model.id, why="试运行期满", by=None)
        assert model_night.look_tonight() == 1
    with scoped(scope_of(system())):
        assert ShopMatter.objects.get().signal == ShopMatter.Signal.MODEL
    assert colour_of(market.shop) == Colour.GREEN
    choose(Part.ALONE, None, why="回退", by=None)
    choice = current()
    assert choice is not None
    assert choice.model is None


def test_a_choice_needs_a_model_that_is_there_and_a_reason(alarmist: FailureModel) -> None:
    with pytest.raises(Unknown):
        choose(Part.SHADOW, 987_654, why="?", by=None)
    with pytest.raises(BadInput):
        choose(Part.SHADOW, kept(alarmist).id, why=" ", by=None)
    assert kept(alarmist).id == kept(alarmist).id


def test_a_model_of_other_features_is_refused(market: Market, alarmist: FailureModel) -> None:
    other = replace(alarmist, features=tuple(reversed(FEATURES)))
    with scoped(scope_of(system())), pytest.raises(BadModel, match="other features"):
        model_night.look(kept(other))
