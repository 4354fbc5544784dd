"""The loop of one address to be looked at on the spot: drawn, sent to its grid's worker, checked, reviewed, put right.

Each address is a matter of its own, and not a bundle for each worker: so an answer keeps its photo and its place in the
history, one that can't be reached keeps no other waiting, and the phone's form works without network as all do.
"""

from anlan.city.people.access import DISPATCHER, RESPONDER, SUPERVISOR, SYSTEM, Role
from anlan.loop.procedures import Deadline, Procedure, State, Transition, escalate
from anlan.loop.schemas import Assignment, Reason
from anlan.services.inspection.schemas import Answer, Correction, Judgement

_INSPECTORS = SUPERVISOR | Role.ADMINISTRATOR


class Inspecting(Procedure, label="地址核查"):
    """An address that is compared with what stands on the spot, from the draw to the corrected base."""

    drawn = State("已抽取")
    sent = State("已派发")
    checked = State("待复核")
    reviewed = State("待更正")
    closed = State("已办结", final=True)
    cancelled = State("已取消", final=True)

    send = Transition(
        drawn,
        sent,
        by=DISPATCHER | _INSPECTORS | SYSTEM,
        label="派发",
        asks=Assignment,
        sets=("unit_id",),
        tells=RESPONDER,
    )
    # The unit is free again once it has answered; the answer stays in the history.
    check = Transition(sent, checked, by=RESPONDER, label="核查", asks=Answer, clears=("unit_id",))
    hand_back = Transition(sent, drawn, by=RESPONDER, label="退回", asks=Reason, clears=("unit_id",), returns=True)
    withdraw = Transition(
        sent,
        drawn,
        by=DISPATCHER | _INSPECTORS | SYSTEM,
        label="收回",
        asks=Reason,
        tells=RESPONDER,
        clears=("unit_id",),
    )
    check_again = Transition(
        checked, sent, by=_INSPECTORS, label="重新核查", asks=Assignment, sets=("unit_id",), tells=RESPONDER
    )
    review = Transition(checked, reviewed, by=_INSPECTORS, label="复核", asks=Judgement)
    close = Transition(reviewed, closed, by=_INSPECTORS | SYSTEM, label="办结", asks=Correction)
    cancel = Transition(drawn | sent | checked, cancelled, by=_INSPECTORS, label="取消", asks=Reason)

    send_in_time = Deadline(since=drawn, until=sent, rule="inspection.send", then=escalate, label="派发期限")
    check_in_time = Deadline(since=sent, until=checked, rule="inspection.check", then=escalate, label="核查期限")
    review_in_time = Deadline(since=checked, until=reviewed, rule="inspection.review", then=escalate, label="复核期限")
    correct_in_time = Deadline(since=reviewed, until=closed, rule="inspection.correct", then=escalate, label="更正期限")
