"""The outbox: notices are written with the change they tell of, and sent from here.

What concerns everybody who reported a matter is written as one row; only here, where the whole city is in scope, is
it addressed: to each of them who left a number, of this matter and of any merged into it. A notice to a command
centre or a unit is read inside the house, where its row is the message: it is sent as soon as it lies there. A
notice to a reporter goes through a sink. Its row stays locked while the sink takes it, so
that two workers never send the same one at once; whoever is killed meanwhile lets go of the lock, and the notice
still waits. If that happens between the delivery and the note of it, the sink gets it again under the same id
and drops it (see `notice_sinks`).
"""

import functools
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from prometheus_client import Counter

from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.masks import mask_text
from anlan.loop import clock
from anlan.loop.models import Matter, Notice, Party
from anlan.loop.notice_sinks import Message, NotDelivered, Sink, sink_for
from anlan.loop.notice_texts import text_for

log = structlog.get_logger("anlan.loop.notices")
OUTCOMES = Counter("anlan_notices_total", "Notices by whom they are for and what became of them", ["to", "outcome"])

# The pause after each failed attempt; after the one that follows the last pause it is given up, visibly.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=25),
    timedelta(hours=2),
    timedelta(hours=10),
)
# A gateway that is down costs its time-out each time: the rest of the round waits for the next one.
FAILURES_THAT_END_A_ROUND = 3


def send_due(limit: int = 200) -> int:
    """Send the notices that are due, those to reporters up to `limit`, the oldest first; returns how many were."""
    sink = _sink(settings.ANLAN_NOTICE_SINK)
    address_waiting()
    sent, failures = _lay_out(), 0
    for _ in range(limit):
        delivered = _send_next(sink)
        if delivered is None:
            break
        sent += delivered
        failures += not delivered
        if failures == FAILURES_THAT_END_A_ROUND:
            break
    return sent


def address_waiting(limit: int = 500) -> int:
    """Make of each notice to all reporters one to each; returns how many there are to be sent."""
    with scoped(scope_of(system())):
        waiting = Notice.objects.select_for_update(skip_locked=True).filter(
            state=Notice.State.WAITING, due_at__lte=clock.now(), to=Notice.To.REPORTERS
        )
        found = list(waiting.order_by("due_at")[:limit])
        addressed = [_to(party, notice) for notice in found for party in _reporters(notice.matter_id)]
        Notice.objects.bulk_create(addressed)
        done = Notice.objects.filter(id__in=[notice.id for notice in found])
        done.update(state=Notice.State.SENT, sent_at=clock.now())
    return len(addressed)


def _reporters(matter_id: UUID) -> Iterable[Party]:
    """Whoever left a number, of a matter or of one merged into it at however many removes."""
    found, newest = {matter_id}, {matter_id}
    while newest:
        newest = set(Matter.objects.filter(merged_into__in=newest).values_list("id", flat=True)) - found
        found |= newest
    return Party.objects.filter(matter__in=found, part=Party.Part.REPORTER, phone__isnull=False).order_by("id")


def _to(party: Party, notice: Notice) -> Notice:
    return Notice(
        matter_id=party.matter_id,
        area=party.area,
        to=Notice.To.REPORTER,
        party=party,
        kind=notice.kind,
        event_seq=notice.event_seq,
        due_at=notice.due_at,
    )


def _lay_out() -> int:
    """Mark what is read inside the house as sent."""
    now = clock.now()
    inside = (Notice.To.DESK, Notice.To.UNIT)
    with scoped(scope_of(system())):
        due = Notice.objects.filter(state=Notice.State.WAITING, due_at__lte=now, to__in=inside)
        count = due.update(state=Notice.State.SENT, sent_at=now)
    OUTCOMES.labels("inside", "sent").inc(count)
    return count


def _send_next(sink: Sink) -> bool | None:
    """Send the notice to a reporter that has been due longest; None if there is none."""
    with scoped(scope_of(system())):
        waiting = Notice.objects.select_for_update(skip_locked=True).filter(
            state=Notice.State.WAITING, due_at__lte=clock.now(), to=Notice.To.REPORTER
        )
        notice = waiting.order_by("due_at").first()
        if notice is None:
            return None
        why = _attempt(notice, sink)
        notice.attempts += 1
        notice.error = mask_text(why)[:300]
        if not why:
            notice.state, notice.sent_at = Notice.State.SENT, clock.now()
        elif notice.attempts > len(PAUSES):
            notice.state = Notice.State.FAILED
            log.error("notice given up", id=str(notice.id), matter=str(notice.matter_id), error=notice.error)
        else:
            notice.due_at = clock.now() + PAUSES[notice.attempts - 1]
        notice.save(update_fields=["state", "attempts", "due_at", "sent_at", "error"])
    OUTCOMES.labels("reporter", "sent" if not why else "failed").inc()
    return not why


def _attempt(notice: Notice, sink: Sink) -> str:
    """Hand it to the sink; returns why that failed, or nothing."""
    log_of_it = log.bind(id=str(notice.id), matter=str(notice.matter_id))
    try:
        # Sealed fields are opened as they are read, and one that can't be must not hold up the others.
        matter = Matter.objects.get(id=notice.matter_id)
        party = notice.party
        if party is None or not party.phone:
            return "no telephone number is left"
        text = text_for(matter, notice.kind, party.language)
        sink.deliver(Message(str(notice.id), party.phone, text, party.language, matter.reference))
    except NotDelivered as error:
        log_of_it.warning("notice not delivered", error=mask_text(str(error)))
        return str(error)
    except Exception as error:
        log_of_it.exception("notice could not be made")
        return f"fault: {type(error).__name__}"
    return ""


@functools.cache
def _sink(address: str) -> Sink:
    return sink_for(address)
