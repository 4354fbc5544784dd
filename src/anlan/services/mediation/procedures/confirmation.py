"""Judicial confirmation (司法确认): both parties together ask the court, free of charge, to make an agreement
enforceable."""

from typing import ClassVar

from anlan.city.people.access import REPORTER, SYSTEM
from anlan.loop.procedures import Deadline, State, Transition
from anlan.services.mediation.procedures.schemas import Ending, Judged, LedOut
from anlan.services.mediation.procedures.shared import DESK, OFFICE, PARTIES, Paper, Settling


class JudicialConfirmation(Settling, label="司法确认"):
    """Opened when an agreement takes effect; without an application in time the way is closed, the agreement stands."""

    papers: ClassVar[tuple[Paper, ...]] = (
        Paper("司法确认申请书", "application of both parties", "民事诉讼法 第二百零五条"),
        Paper("调解协议", "the agreement", "民事诉讼法解释 第三百五十四条"),
        Paper("调解组织主持调解的证明", "proof that the organisation mediated", "民事诉讼法解释 第三百五十四条"),
        Paper("与协议相关的财产权利证明", "proof of property rights", "民事诉讼法解释 第三百五十四条"),
        Paper("身份、住所、联系方式证明", "identity and contact", "民事诉讼法解释 第三百五十四条"),
    )

    applied = State("已向法院申请")
    admitted = State("法院已受理")
    confirmed = State("裁定有效", final=True)
    not_admitted = State("法院不予受理", final=True)
    rejected = State("裁定驳回", final=True)
    not_asked = State("未申请确认", final=True)

    apply = Transition(Settling.registered, applied, by=OFFICE | PARTIES, label="共同申请", asks=Ending)
    admit = Transition(applied, admitted, by=DESK, label="法院受理", asks=Judged, tells=REPORTER)
    refuse = Transition(applied, not_admitted, by=DESK, label="法院不予受理", asks=Judged, tells=REPORTER)
    confirm = Transition(admitted, confirmed, by=DESK, label="裁定协议有效", asks=Judged, tells=REPORTER)
    reject = Transition(admitted, rejected, by=DESK, label="裁定驳回申请", asks=Judged, tells=REPORTER)
    end = Transition(
        Settling.registered | applied | admitted, not_asked, by=PARTIES, label="不申请或者撤回申请", asks=Ending
    )
    lapse = Transition(Settling.registered, not_asked, by=SYSTEM, label="逾期未申请", tells=REPORTER)
    lead_out = Transition(
        Settling.registered | applied | admitted,
        Settling.led_out,
        by=PARTIES | OFFICE,
        label="导入法定渠道",
        asks=LedOut,
        tells=REPORTER,
    )

    apply_in_time = Deadline(
        since=Settling.registered,
        until=applied,
        rule="mediation.ask_confirmation",
        then=lapse,
        label="申请司法确认期限",
    )
    admit_in_time = Deadline(
        since=applied,
        until=(admitted, not_admitted),
        rule="mediation.court_accepts_confirmation",
        label="法院决定受理期限",
    )
    decide_in_time = Deadline(
        since=admitted,
        until=(confirmed, rejected),
        rule="mediation.court_confirms",
        label="法院作出裁定期限",
    )
