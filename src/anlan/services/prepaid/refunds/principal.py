"""What is paid back of the money itself: each top-up by the rule that governs it (R1 to R10)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from fractions import Fraction

from anlan.loop.calendar import ONE_DAY, Calendar
from anlan.loop.clock import LOCAL, local
from anlan.loop.terms import Counting, days, due
from anlan.services.prepaid.refunds.schemas import Bilingual, Cause, Claim, Guardian, UnlimitedTerm, Valuation
from anlan.services.prepaid.refunds.settings import (
    OLDEST_FIRST,
    RATIO_WITH_DISCOUNT,
    WITHDRAWAL_COUNTS_USES,
    Settings,
)
from anlan.services.prepaid.refunds.sheet import Section, Sheet, article, yuan
from anlan.services.prepaid.refunds.valuing import Lot, lots

_SEVEN_DAYS = article("第十四条", "14")
_MINORS = article("第十条", "10")
_UNREASONABLE_PRICE = article("第十九条第二款", "19(2)")
_ALL_BACK = Bilingual(
    zh="七日内无理由退款，未消费，全额返还", en="Withdrawn within the seven days, unused: all goes back"
)
_HOW = {
    Valuation.LIST: ("按打折前价格", "at the price before discount"),
    Valuation.PRICE: ("按折后价", "at the discount price"),
    Valuation.SHARE: ("按实付比例折算", "by the paid share of what was deducted"),
    Valuation.NOTHING: ("不计价", "not counted"),
}


@dataclass(frozen=True, slots=True)
class _Ground:
    """Why what was used is valued as it is."""

    valuation: Valuation
    rule: str
    article: Bilingual
    at_market: bool = False


def enter_principal(sheet: Sheet, claim: Claim, settings: Settings, calendar: Calendar) -> list[tuple[Lot, Fraction]]:
    """Enter the lines of the money itself; returns each top-up with what is paid back of it.

    Raises `valuing.Overdrawn`.
    """
    found = lots(claim, oldest_first=settings.oldest_first)
    if len(found) > 1 and claim.uses:
        sheet.assume(settings.assumption(OLDEST_FIRST))
    void = _is_void(sheet, claim, settings)
    backs = []
    for lot in found:
        before = sheet.total
        sheet.enter(
            Section.PRINCIPAL,
            "R1",
            article("第十五条第一款", "15(1)"),
            Bilingual(
                zh=f"第 {lot.number} 笔充值（{lot.top_up.paid_on}）实付金额",
                en=f"Paid with top-up {lot.number} ({lot.top_up.paid_on})",
            ),
            lot.paid,
        )
        withdrawn = not void and _is_withdrawn(sheet, claim, lot, settings, calendar)
        if claim.unlimited is not None:
            _take_days(sheet, claim.unlimited, claim, lot, withdrawn)
        else:
            _take_uses(sheet, claim, lot, _ground(sheet, claim, lot, settings, void=void, withdrawn=withdrawn))
        backs.append((lot, sheet.total - before))
    return _at_least(sheet, backs, claim.agreement.least_fen)


def _is_void(sheet: Sheet, claim: Claim, settings: Settings) -> bool:
    """Whether the contract is void because of the consumer's age; enters what a person has to find out."""
    minor = claim.minor
    if minor is None or minor.age >= settings.minor_below:
        return False
    if minor.age < settings.no_capacity_below or (minor.guardian is Guardian.REFUSED and minor.suits_age is False):
        sheet.leave_to_a_person(
            "minors",
            _MINORS,
            Bilingual(
                zh="合同因未成年人订立而无效；已提供部分的价值暂按折后价或实付比例折算，是否扣除请人工确认",
                en="The contract is void as a minor concluded it. What was delivered is counted at the discount price "
                "or the paid share for now; a person confirms whether it is counted",
            ),
        )
        return True
    if minor.guardian is Guardian.CONSENTED or minor.suits_age:
        return False
    sheet.leave_to_a_person(
        "minors",
        _MINORS,
        Bilingual(
            zh="限制民事行为能力人订立的合同：请查明监护人是否同意或追认、是否与其年龄智力相适应；暂按有效计算",
            en="Concluded by a minor of limited capacity: find out whether the guardian consented or ratified and "
            "whether it suits the age; reckoned as valid for now",
        ),
    )
    return False


