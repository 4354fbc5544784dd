"""What is told with the steps of a dispute's procedures."""

from datetime import date
from typing import Annotated

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator, Field

from anlan.loop import clock
from anlan.loop.schemas import Reason, Said, Told, Words

HIGHEST_SUM = 10**14
"""In fen, 10^12 yuan: more than any dispute is about; what lies above is a typing error."""
EARLIEST = date(1949, 10, 1)


def _possible_day(day: date) -> date:
    if not EARLIEST <= day <= clock.today():
        raise ValueError("lies in the future or before 1949")
    return day


PastDay = Annotated[date, AfterValidator(_possible_day)]
"""A day that something can have happened on."""
Sum = Annotated[int, Field(ge=0, le=HIGHEST_SUM)]
"""An amount in fen."""


class Channel(TextChoices):
    """The statutory ways, open whatever becomes of a mediation (人民调解法 第二十六条, 信访工作条例 第三十一条)."""

    LITIGATION = "litigation", _("lawsuit at the court")
    ARBITRATION = "arbitration", _("arbitration")
    LABOUR_ARBITRATION = "labour_arbitration", _("labour arbitration")
    RECONSIDERATION = "reconsideration", _("administrative reconsideration")
    ADMINISTRATIVE = "administrative", _("decision of the authority in charge")
    PETITION = "petition", _("petition")
    POLICE = "police", _("police")
    PROCURATORATE = "procuratorate", _("procuratorate")
    PARTY_APPEAL = "party_appeal", _("appeal within the Party")


class WhyFailed(TextChoices):
    """Why a mediation ends without agreement (人民法院在线调解规则 第二十五条)."""

    WITHDRAWN = "withdrawn", _("the application was withdrawn")
    NO_CONTACT = "no_contact", _("a party could not be reached in time")
    UNWILLING = "unwilling", _("a party is not willing")
    FAR_APART = "far_apart", _("the parties are too far apart")
    OUT_OF_TIME = "out_of_time", _("the time is over and was not extended")
    NOT_SIGNED = "not_signed", _("a party refuses to sign")
    SHAM = "sham", _("suspected sham mediation")
    OTHER = "other", _("another reason")


class Form(TextChoices):
    """How an agreement was made (人民调解法 第二十八条)."""

    WRITTEN = "written", _("in writing")
    ORAL = "oral", _("by word of mouth")


class Opinion(TextChoices):
    """The three outcomes of a petition (信访工作条例 第三十二条)."""

    SUPPORTED = "supported", _("supported")
    EXPLAINED = "explained", _("reasonable, but without a legal basis: explained")
    NOT_SUPPORTED = "not_supported", _("not supported")


class LedOut(Told):
    """Which statutory way the parties were told of and led into."""

    channel: Channel
    text: Words = ""


class Ending(Told):
    """A party need not say why."""

    text: Words = ""


class Failure(Told):
    """Why no agreement was reached."""

    why: WhyFailed
    text: Words = ""


class Consents(Told):
    """Both sides were asked and are willing; how they said so."""

    text: Said


class Reached(Told):
    """What was agreed. It takes effect on the day the last one signed, or, by word of mouth, on the day itself
    (人民调解法 第三十条)."""

    form: Form
    effective_on: PastDay
    amount_fen: Sum | None = None
    text: Said


class Letter(Told):
    """An opinion letter: the request, the facts and reasons, the opinion with its legal basis (第三十二条)."""

    request: Said
    facts: Said
    opinion: Opinion
    basis: Said


class Objection(Reason):
    """That the matter is not within one's powers, with detailed reasons (第二十三条)."""


class Judged(Told):
    """What the court decided."""

    text: Said
