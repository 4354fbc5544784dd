"""The kinds of mediation. They share every step of `Mediation` and declare only what sets them apart.

A party may refuse or end at any time with one step (人民调解法 第十七条、第二十三条); what failed ends by telling which
statutory ways are open (第二十六条), and no deadline makes anybody sign.
"""

from typing import ClassVar

from anlan.city.people.access import REPORTER, RESPONDER, SYSTEM
from anlan.loop.procedures import Deadline, State, Transition, escalate
from anlan.loop.schemas import Assignment, Progress, Reason
from anlan.services.mediation.mediators.conflicts import free_of_conflict
from anlan.services.mediation.procedures.rising import may_rise
from anlan.services.mediation.procedures.schemas import Consents, Ending, Failure, LedOut, Reached
from anlan.services.mediation.procedures.shared import DESK, OFFICE, PARTIES, Paper, Settling


class Mediation(Settling):
    """A mediator is found, the other side is asked, both talk; they agree, or learn which ways are open."""

    papers: ClassVar[tuple[Paper, ...]] = (
        Paper("调解登记表", "registration", "人民调解法 第二十七条"),
        Paper("调解工作记录", "record of the work", "人民调解法 第二十七条"),
        Paper("调解协议书或者口头协议登记表", "agreement, or the record of an oral one", "人民调解法 第二十八条"),
    )

    appointed = State("已选定调解员")
    asking = State("征求意愿中")
    mediating = State("调解中")
    agreed = State("已达成协议")
    failed = State("调解不成")
    ended = State("当事人终止")
    performed = State("已履行", final=True)

    appoint = Transition(
        Settling.registered,
        appointed,
        by=DESK | SYSTEM,
        label="选定调解员",
        asks=Assignment,
        sets=("unit_id",),
        tells=RESPONDER,
    )
    decline = Transition(appointed, Settling.registered, by=RESPONDER, label="不接受", asks=Reason, clears=("unit_id",))
    replace = Transition(
        appointed | asking | mediating,
        Settling.registered,
        by=DESK | SYSTEM,
        label="更换调解员",
        asks=Reason,
        tells=RESPONDER,
        clears=("unit_id",),
    )
    take_on = Transition(appointed, asking, by=RESPONDER, label="受理", takes_over=True, when=free_of_conflict)
    begin = Transition(asking, mediating, by=RESPONDER, label="双方同意调解", asks=Consents, when=free_of_conflict)
    talk = Transition(mediating, mediating, by=RESPONDER, label="调解记录", asks=Progress)
    agree = Transition(
        mediating, agreed, by=RESPONDER, label="达成协议", asks=Reached, tells=REPORTER, when=free_of_conflict
    )
    fail = Transition(asking | mediating, failed, by=RESPONDER, label="调解不成", asks=Failure, tells=REPORTER)
    end = Transition(
        Settling.registered | appointed | asking | mediating | failed,
        ended,
        by=PARTIES | OFFICE,
        label="拒绝或者终止调解",
        asks=Ending,
        tells=RESPONDER,
    )
    try_again = Transition(
        failed | ended, Settling.registered, by=DESK | PARTIES, label="重新调解", asks=Reason, clears=("unit_id",)
    )
    perform = Transition(agreed, performed, by=OFFICE, label="确认履行", asks=Progress)
    lead_out = Transition(
        Settling.registered | appointed | asking | mediating | agreed | failed | ended,
        Settling.led_out,
        by=PARTIES | OFFICE,
        label="导入法定渠道",
        asks=LedOut,
        tells=REPORTER,
    )

    appoint_in_time = Deadline(
        since=Settling.registered,
        until=(appointed, ended),
        rule="mediation.appoint",
        then=escalate,
        label="选定调解员期限",
    )
    tell_the_ways = Deadline(
        since=failed | ended,
        until=(Settling.led_out, Settling.registered),
        rule="mediation.tell_the_ways",
        then=escalate,
        label="告知法定渠道期限",
    )


