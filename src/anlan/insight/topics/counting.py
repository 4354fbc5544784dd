"""Counting anew by day: asked for on the page, done by the worker, told stage by stage.

One is under way at most. Where a worker dies in the middle, the count is given up after a while and may be asked for
again: what the search had not kept yet is lost, and nothing else.
"""

from datetime import timedelta
from functools import partial

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from anlan.city.people.access import SUPERVISOR, Actor
from anlan.insight.models import TopicCount
from anlan.insight.topics.night import look
from anlan.insight.topics.stages import Stage
from anlan.insight.topics.trends import look_for_rising
from anlan.loop import clock
from anlan.loop.refusals import NotAllowed, NotPossible

COUNTERS = SUPERVISOR
"""It keeps a processor busy for all: whoever leads asks for it."""
LONGEST_STAGE = timedelta(minutes=30)
TOLD_FOR = timedelta(hours=1)
"""How long the page says how the last count ended."""
log = structlog.get_logger("anlan.insight.topics")


def may_count(actor: Actor) -> bool:
    return any(held.role in COUNTERS for held in actor.held)


def ask(actor: Actor) -> TopicCount:
    """Have topics and what is rising counted anew. Raises NotAllowed, and NotPossible where that is under way."""
    if actor.account_id is None or not may_count(actor):
        raise NotAllowed(_("that is not yours to do here"))
    at = clock.now()
    try:
        with transaction.atomic():
            return TopicCount.objects.create(asked_at=at, asked_by=actor.account_id, moved_at=at)
    except IntegrityError:
        raise NotPossible(_("topics are being counted already")) from None


def latest() -> TopicCount | None:
    """The count under way, or one that has ended lately."""
    found = TopicCount.objects.order_by("-id").first()
    ended_long_ago = found and found.ended_at and found.ended_at < clock.now() - TOLD_FOR
    return None if ended_long_ago else found


def count_asked() -> int:
    """For the worker: do what was asked for. Returns how many counts have ended."""
    given_up = _under_way().exclude(stage=Stage.WAITING).filter(moved_at__lt=clock.now() - LONGEST_STAGE)
    ended = given_up.update(ended_at=clock.now(), failed=True)
    waiting = _under_way().filter(stage=Stage.WAITING).first()
    # Of several workers one alone finds it waiting still.
    if waiting is None or not _move(waiting, Stage.RISING, before=Stage.WAITING):
        return ended
    try:
        look_for_rising()
        look(at=partial(_move, waiting))
    except Exception:
        log.exception("counting topics failed", count=waiting.pk)
        TopicCount.objects.filter(pk=waiting.pk).update(ended_at=clock.now(), failed=True)
        return ended + 1
    TopicCount.objects.filter(pk=waiting.pk).update(ended_at=clock.now())
    return ended + 1


def _under_way() -> QuerySet[TopicCount]:
    return TopicCount.objects.filter(ended_at=None)


def _move(count: TopicCount, stage: Stage, *, before: Stage | None = None) -> bool:
    """Write down how far it is; False where it is not at `before` any more."""
    found = TopicCount.objects.filter(pk=count.pk)
    if before is not None:
        found = found.filter(stage=before)
    return bool(found.update(stage=stage, moved_at=clock.now()))
