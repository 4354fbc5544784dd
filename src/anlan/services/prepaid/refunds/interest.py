"""Interest on what is paid back of each top-up (R11 to R13): simple, by actual days, exact until the end."""

from fractions import Fraction

from anlan.services.prepaid.refunds.schemas import Bilingual, Cause, Claim
from anlan.services.prepaid.refunds.settings import (
    DAYS_IN_YEAR,
    DEPOSIT_BENCHMARK,
    LOAN_PRIME_RATE,
    NEITHER_AT_LPR,
    Settings,
)
from anlan.services.prepaid.refunds.sheet import Section, Sheet, article, percent, yuan
from anlan.services.prepaid.refunds.valuing import Lot

_RATE = article("第十六条第一款", "16(1)")
_SUPERVISED = article("第十六条第二款", "16(2)")
_NAMES = {
    LOAN_PRIME_RATE: ("订立时一年期贷款市场报价利率", "the one-year loan prime rate when contracted"),
    DEPOSIT_BENCHMARK: ("订立时一年期定期存款基准利率", "the one-year deposit benchmark when contracted"),
}


def enter_interest(sheet: Sheet, claim: Claim, lot: Lot, back: Fraction, settings: Settings) -> None:
    """Enter the interest on `back`, paid back of one top-up; its supervised part bears its own rate."""
    start = min(claim.ended_on, claim.agreement.interest_from or claim.ended_on)
    days = (claim.repaid_on - max(start, lot.top_up.paid_on)).days
    if days == 0 or back == 0:
        return
    sheet.assume(settings.assumption(DAYS_IN_YEAR))
    supervised = min(Fraction(lot.top_up.supervised_fen), back)
    if supervised and lot.top_up.supervised_rate is not None:
        words = ("受监管部分按监管资金实际利率", "the supervised part at the actual rate of the supervised money")
        rate = Fraction(lot.top_up.supervised_rate)
        _enter(sheet, "R13", lot, supervised, rate, days, words, settings)
    if back == supervised:
        return
    if claim.agreement.yearly_rate is not None:
        words = ("按约定利率", "at the agreed rate")
        _enter(sheet, "R12", lot, back - supervised, Fraction(claim.agreement.yearly_rate), days, words, settings)
        return
    id = _legal_rate(sheet, claim, settings)
    known = settings.rate(id, lot.top_up.paid_on)
    zh, en = _NAMES[id]
    if known is None:
        sheet.leave_to_a_person(
            "R12",
            _RATE,
            Bilingual(
                zh=f"第 {lot.number} 笔充值（{lot.top_up.paid_on}）：{zh}未录入，利息未计，请补录利率",
                en=f"Top-up {lot.number} ({lot.top_up.paid_on}): {en} is not on file, so no interest was reckoned; "
                "enter the rate",
            ),
        )
        return
    sheet.assume(settings.assumption(id, lot.top_up.paid_on))
    _enter(sheet, "R12", lot, back - supervised, known, days, (f"按{zh}", f"at {en}"), settings)


def _legal_rate(sheet: Sheet, claim: Claim, settings: Settings) -> str:
    if claim.cause is Cause.NEITHER:
        sheet.assume(settings.assumption(NEITHER_AT_LPR))
        return LOAN_PRIME_RATE if settings.neither_at_lpr else DEPOSIT_BENCHMARK
    return LOAN_PRIME_RATE if claim.cause is Cause.OPERATOR else DEPOSIT_BENCHMARK


def _enter(
    sheet: Sheet,
    rule: str,
    lot: Lot,
    on: Fraction,
    rate: Fraction,
    days: int,
    words: tuple[str, str],
    settings: Settings,
) -> None:
    zh, en = words
    sheet.enter(
        Section.INTEREST,
        rule,
        _SUPERVISED if rule == "R13" else Bilingual(zh=f"{_RATE.zh}、第十七条", en=f"{_RATE.en}, art. 17"),
        Bilingual(
            zh=f"第 {lot.number} 笔充值的利息，{zh}，{days} 天",
            en=f"Interest on top-up {lot.number}, {en}, {days} days",
        ),
        on * rate * days / settings.days_in_year,
        f"{yuan(on)} × {percent(rate)} × {days} ÷ {settings.days_in_year}",
    )
