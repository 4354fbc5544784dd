"""The history of a card: what happened to it, and what was tried and refused."""

from typing import Any
from uuid import UUID

import structlog

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import clock
from anlan.services.prepaid.cards.models import Card, CardEvent

log = structlog.get_logger("anlan.prepaid.cards")


def record(card: Card, kind: CardEvent.Kind, by: UUID | None, **data: Any) -> None:
    """Add a line, in the caller's transaction. `data` holds no personal data."""
    CardEvent.objects.create(
        card=card,
        merchant_id=card.merchant_id,
        holder_id=card.holder_id,
        area=card.area,
        kind=kind,
        at=clock.now(),
        by=by,
        data=data,
    )


def refused(card: Card | None, by: UUID | None, *, attempt: str, why: str) -> None:
    """Write down that something was tried in vain, in a transaction of its own: what was refused is rolled back.

    Where no card is known (a forged code) only the log has it.
    """
    log.warning("refused", attempt=attempt, why=why, card=str(card.id) if card else "", by=str(by or ""))
    if card is not None:
        with scoped(scope_of(system())):
            record(card, CardEvent.Kind.REFUSED, by, attempt=attempt, why=why)