def _is_withdrawn(sheet: Sheet, claim: Claim, lot: Lot, settings: Settings, calendar: Calendar) -> bool:
    """Whether this top-up was given back in time without a reason (R10)."""
    withdrawal = claim.withdrawal
    if withdrawal is None:
        return False
    if withdrawal.had_the_same:
        sheet.leave_to_a_person(
            "R10",
            _SEVEN_DAYS,
            Bilingual(
                zh="订立合同时已获得过相同商品或服务，不适用七日无理由退款；请核实",
                en="The consumer had already had the same goods or service when contracting, so the seven days do not "
                "apply; please verify",
            ),
        )
        return False
    paid = datetime.combine(lot.top_up.paid_on, time.min, LOCAL)
    ends = due(paid, settings.withdrawal, calendar)
    agreed = claim.agreement.withdrawal_days
    if agreed:
        ends = max(ends, due(paid, days(agreed, Counting.CIVIL), calendar))
    return withdrawal.asked_on <= local(ends).date() - ONE_DAY


def _ground(sheet: Sheet, claim: Claim, lot: Lot, settings: Settings, *, void: bool, withdrawn: bool) -> _Ground:
    """How what was used of a top-up is valued by law, or as agreed where that is better for the consumer (R6)."""
    legal = _legal_ground(sheet, claim, lot, settings, void=void, withdrawn=withdrawn)
    agreed = claim.agreement.valuation
    if agreed is None or lot.value(agreed) >= lot.value(legal.valuation, at_market=legal.at_market):
        return legal
    return _Ground(agreed, "R6", article("第十八条第二款、第十九条第三款", "18(2), 19(3)"))


def _legal_ground(sheet: Sheet, claim: Claim, lot: Lot, settings: Settings, *, void: bool, withdrawn: bool) -> _Ground:
    if void:
        illegal = claim.minor is not None and claim.minor.illegal_online_game
        return _Ground(Valuation.NOTHING if illegal else _favourable(sheet, lot, settings), "minors", _MINORS)
    if withdrawn:
        if not lot.parts:
            return _Ground(Valuation.NOTHING, "R10", _SEVEN_DAYS)
        sheet.assume(settings.assumption(WITHDRAWAL_COUNTS_USES))
        sheet.leave_to_a_person(
            "R10",
            _SEVEN_DAYS,
            Bilingual(
                zh="七日内退款但已有消费：是否扣除、按何价格扣除，请人工确认",
                en="Withdrawn within the seven days after some use: a person confirms whether and how it is counted",
            ),
        )
        counted = Valuation.LIST if settings.withdrawal_counts_uses else Valuation.NOTHING
        return _Ground(counted, "R10", _SEVEN_DAYS)
    if claim.cause is Cause.CONSUMER:
        return _at_list_price(sheet, claim, lot)
    valuation = _favourable(sheet, lot, settings)
    if valuation is Valuation.SHARE:
        return _Ground(valuation, "R3", article("第十八条第一款第二项", "18(1)(2)"))
    return _Ground(valuation, "R2", article("第十八条第一款第一项", "18(1)(1)"))


def _favourable(sheet: Sheet, lot: Lot, settings: Settings) -> Valuation:
    """The valuation of article 18(1): by the paid share where something was gifted, else at the discount price."""
    if not lot.top_up.gift_fen:
        return Valuation.PRICE
    if lot.has_discount:
        sheet.assume(settings.assumption(RATIO_WITH_DISCOUNT))
        return Valuation.SHARE if settings.ratio_with_discount else Valuation.PRICE
    return Valuation.SHARE


def _at_list_price(sheet: Sheet, claim: Claim, lot: Lot) -> _Ground:
    """R4, and R5 where the list price is disputed and not proved."""
    if not claim.list_price_disputed or claim.list_price_proved:
        return _Ground(Valuation.LIST, "R4", article("第十九条第一款", "19(1)"))
    if any(part.use.market_fen is None for part in lot.parts):
        sheet.leave_to_a_person(
            "R5",
            _UNREASONABLE_PRICE,
            Bilingual(
                zh="消费者主张打折前价格明显不合理且经营者未能证明：请查明合同履行地的市场价格",
                en="The consumer says the list price is clearly unreasonable and the operator cannot prove it: find "
                "out the market price at the place of performance",
            ),
        )
    return _Ground(Valuation.LIST, "R5", _UNREASONABLE_PRICE, at_market=True)


