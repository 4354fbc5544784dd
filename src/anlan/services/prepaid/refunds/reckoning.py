"""A refund reckoned from a claim: the money, its interest, expenses, and what a person has to decide."""

from fractions import Fraction

from anlan.foundation.rules import RuleBook, rulebook
from anlan.loop.calendar import Calendar, chinese
from anlan.services.prepaid.refunds.interest import enter_interest
from anlan.services.prepaid.refunds.principal import enter_principal
from anlan.services.prepaid.refunds.schemas import (
    Assumption,
    Bilingual,
    Cause,
    Claim,
    Expense,
    Party,
    Refund,
    Teller,
)
from anlan.services.prepaid.refunds.settings import NotCovered, Settings
from anlan.services.prepaid.refunds.sheet import Section, Sheet, article, yuan
from anlan.services.prepaid.refunds.valuing import Overdrawn

__all__ = ["NotCovered", "Overdrawn", "refund"]

_ROUNDING = Assumption(
    setting="",
    text=Bilingual(
        zh="计算过程不取整，最后四舍五入到分；每笔充值单独结算，不互相抵扣",
        en="Nothing is rounded on the way, the end half-up to the fen; each top-up is settled by itself",
    ),
)
_EXPENSES = article("第十五条第二款", "15(2)")
_COMMISSION = article("第十五条第三款", "15(3)")


def refund(claim: Claim, *, book: RuleBook | None = None, calendar: Calendar | None = None) -> Refund:
    """What is to be paid back, by the rules in force on the day on which the contract ended.

    `book` and `calendar` are the process's own where none is given. The total is never negative, and without
    expenses of the consumer's never above what was paid plus interest. Raises `NotCovered` for a day before the
    interpretation came into force, `Overdrawn` where more was deducted than the card held.
    """
    settings = Settings.of(book or rulebook(), claim.ended_on)
    sheet = Sheet()
    sheet.assume(_ROUNDING)
    backs = enter_principal(sheet, claim, settings, calendar or chinese())
    for lot, back in backs:
        enter_interest(sheet, claim, lot, back, settings)
    for expense in claim.expenses:
        _enter_expense(sheet, claim.cause, expense)
    _leave_open(sheet, claim)
    return sheet.refund()


def _enter_expense(sheet: Sheet, cause: Cause, expense: Expense) -> None:
    """R14: reasonable expenses of the side that did not cause the end, never a commission."""
    said = f"“{expense.what}” {yuan(expense.amount_fen)}"
    if expense.is_commission:
        text = Bilingual(
            zh=f"{said}：提成不属于合理费用，不予扣除", en=f"{said}: a commission is no reasonable expense"
        )
        sheet.enter(Section.EXPENSES, "R14", _COMMISSION, text, Fraction(0))
    elif cause is Cause.NEITHER:
        text = Bilingual(
            zh=f"{said}：不可抗力或情势变更，费用不予支持",
            en=f"{said}: not recoverable for force majeure or changed circumstances",
        )
        sheet.enter(Section.EXPENSES, "R14", _EXPENSES, text, Fraction(0))
    elif expense.found_reasonable and expense.borne_by is Party.CONSUMER and cause is Cause.OPERATOR:
        text = Bilingual(zh=f"加：消费者的合理费用，{said}", en=f"Plus: a reasonable expense of the consumer's, {said}")
        sheet.enter(Section.EXPENSES, "R14", _EXPENSES, text, Fraction(expense.amount_fen))
    elif expense.found_reasonable and expense.borne_by is Party.OPERATOR and cause is Cause.CONSUMER:
        text = Bilingual(zh=f"减：经营者的合理费用，{said}", en=f"Less: a reasonable expense of the operator's, {said}")
        sheet.enter(Section.EXPENSES, "R14", _EXPENSES, text, -min(Fraction(expense.amount_fen), sheet.total))
    else:
        text = Bilingual(
            zh=f"{said}：是否合理、由谁承担，请人工判断；未计入",
            en=f"{said}: a person judges whether it is reasonable and who bears it; not counted",
        )
        sheet.leave_to_a_person("R14", _EXPENSES, text)


def _leave_open(sheet: Sheet, claim: Claim) -> None:
    """What a person has to weigh (R15, R17), and that an expired card keeps its value (R16)."""
    for gift in claim.gifts:
        text = Bilingual(
            zh=f"已领取的赠品“{gift.what}”（{yuan(gift.worth_fen)}）不自动扣除，由人工结合价值、合同金额、履行情况和退款原因判断",
            en=f'The gift already taken, "{gift.what}" ({yuan(gift.worth_fen)}), is not taken off; a person weighs its '
            "value, the contract's amount, its performance and the cause",
        )
        sheet.leave_to_a_person("R15", article("第二十一条", "21"), text)
    if claim.valid_until is not None and claim.valid_until < claim.ended_on:
        text = Bilingual(
            zh=f"有效期至 {claim.valid_until}，过期不影响未使用金额",
            en=f"Valid until {claim.valid_until}; what is unused is not lost by that",
        )
        sheet.enter(Section.PRINCIPAL, "R16", article("第二十四条", "24"), text, Fraction(0))
    if claim.records_withheld:
        whose = {
            Teller.PLATFORM: ("平台账本", "the platform's ledger"),
            Teller.OPERATOR: ("经营者所述", "what the operator says"),
            Teller.CONSUMER: ("消费者所述", "what the consumer says"),
        }
        zh, en = whose[claim.uses_told_by]
        text = Bilingual(
            zh=f"经营者控制记录而拒不提供，可以认定消费者主张的消费情况；本次按{zh}计算",
            en="The operator holds the records and withholds them, so the consumer's account may be found true; "
            f"reckoned here on {en}",
        )
        sheet.leave_to_a_person("R17", article("第二十五条", "25"), text)
