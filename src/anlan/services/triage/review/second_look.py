"""What the second look by night found, as far as somebody sees the matters and it still holds."""

from dataclasses import dataclass
from datetime import datetime

from anlan.city.people.access import Actor, scope_of, scoped
from anlan.foundation.shares import Share
from anlan.loop.answers import category_label
from anlan.loop.models import Event, Matter
from anlan.loop.queries import lying_in
from anlan.services.triage.learning.models import SecondLook
from anlan.services.triage.review.agreement import READERS

SHOWN = 20


@dataclass(frozen=True)
class Elsewhere:
    """An open matter, as what it is filed, as what the night reads it, how sure it is and by which words."""

    matter: Matter
    filed: str
    read: str
    percent: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class LastNight:
    """What the last look found in the reader's areas. `kept` are its sure answers to held-back texts that were
    right."""

    at: datetime
    read: int
    kept: Share
    elsewhere: list[Elsewhere]


def last_night(actor: Actor) -> LastNight | None:
    """The last look; None before the first. What is settled or has been sorted anew since is left out."""
    last = SecondLook.objects.order_by("-id").first()
    if last is None:
        return None
    told = {each["matter"]: each for each in last.found}
    within = lying_in({held.area for held in actor.held if held.role in READERS})
    with scoped(scope_of(actor)):
        sorted_anew = Event.objects.filter(matter_id__in=told, kind="reclassified").values("matter_id")
        open_still = Matter.objects.filter(within, id__in=told, closed_at=None, merged_into=None)
        found = {str(each.id): each for each in open_still.exclude(id__in=sorted_anew)}
    elsewhere = [
        Elsewhere(
            matter=found[id],
            filed=category_label(found[id].category),
            read=category_label(each["category"]),
            percent=int(100 * each["probability"]),
            words=tuple(each["words"]),
        )
        for id, each in told.items()
        if id in found
    ]
    return LastNight(last.at, last.read, Share(last.right, last.judged), elsewhere[:SHOWN])