def _take_uses(sheet: Sheet, claim: Claim, lot: Lot, ground: _Ground) -> None:
    """Take off what was used, and put back what goes beyond the money (R7): a consumer never owes."""
    how_zh, how_en = _HOW[ground.valuation]
    if ground.at_market:
        how_zh, how_en = "按市场价格", "at the market price"
    used = lot.value(ground.valuation, at_market=ground.at_market)
    if lot.parts:
        sheet.enter(
            Section.PRINCIPAL,
            ground.rule,
            ground.article,
            Bilingual(zh=f"减：已消费部分，{how_zh}", en=f"Less: what was used, {how_en}"),
            -used,
            lot.working(ground.valuation, at_market=ground.at_market),
        )
    elif ground.rule == "R10":
        sheet.enter(
            Section.PRINCIPAL,
            "R10",
            _SEVEN_DAYS,
            _ALL_BACK,
            Fraction(0),
        )
    if used > lot.paid:
        sheet.enter(
            Section.PRINCIPAL,
            "R7",
            article("第二十条", "20"),
            Bilingual(
                zh="已消费部分超出预付款，经营者不得向消费者追索超出部分",
                en="The uses are worth more than was paid; the operator may not claim the excess",
            ),
            used - lot.paid,
            f"{yuan(used)} − {yuan(lot.paid)}",
        )


def _take_days(sheet: Sheet, term: UnlimitedTerm, claim: Claim, lot: Lot, withdrawn: bool) -> None:
    """A card for unlimited use is paid back by the days that remain (R8); days not come to are not (R9)."""
    if withdrawn and not term.used:
        sheet.enter(Section.PRINCIPAL, "R10", _SEVEN_DAYS, _ALL_BACK, Fraction(0))
        return
    if withdrawn:
        sheet.leave_to_a_person(
            "R10",
            _SEVEN_DAYS,
            Bilingual(
                zh="七日内退款但已使用限期卡：暂按已过天数扣除，请人工确认",
                en="Withdrawn within the seven days after some use of the term: the days passed are counted for now; "
                "a person confirms",
            ),
        )
    total = (term.ends_on - term.starts_on).days + 1
    served = min(day for day in (claim.ended_on, term.last_served_on) if day is not None)
    remaining = min(max((term.ends_on - served).days, 0), total)
    sheet.enter(
        Section.PRINCIPAL,
        "R8",
        article("第二十二条第一款、第二款", "22(1), (2)"),
        Bilingual(
            zh=f"减：已过天数（共 {total} 天，剩余 {remaining} 天）",
            en=f"Less: the days that have passed ({total} in all, {remaining} remain)",
        ),
        -lot.paid * Fraction(total - remaining, total),
        f"{yuan(lot.paid)} × {total - remaining} ÷ {total}",
    )
    if term.absent_days:
        sheet.enter(
            Section.PRINCIPAL,
            "R9",
            article("第二十二条第三款", "22(3)"),
            Bilingual(
                zh=f"因自身原因未到店 {term.absent_days} 天，不另行返还",
                en=f"{term.absent_days} days not come to for reasons of their own: nothing is paid back for these",
            ),
            Fraction(0),
        )


def _at_least(sheet: Sheet, backs: list[tuple[Lot, Fraction]], least_fen: int) -> list[tuple[Lot, Fraction]]:
    """Raise what is paid back to what was agreed as the least (R6), never above what was paid."""
    missing = least_fen - sum((back for _, back in backs), Fraction(0))
    raised = list(_raised(backs, missing))
    more = sum((back for _, back in raised), Fraction(0)) - sum((back for _, back in backs), Fraction(0))
    if more:
        sheet.enter(
            Section.PRINCIPAL,
            "R6",
            article("第十八条第二款、第十九条第三款", "18(2), 19(3)"),
            Bilingual(zh="补足至约定的最低返还金额", en="Raised to the least that was agreed"),
            more,
            yuan(least_fen),
        )
    return raised


def _raised(backs: list[tuple[Lot, Fraction]], missing: Fraction) -> Iterator[tuple[Lot, Fraction]]:
    for lot, back in backs:
        more = min(max(missing, Fraction(0)), lot.paid - back)
        missing -= more
        yield lot, back + more
