"""The loop of a reported matter: the town's command centre directs it, a unit goes, the resident has the last word.

Targets: respond in 1 minute, on the scene in 8, first feedback in 1 hour, settled in 24 (`rules.toml`).
"""

from django.utils.translation import gettext as _

from anlan.city.people.access import DISPATCHER, REPORTER, RESPONDER, SUPERVISOR, SYSTEM
from anlan.foundation.rules import rulebook
from anlan.loop import clock, terms
from anlan.loop.calendar import chinese
from anlan.loop.models import Channel, Matter
from anlan.loop.procedures import Deadline, Procedure, State, Transition, escalate
from anlan.loop.schemas import Assignment, Position, Progress, Reason, Satisfaction, Settlement


def came_from_police(matter: Matter) -> str | None:
    """Only what the police handed over can be handed back."""
    return None if matter.channel == Channel.POLICE else _("it did not come from the police")


def may_still_reopen(matter: Matter) -> str | None:
    """A resident can ask for it again within the reopening window."""
    rule = rulebook().at("dispatch.reopen_window", clock.local(matter.state_since).date())
    if clock.now() < terms.due(matter.state_since, terms.term_of(rule), chinese()):
        return None
    return _("the time in which it can be reopened (%(days)d days) has passed; report it anew") % {"days": rule.amount}


class Dispatching(Procedure, label="事件处置"):
    """A reported matter, from the first word to the resident's rating."""

    received = State("已受理")
    routed = State("已分流")
    assigned = State("已派单")
    accepted = State("已接单")
    on_scene = State("处置中")
    resolved = State("待评价", done=True)
    closed = State("已办结", final=True)
    with_police = State("已移交公安", final=True)
    dissolved = State("已拆分", final=True)

    route = Transition(received, routed, by=DISPATCHER | SYSTEM, label="分流")
    assign = Transition(
        routed,
        assigned,
        by=DISPATCHER | SYSTEM,
        label="派单",
        asks=Assignment,
        sets=("unit_id",),
        tells=RESPONDER,
    )
    accept = Transition(assigned, accepted, by=RESPONDER, label="接单", takes_over=True)
    decline = Transition(assigned, routed, by=RESPONDER, label="退单", asks=Reason, clears=("unit_id",), returns=True)
    withdraw = Transition(
        assigned | accepted,
        routed,
        # The program where the unit itself ends.
        by=DISPATCHER | SYSTEM,
        label="收回",
        asks=Reason,
        tells=RESPONDER,
        clears=("unit_id",),
    )
    arrive = Transition(accepted, on_scene, by=RESPONDER, label="到场", asks=Position)
    feed_back = Transition(on_scene, on_scene, by=RESPONDER, label="初次反馈", asks=Progress, tells=REPORTER)
    resolve = Transition(
        on_scene, resolved, by=RESPONDER, label="办结", asks=Settlement, sets=("outcome",), tells=REPORTER
    )
    answer = Transition(
        received | routed,
        resolved,
        by=DISPATCHER,
        label="直接答复",
        asks=Settlement,
        sets=("outcome",),
        tells=REPORTER,
    )
    call_police = Transition(
        received | routed | assigned | accepted | on_scene,
        with_police,
        by=DISPATCHER | RESPONDER | SYSTEM,
        label="转110",
        asks=Reason,
        tells=REPORTER,
    )
    return_to_police = Transition(
        received | routed, with_police, by=DISPATCHER, label="退回公安", asks=Reason, when=came_from_police
    )
    dissolve = Transition(
        received | routed | assigned | accepted | on_scene,
        dissolved,
        # Where a person has decided that what was worked as one is several: each part stands for itself again.
        by=SYSTEM,
        label="拆分",
        asks=Reason,
        tells=RESPONDER,
        clears=("unit_id",),
    )
    rate = Transition(resolved, closed, by=REPORTER, label="评价", asks=Satisfaction, sets=("rating",))
    lapse = Transition(resolved, closed, by=SYSTEM, label="逾期未评")
    reopen = Transition(
        resolved | closed,
        routed,
        by=REPORTER | SUPERVISOR,
        label="重办",
        asks=Reason,
        when=may_still_reopen,
        clears=("unit_id",),
        reopens=True,
    )

    respond = Deadline(since=assigned, until=accepted, rule="dispatch.respond", then=escalate, label="1分钟响应")
    arrive_in_time = Deadline(since=assigned, until=on_scene, rule="dispatch.arrive", then=escalate, label="8分钟到场")
    first_feedback = Deadline(
        since=assigned,
        until=(feed_back, resolved),
        rule="dispatch.first_feedback",
        then=escalate,
        label="1小时初次反馈",
    )
    settle = Deadline(since=received | routed, until=resolved, rule="dispatch.close", then=escalate, label="24小时办结")
    rating_window = Deadline(since=resolved, until=rate, rule="dispatch.rating_window", then=lapse, label="评价期")
