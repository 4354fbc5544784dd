"""Mediation at the court's request: before a case is filed, and after, when the trial's own time does not stand still.

The parties may agree on more time; then the extension is not counted in the time limit of the trial.
"""

from anlan.city.people.access import REPORTER, RESPONDER, SYSTEM
from anlan.loop.procedures import Deadline, State, Transition, escalate
from anlan.loop.schemas import Assignment, Reason
from anlan.services.mediation.procedures.mediation import Lapsing, Mediation
from anlan.services.mediation.procedures.schemas import Consents
from anlan.services.mediation.procedures.shared import DESK, OFFICE, Settling


class CourtReferred(Lapsing):
    """The parties choose a mediator, or the court does; who is silent is replaced; the result goes back to it."""

    designating = State("待法院指定调解员")
    prolonged = State("各方同意延长调解")
    with_court = State("已退回法院", final=True)

    leave_to_court = Transition(Settling.registered, designating, by=SYSTEM | DESK, label="由法院指定")
    designate = Transition(
        designating, Mediation.appointed, by=DESK, label="指定调解员", asks=Assignment, sets=("unit_id",)
    )
    reassign = Transition(Mediation.appointed, designating, by=SYSTEM | DESK, label="另行指定", clears=("unit_id",))
    prolong = Transition(
        Mediation.mediating, prolonged, by=RESPONDER, label="各方同意延长", asks=Consents, tells=REPORTER
    )
    replace = Mediation.replace.also_from(prolonged)
    agree = Mediation.agree.also_from(prolonged)
    fail = Mediation.fail.also_from(prolonged)
    lapse = Lapsing.lapse.also_from(prolonged)
    end = Mediation.end.also_from(designating | prolonged)
    lead_out = Mediation.lead_out.also_from(designating | prolonged)
    return_to_court = Transition(
        Mediation.failed | Mediation.ended | Mediation.agreed,
        with_court,
        by=OFFICE,
        label="退回法院",
        asks=Reason,
    )

    choose_in_time = Deadline(
        since=Settling.registered,
        until=(Mediation.appointed, designating, Mediation.ended),
        rule="mediation.online_choose_mediator",
        then=leave_to_court,
        label="共同选定调解员期限",
    )
    designate_in_time = Deadline(
        since=designating,
        until=(Mediation.appointed, Mediation.ended, Settling.led_out),
        rule="mediation.online_designate_mediator",
        then=escalate,
        label="法院指定调解员期限",
    )
    answer_in_time = Deadline(
        since=Mediation.appointed,
        until=(Mediation.asking, Settling.registered, designating, Mediation.ended),
        rule="mediation.online_mediator_answers",
        then=reassign,
        label="调解员答复期限",
    )
    ask_in_time = Deadline(
        since=Mediation.asking,
        until=(Mediation.mediating, Mediation.failed, Mediation.ended),
        rule="mediation.online_ask_willingness",
        then=escalate,
        label="征求对方意愿期限",
    )
    prolonged_in_time = Deadline(
        since=prolonged,
        until=(Mediation.agreed, Mediation.failed, Mediation.ended),
        rule="mediation.longer",
        then=lapse,
        label="延长调解期限",
    )


_OUTCOMES = (Mediation.agreed, Mediation.failed, Mediation.ended, CourtReferred.prolonged)


class CourtBeforeFiling(CourtReferred, label="立案前委派调解"):
    """The court has not filed the case yet and sends the parties to a mediator, if they are willing."""

    conclude_in_time = Deadline(
        since=Mediation.asking,
        until=_OUTCOMES,
        rule="mediation.before_filing",
        then=CourtReferred.lapse,
        label="立案前调解期限",
    )


class CourtOrdinary(CourtReferred, label="立案后委托调解（普通程序）"):
    """The case is filed under the ordinary procedure; the court entrusts a mediator with it."""

    conclude_in_time = Deadline(
        since=Mediation.asking,
        until=_OUTCOMES,
        rule="mediation.after_filing_ordinary",
        then=CourtReferred.lapse,
        label="委托调解期限",
    )


class CourtSummary(CourtReferred, label="立案后委托调解（简易程序）"):
    """The case is filed under the summary procedure; the court entrusts a mediator with it."""

    conclude_in_time = Deadline(
        since=Mediation.asking,
        until=_OUTCOMES,
        rule="mediation.after_filing_summary",
        then=CourtReferred.lapse,
        label="委托调解期限",
    )
