"""The loops about shops that take money ahead: a warning, an appeal against a colour, a closing.

People decide in the matter, from whichever page or door; what follows from it for money and colours the program does
itself, within a second (`carrying_out`). So there is no door by which a decision is made without its effect.
"""

from anlan.city.people.access import DISPATCHER, REPORTER, RESPONDER, SUPERVISOR, SYSTEM, Role
from anlan.loop.procedures import Deadline, Procedure, State, Transition, escalate
from anlan.loop.schemas import Assignment, Reason
from anlan.services.prepaid.supervision.schemas import Confirmation, Ending, Granting, Measure, Settled, Verification

_REGULATOR = SUPERVISOR | Role.ADMINISTRATOR
_DESK = DISPATCHER | _REGULATOR


class Forewarning(Procedure, label="预付风险预警"):
    """A shop that alarms: looked at on the spot by a grid worker, then dealt with by the regulator of the area."""

    raised = State("已预警")
    sent = State("待核查")
    verified = State("待处置")
    in_hand = State("处置中")
    closed = State("已办结", final=True)
    unfounded = State("核查排除", final=True)
    cancelled = State("已撤销", final=True)

    send = Transition(
        raised, sent, by=_DESK | SYSTEM, label="派发核查", asks=Assignment, sets=("unit_id",), tells=RESPONDER
    )
    # The unit is free again once it has told; its word stays in the history.
    verify = Transition(sent, verified, by=RESPONDER, label="现场核查", asks=Verification, clears=("unit_id",))
    hand_back = Transition(sent, raised, by=RESPONDER, label="退回", asks=Reason, clears=("unit_id",), returns=True)
    withdraw = Transition(sent, raised, by=_DESK, label="收回", asks=Reason, tells=RESPONDER, clears=("unit_id",))
    verify_again = Transition(
        verified, sent, by=_DESK, label="重新核查", asks=Assignment, sets=("unit_id",), tells=RESPONDER
    )
    intervene = Transition(verified, in_hand, by=_REGULATOR, label="采取措施", asks=Measure)
    intervene_again = Transition(in_hand, in_hand, by=_REGULATOR, label="再采取措施", asks=Measure)
    close = Transition(in_hand, closed, by=_REGULATOR, label="办结", asks=Ending)
    exclude = Transition(verified, unfounded, by=_REGULATOR, label="排除风险", asks=Reason)
    cancel = Transition(raised | sent, cancelled, by=_REGULATOR | SYSTEM, label="撤销预警", asks=Reason)

    verify_in_time = Deadline(
        since=raised, until=verified, rule="prepaid.colour_verify", then=escalate, label="现场核查期限"
    )
    decide_in_time = Deadline(
        since=verified,
        until=(in_hand, unfounded),
        rule="prepaid.warning_decide",
        then=escalate,
        label="处置期限",
    )
    close_in_time = Deadline(since=in_hand, until=closed, rule="prepaid.warning_close", then=escalate, label="办结期限")


class Appealing(Procedure, label="预付码申诉"):
    """A merchant says that its shop's colour is wrong. Granted, the colour is withdrawn with the reason."""

    lodged = State("待受理")
    examined = State("审查中")
    granted = State("已支持")
    settled = State("已变更赋码", final=True)
    refused = State("不予支持", final=True)
    taken_back = State("已撤回", final=True)

    examine = Transition(lodged, examined, by=_REGULATOR, label="受理", tells=REPORTER)
    grant = Transition(lodged | examined, granted, by=_REGULATOR, label="支持申诉", asks=Granting, tells=REPORTER)
    refuse = Transition(lodged | examined, refused, by=_REGULATOR, label="不予支持", asks=Reason, tells=REPORTER)
    take_back = Transition(lodged | examined, taken_back, by=REPORTER, label="撤回申诉")
    settle = Transition(granted, settled, by=SYSTEM, label="变更赋码", tells=REPORTER)

    decide_in_time = Deadline(
        since=lodged,
        until=(granted, refused, taken_back),
        rule="prepaid.appeal_decide",
        then=escalate,
        label="申诉答复期限",
    )


class ClosingDown(Procedure, label="门店停业清退"):
    """A shop that closes, announced or found shut: confirmed, its holders told and paid back, the rest listed as
    claims."""

    known = State("待确认")
    settling = State("清退中")
    settled = State("清退完成")
    closed = State("已办结", final=True)
    rejected = State("未停业", final=True)

    confirm = Transition(known, settling, by=_REGULATOR, label="确认停业并清退", asks=Confirmation)
    reject = Transition(known, rejected, by=_REGULATOR, label="未停业", asks=Reason)
    settle = Transition(settling, settled, by=SYSTEM, label="逐卡清退", asks=Settled)
    close = Transition(settled, closed, by=_REGULATOR, label="办结", asks=Reason)

    confirm_in_time = Deadline(
        since=known,
        until=(settling, rejected),
        rule="prepaid.closing_confirm",
        then=escalate,
        label="停业确认期限",
    )
    pay_back_in_time = Deadline(
        since=settling, until=settled, rule="prepaid.closing_pay_back", then=escalate, label="退款期限"
    )
