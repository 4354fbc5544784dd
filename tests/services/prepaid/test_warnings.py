"""A warning about a shop, from its colour to what became of it."""

from datetime import timedelta

import pytest

from anlan.city.people.access import Actor, scope_of, scoped, system
from anlan.loop import clock, engine
from anlan.loop.models import Matter
from anlan.loop.refusals import NotAllowed, NotPossible, Unknown
from anlan.services.prepaid.colour.models import ColourChange, TradingDay
from anlan.services.prepaid.colour.recolouring import judge_all, judge_stale
from anlan.services.prepaid.merchants.models import Colour, RegisterEntry
from anlan.services.prepaid.supervision.appeals import AppealIn, appeal
from anlan.services.prepaid.supervision.carrying_out import carry_out_due
from anlan.services.prepaid.supervision.funnel import Stage, funnel
from anlan.services.prepaid.supervision.labels import labels
from anlan.services.prepaid.supervision.models import ShopMatter
from anlan.services.prepaid.supervision.opening import complaint_about
from anlan.services.prepaid.supervision.procedures import Forewarning
from anlan.services.prepaid.supervision.warnings import raise_due
from tests.cast import Cast, lamp
from tests.services.prepaid.market import Market
from tests.services.prepaid.test_colour_trading import colour_of, listed

pytestmark = pytest.mark.django_db
ABNORMAL = RegisterEntry.Register.ABNORMAL


@pytest.fixture
def warned(market: Market, texts: list[str]) -> ShopMatter:
    """A shop that has turned yellow, and the warning about it."""
    listed(market, ABNORMAL)
    market.bought()
    judge_stale()
    assert raise_due() == 1
    with scoped(scope_of(system())):
        return ShopMatter.objects.select_related("matter", "shop").get(shop=market.shop)


def state_of(about: ShopMatter) -> str:
    with scoped(scope_of(system())):
        return Matter.objects.get(id=about.matter_id).state


