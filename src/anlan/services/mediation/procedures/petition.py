"""Petitions (信访): the routing ladder, the opinion letter, review and re-review.

Source: 信访工作条例 第二十二条至第三十六条.
"""

from enum import IntEnum
from typing import ClassVar

from django.utils.translation import gettext as _

from anlan.city.people.access import REPORTER, SYSTEM
from anlan.foundation.rules import rulebook
from anlan.loop import clock, terms
from anlan.loop.calendar import chinese
from anlan.loop.models import Matter
from anlan.loop.procedures import Deadline, State, Transition, escalate
from anlan.loop.schemas import Progress, Reason
from anlan.services.mediation.procedures.schemas import Channel, Ending, LedOut, Letter, Objection
from anlan.services.mediation.procedures.shared import DESK, OFFICE, PARTIES, Paper, Settling


class Rung(IntEnum):
    """The ladder of article 31: the first rung that fits decides; only the last is settled by an opinion letter."""

    LAWSUIT = 1
    ARBITRATION = 2
    PARTY_MEMBER = 3
    ADMINISTRATIVE = 4
    DUTY = 5
    INVESTIGATE = 6


CHANNELS: dict[Rung, tuple[Channel, ...]] = {
    Rung.LAWSUIT: (Channel.LITIGATION, Channel.PROCURATORATE, Channel.POLICE),
    Rung.ARBITRATION: (Channel.ARBITRATION, Channel.LABOUR_ARBITRATION),
    Rung.PARTY_MEMBER: (Channel.PARTY_APPEAL,),
    Rung.ADMINISTRATIVE: (Channel.RECONSIDERATION, Channel.ADMINISTRATIVE),
    Rung.DUTY: (Channel.ADMINISTRATIVE,),
    Rung.INVESTIGATE: (),
}
"""The statutory ways that each rung leads into; from the last none does."""


def objection_is_open(matter: Matter) -> str | None:
    """A wrong dispatch is objected to within the working days of article 23(3)."""
    rule = rulebook().at("petition.object_to_transfer", clock.local(matter.state_since).date())
    if clock.now() < terms.due(matter.state_since, terms.term_of(rule), chinese()):
        return None
    return _("the time for objecting (%(days)d working days) has passed") % {"days": rule.amount}


class Petition(Settling, label="信访"):
    """A petition with a request (申诉求决), from its registration to the end of re-review."""

    papers: ClassVar[tuple[Paper, ...]] = (
        Paper("信访登记", "registration", "信访工作条例 第十九条"),
        Paper("受理告知书", "notice of acceptance", "信访工作条例 第二十三条"),
        Paper("信访处理意见书", "opinion letter", "信访工作条例 第三十二条"),
    )

    transferred = State("已转送交办")
    objected = State("职权异议待核实")
    handling = State("办理中")
    replied = State("已出具处理意见")
    reviewing = State("复查中")
    review_replied = State("已出具复查意见")
    re_reviewing = State("复核中")
    concluded = State("信访终结", final=True)
    withdrawn = State("信访人撤回", final=True)

    transfer = Transition(Settling.registered, transferred, by=DESK | SYSTEM, label="转送交办", asks=Reason)
    accept_directly = Transition(
        Settling.registered, handling, by=DESK, label="直接受理并告知", asks=Progress, tells=REPORTER, takes_over=True
    )
    object_to_it = Transition(
        transferred, objected, by=OFFICE, label="提出职权异议", asks=Objection, when=objection_is_open
    )
    take_back = Transition(objected, Settling.registered, by=DESK, label="核实同意退回", asks=Reason, returns=True)
    uphold = Transition(objected, transferred, by=DESK, label="不同意退回", asks=Reason)
    accept = Transition(
        transferred, handling, by=OFFICE, label="受理并告知", asks=Progress, tells=REPORTER, takes_over=True
    )
    reply = Transition(handling, replied, by=OFFICE, label="出具处理意见书", asks=Letter, tells=REPORTER)
    ask_review = Transition(replied, reviewing, by=REPORTER, label="请求复查", asks=Reason)
    answer_review = Transition(reviewing, review_replied, by=DESK, label="出具复查意见", asks=Letter, tells=REPORTER)
    ask_re_review = Transition(review_replied, re_reviewing, by=REPORTER, label="请求复核", asks=Reason)
    answer_re_review = Transition(re_reviewing, concluded, by=DESK, label="出具复核意见", asks=Letter, tells=REPORTER)
    rest = Transition(replied | review_replied, concluded, by=SYSTEM, label="期满未请求复查复核", tells=REPORTER)
    withdraw = Transition(
        Settling.registered | transferred | objected | handling | replied | reviewing | review_replied | re_reviewing,
        withdrawn,
        by=PARTIES,
        label="撤回",
        asks=Ending,
    )
    lead_out = Transition(
        Settling.registered | transferred | handling,
        Settling.led_out,
        by=OFFICE,
        label="导入法定渠道",
        asks=LedOut,
        tells=REPORTER,
    )

    transfer_in_time = Deadline(
        since=Settling.registered,
        until=(transferred, handling, Settling.led_out),
        rule="petition.forward",
        then=escalate,
        label="转送交办期限",
    )
    tell_in_time = Deadline(
        since=transferred,
        until=(handling, Settling.led_out, Settling.registered),
        rule="petition.tell_on_transfer",
        then=escalate,
        label="受理告知期限",
    )
    settle_in_time = Deadline(
        since=handling,
        until=(replied, Settling.led_out),
        rule="petition.settle",
        then=escalate,
        label="办理期限",
    )
    review_can_be_asked = Deadline(
        since=replied, until=reviewing, rule="petition.ask_review", then=rest, label="请求复查期限"
    )
    review_in_time = Deadline(
        since=reviewing, until=review_replied, rule="petition.review", then=escalate, label="复查期限"
    )
    re_review_can_be_asked = Deadline(
        since=review_replied,
        until=re_reviewing,
        rule="petition.ask_final_review",
        then=rest,
        label="请求复核期限",
    )
    re_review_in_time = Deadline(
        since=re_reviewing,
        until=concluded,
        rule="petition.final_review",
        then=escalate,
        label="复核期限",
    )