class Lapsing(Mediation):
    """A mediation that is over when its time is over: whoever wants to may go the statutory way from then on."""

    lapse = Transition(
        Settling.registered | Mediation.appointed | Mediation.asking | Mediation.mediating,
        Mediation.failed,
        by=SYSTEM,
        label="期满未达成协议",
        tells=REPORTER,
    )


class PeoplesMediation(Mediation, label="人民调解"):
    """People's mediation, free of charge: from the village to the town to the county, as near to home as it can be.

    What fails or takes too long goes up by itself; at the county it ends, and the way to the court is open throughout.
    """

    go_up = Transition(
        Settling.registered | Mediation.appointed | Mediation.asking | Mediation.mediating | Mediation.failed,
        Settling.registered,
        by=SYSTEM | DESK,
        label="提级调解",
        tells=REPORTER,
        clears=("unit_id",),
        when=may_rise,
        raises=True,
    )

    appoint_in_time = Deadline(
        since=Settling.registered,
        until=(Mediation.appointed, Mediation.ended, go_up),
        rule="mediation.appoint",
        then=go_up,
        label="选定调解员期限",
    )
    conclude_in_time = Deadline(
        since=Mediation.asking,
        until=(Mediation.agreed, Mediation.failed, Mediation.ended, go_up),
        rule="mediation.peoples_mediation",
        then=go_up,
        label="调解期限",
    )


class AdministrativeMediation(Lapsing, label="行政调解"):
    """Mediation by the authority in charge of what the dispute is about."""

    conclude_in_time = Deadline(
        since=Mediation.asking,
        until=(Mediation.agreed, Mediation.failed, Mediation.ended),
        rule="mediation.administrative",
        then=Lapsing.lapse,
        label="行政调解期限",
    )


class PoliceMediation(Mediation, label="治安调解"):
    """Mediation by the police of a minor offence between people: normally once, at most once more."""

    papers: ClassVar[tuple[Paper, ...]] = (
        Paper("治安调解协议书", "agreement of the mediation by the police", "公安机关办理行政案件程序规定"),
    )

    second_round = State("待再次调解")

    arrange_second = Transition(
        Mediation.mediating, second_round, by=RESPONDER, label="约定再次调解", asks=Progress, tells=REPORTER
    )
    agree = Mediation.agree.also_from(second_round)
    fail = Mediation.fail.also_from(second_round)
    end = Mediation.end.also_from(second_round)
    lead_out = Mediation.lead_out.also_from(second_round)
    second_lapses = Transition(second_round, Mediation.failed, by=SYSTEM, label="未按期再次调解", tells=REPORTER)

    second_in_time = Deadline(
        since=second_round,
        until=(Mediation.agreed, Mediation.failed, Mediation.ended),
        rule="police.second_mediation",
        then=second_lapses,
        label="再次调解期限",
    )


class LabourMediation(Lapsing, label="劳动争议调解"):
    """Mediation of a labour dispute: without agreement in time either side may go to arbitration."""

    conclude_in_time = Deadline(
        since=Settling.registered,
        until=(Mediation.agreed, Mediation.failed, Mediation.ended),
        rule="labour.mediation",
        then=Lapsing.lapse,
        label="劳动争议调解期限",
    )


class ConsumerMediation(Lapsing, label="消费争议调解"):
    """Mediation of a consumer's complaint by the market regulator."""

    accept_in_time = Deadline(
        since=Settling.registered,
        until=(Mediation.asking, Mediation.ended, Settling.led_out),
        rule="consumer.accept",
        then=escalate,
        label="受理决定期限",
    )
    conclude_in_time = Deadline(
        since=Mediation.asking,
        until=(Mediation.agreed, Mediation.failed, Mediation.ended),
        rule="consumer.mediate",
        then=Lapsing.lapse,
        label="消费争议调解期限",
    )
    tell_the_ways = Deadline(
        since=Mediation.failed | Mediation.ended,
        until=(Settling.led_out, Settling.registered),
        rule="consumer.tell_end_of_mediation",
        then=escalate,
        label="告知终止调解期限",
    )
