"""What the dispute centre keeps, gathered from its rooms for Django."""

from anlan.services.mediation.disputes.models import Attempt, Disputant, Dispute, DisputeGrams
from anlan.services.mediation.mediators.models import (
    Body,
    Choice,
    Conflict,
    Consent,
    Fee,
    FeeSchedule,
    Mediator,
    ServiceRating,
)

__all__ = [
    "Attempt",
    "Body",
    "Choice",
    "Conflict",
    "Consent",
    "Disputant",
    "Dispute",
    "DisputeGrams",
    "Fee",
    "FeeSchedule",
    "Mediator",
    "ServiceRating",
]
