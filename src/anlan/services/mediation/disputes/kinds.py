"""What disputes are about, as the justice bureaux count them, and the facts of one that its grade reads.

The labels were read in two bureaux' statistics; no official code was found, so each has a slug of its own.
"""

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """The categories of dispute."""

    FAMILY = "family", _("marriage and family")
    NEIGHBOUR = "neighbour", _("neighbours")
    HOUSING = "housing", _("houses and homesteads")
    CONTRACT = "contract", _("contracts")
    BUSINESS = "business", _("production and business")
    DAMAGES = "damages", _("damages")
    LAND = "land", _("forest and farm land")
    DEMOLITION = "demolition", _("land taking and demolition")
    POLLUTION = "pollution", _("pollution")
    LABOUR = "labour", _("labour")
    CONSUMER = "consumer", _("consumers")
    MEDICAL = "medical", _("medical treatment")
    TRAFFIC = "traffic", _("road accidents")
    PROPERTY = "property", _("property management")
    TOURISM = "tourism", _("tourism")
    INTELLECTUAL = "intellectual", _("intellectual property")
    INTERNET = "internet", _("internet trade")
    WAGES = "wages", _("unpaid wages of migrant workers")
    VILLAGE = "village", _("village affairs")
    OTHER = "other", _("other disputes")


CATEGORIES: Final = {
    Kind.FAMILY: "dispute.family",
    Kind.NEIGHBOUR: "dispute.neighbour",
    Kind.CONTRACT: "dispute.debt",
    Kind.MEDICAL: "health.dispute",
}
"""The category of the city's catalogue that a kind falls under, where it has one of its own."""

CLOSE: Final = frozenset((Kind.FAMILY, Kind.NEIGHBOUR))
"""Between people who can't avoid each other."""


class Fact(TextChoices):
    """What somebody on duty has established of this dispute; never of a person beyond it."""

    VIOLENCE = "violence", _("violence has happened in it")
    THREAT = "threat", _("threats were made in it")
    PETITIONED = "petitioned", _("it has been petitioned about")
    SUED = "sued", _("it has been to court")


def category_of(kind: str) -> str:
    """The category of the city's catalogue for a kind of dispute."""
    return CATEGORIES.get(Kind(kind), "dispute")
