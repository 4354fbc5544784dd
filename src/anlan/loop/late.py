"""What was done without network and is told later: each thing once, and the told moment beside the moment it came.

The server's receipt stays the moment of the history and of every deadline; why: docs/decisions/0012-offline-steps.md.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.loop.models import Event, Matter, Submission
from anlan.loop.procedures import Procedure
from anlan.loop.refusals import KeyReused

DONE_AT = "done_at"
"""Where a line of the history keeps the moment that was told."""
AT_ONCE = timedelta(minutes=1)
"""The history shows minutes: what came within one has nothing to add."""


@dataclass(frozen=True)
class Late:
    """How a late step is told: `key` names it once for all, `said` is all that was told, `seen` the version of the
    matter it was done on, `done_at` the moment by the teller's own clock."""

    key: UUID
    said: bytes
    seen: int
    done_at: datetime | None = None

    def submission(self, by: Actor) -> Submission:
        """The key as it is written down; one sender's key says nothing about another's."""
        sender = f"step:{by.account_id or by.kind}:{self.key}"
        return Submission(
            key=hashlib.sha256(sender.encode()).digest(), body=hashlib.sha256(self.said).digest(), at=clock.now()
        )

    def moment(self, assigned_at: datetime | None, received_at: datetime) -> dict[str, Any]:
        """The told moment, fit for the history; nothing where it can't be believed, or came within the minute.

        A clock may be wrong by the slack of the rule: then the moment is the nearest that can be true.
        """
        slack = timedelta(minutes=float(rulebook().at("late.slack_minutes", clock.today()).value or 0))
        earliest = assigned_at or received_at
        if self.done_at is None or not earliest - slack <= self.done_at <= received_at + slack:
            return {}
        done_at = min(max(self.done_at, earliest), received_at)
        return {DONE_AT: done_at.isoformat()} if received_at - done_at >= AT_ONCE else {}


def told_before(submission: Submission) -> bool:
    """Has this very thing been told and taken? Raises KeyReused where its key came with something else."""
    before = Submission.objects.filter(key=submission.key).first()
    if before is not None and bytes(before.body) != bytes(submission.body):
        raise KeyReused(_("this key has been used for something else"), field="key")
    return before is not None


def assigned_at(matter: Matter) -> datetime | None:
    """When the matter was last given to a unit. For a scope that holds the matter."""
    last = _assignments(matter.id, matter.rules).order_by("-seq").first()
    return last.at if last else None


def given_since(matter: Matter, seen: int) -> bool:
    """Has it been given to a unit (another, or the same anew) since a version? For a scope that holds the matter."""
    return _assignments(matter.id, matter.rules).filter(seq__gt=seen).exists()


def ever_held(matter: Matter, by: Actor) -> bool:
    """Did a unit of theirs ever have the matter in hand? For a scope that holds the matter."""
    units = [str(unit) for unit in by.units]
    return _assignments(matter.id, matter.rules).filter(data__unit_id__in=units).exists()


def _assignments(matter_id: UUID, rules: type[Procedure]) -> QuerySet[Event]:
    giving = [each.name for each in rules.transitions.values() if "unit_id" in each.sets]
    return Event.objects.filter(matter_id=matter_id, kind__in=giving)