def checked(about: ShopMatter, cast: Cast, found: str = "strained") -> None:
    """Sent to Li and looked at on the spot."""
    engine.advance(about.matter_id, "send", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    engine.advance(about.matter_id, "verify", by=cast.li, told={"found": found, "text": "店内无人，门口贴有通知"})


def taken(about: ShopMatter, by: Actor, **measure: str) -> None:
    engine.advance(about.matter_id, "intervene", by=by, told={"step": "talk", "text": "约谈经营者", **measure})
    carry_out_due()


def test_a_shop_that_turns_yellow_is_warned_of_once_with_its_reasons(warned: ShopMatter, market: Market) -> None:
    assert warned.matter.procedure == Forewarning.slug
    assert warned.matter.area == market.shop.area
    assert "公开名录记录数" in warned.matter.description
    assert [reason["indicator"] for reason in warned.reasons] == ["listed"]
    assert raise_due() == 0


def test_the_merchant_is_told_where_it_may_appeal(
    market: Market, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    market.merchant.contact_phone = "13800001111"
    market.merchant.save()
    listed(market, ABNORMAL)
    market.bought()
    judge_stale()
    raise_due()
    assert any("黄码" in text and "申诉" in text for text in texts)


def test_a_green_shop_and_one_that_a_person_has_coloured_are_not_warned_of(market: Market, texts: list[str]) -> None:
    market.bought()
    judge_stale()
    assert raise_due() == 0


def test_a_warning_is_looked_at_on_the_spot_and_dealt_with_by_the_regulator(warned: ShopMatter, market: Market) -> None:
    cast = market.cast
    checked(warned, cast)
    with pytest.raises(NotAllowed):
        taken(warned, cast.chen)
    taken(warned, cast.sun)
    engine.advance(warned.matter_id, "close", by=cast.wu, told={"ended": "settled", "text": "已恢复营业"})
    carry_out_due()
    assert state_of(warned) == "closed"
    with scoped(scope_of(system())):
        assert ShopMatter.objects.get(matter_id=warned.matter_id).ended_at is not None


def test_a_restriction_turns_the_shop_red_until_its_day(warned: ShopMatter, market: Market) -> None:
    checked(warned, market.cast)
    until = clock.today() + timedelta(days=10)
    taken(warned, market.cast.wu, step="restrict", until=until.isoformat())
    assert colour_of(market.shop) == Colour.RED
    change = ColourChange.objects.latest("at")
    assert change.by == market.cast.wu.account_id
    assert change.until is not None
    assert clock.local(change.until).date() == until + timedelta(days=1)
    with pytest.raises(NotPossible):
        market.bought()
    carry_out_due()
    assert ColourChange.objects.count() == 2


def test_a_decision_is_carried_out_once_even_when_it_is_swept_again(warned: ShopMatter, market: Market) -> None:
    carry_out_due()
    assert carry_out_due() == 0


def test_the_funnel_counts_each_merchant_once_in_every_stage(warned: ShopMatter, market: Market) -> None:
    market.another_shop(market.merchant)
    market.another_merchant()
    checked(warned, market.cast)
    taken(warned, market.cast.wu)
    window = {"since": clock.now() - timedelta(days=1), "until": clock.now() + timedelta(days=1)}
    whole, district = funnel(market.cast.sun, **window)
    assert whole == Stage("", 1, 1, 1, 1, 1, 0, 0)
    assert district.district == "330106"
    assert funnel(market.cast.zhou, **window)[0].monitored == 0
    assert funnel(market.cast.li, **window) == [Stage("", 0, 0, 0, 0, 0, 0, 0)]


def test_what_was_found_on_the_spot_is_kept_as_a_label(warned: ShopMatter, market: Market) -> None:
    assert [each.right for each in labels()] == [None]
    checked(warned, market.cast, found="sound")
    [label] = labels()
    assert (label.shop, label.right, label.closed_at) == (market.shop.id, False, None)


def test_an_appeal_that_is_granted_withdraws_the_colour_for_its_time(warned: ShopMatter, market: Market) -> None:
    with pytest.raises(NotAllowed):
        appeal(market.shop.code, AppealIn(text="不符"), by=market.actor("cashier"))
    opened = appeal(market.shop.code, AppealIn(text="已移出名录"), by=market.actor("owner"))
    with pytest.raises(NotPossible, match="already"):
        appeal(market.shop.code, AppealIn(text="再次"), by=market.actor("owner"))
    engine.advance(opened.matter.id, "grant", by=market.cast.wu, told={"colour": "green", "reason": "核实无误"})
    carry_out_due()
    assert colour_of(market.shop) == Colour.GREEN
    carry_out_due()
    with scoped(scope_of(system())):
        about = ShopMatter.objects.select_related("matter").get(matter_id=opened.matter.id)
    assert about.matter.state == "settled"
    assert about.ended_at is not None
    judge_all()
    assert colour_of(market.shop) == Colour.GREEN
    change = ColourChange.objects.latest("at")
    assert change.until is not None
    with clock.use(clock.ManualClock(change.until)):
        judge_all()
    assert colour_of(market.shop) == Colour.YELLOW


def test_a_green_shop_has_nothing_to_appeal_against(market: Market) -> None:
    _ = market.counter
    with pytest.raises(NotPossible, match=r"green|绿"):
        appeal(market.shop.code, AppealIn(text="?"), by=market.actor("owner"))


def test_a_colour_that_has_run_out_is_confirmed_with_the_reasons_of_the_day(market: Market) -> None:
    listed(market, ABNORMAL)
    market.bought()
    judge_stale()
    first = ColourChange.objects.get()
    assert first.until is not None
    judge_all()
    assert ColourChange.objects.count() == 1
    with clock.use(clock.ManualClock(first.until)):
        judge_all()
    again = ColourChange.objects.latest("at")
    assert (again.before, again.colour, again.at) == (Colour.YELLOW, Colour.YELLOW, first.until)
    assert again.reasons


def test_a_matter_about_a_shop_counts_among_its_complaints_once(market: Market) -> None:
    cast = market.cast
    matter = engine.open_matter(Forewarning, lamp(title="健身房跑路"), by=cast.wang).matter
    for _time in range(2):
        complaint_about(matter.id, market.shop.code, by=cast.chen)
    assert [day.complaints for day in TradingDay.objects.filter(shop=market.shop)] == [1]
    other = market.another_shop(market.merchant)
    with pytest.raises(NotPossible):
        complaint_about(matter.id, other.code, by=cast.chen)
    with pytest.raises((Unknown, NotAllowed)):
        complaint_about(matter.id, market.shop.code, by=cast.zhou)
