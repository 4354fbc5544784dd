"""What a process keeps in memory of the city, and how it learns that somebody has changed it.

Names, borders, desks, rules and categories are read once and kept, because every report needs them. Whoever changes
some of it says so with `changed`, in the same transaction; every process looks once a second, beside its requests,
and forgets what has changed since. So a page may show a name of a second ago, and never one of yesterday.
"""

import threading
from collections import defaultdict
from collections.abc import Callable

import structlog
from django.db import close_old_connections, connections, transaction
from django.db.models import F

log = structlog.get_logger("anlan.foundation.freshness")
SECONDS_BETWEEN_LOOKS = 1.0

_kept: dict[str, list[Callable[[], None]]] = defaultdict(list)
_seen: dict[str, int] = {}
# Forgotten at the last look. A thread may have been reading the old rows right then, and have kept them just after:
# so everything is forgotten once more at the next look.
_again: set[str] = set()
_lock = threading.Lock()


def keep(topic: str, forget: Callable[[], None]) -> None:
    """Let `forget` be called whenever the topic has changed (at import, beside the cache that it clears)."""
    _kept[topic].append(forget)


def changed(topic: str) -> None:
    """Say, inside the transaction that changes it, that what is kept of a topic has become old."""
    from anlan.foundation.models import Topic

    row, made = Topic.objects.get_or_create(name=topic)
    if not made:
        Topic.objects.filter(name=row.name).update(changes=F("changes") + 1)
    transaction.on_commit(lambda: forget(topic))


def forget(topic: str) -> None:
    """Clear what this process keeps of a topic."""
    for each in _kept[topic]:
        each()


def look() -> int:
    """Forget what has changed since the last look; returns how many topics that were."""
    from anlan.foundation.models import Topic

    with _lock:
        now = dict(Topic.objects.values_list("name", "changes"))
        new = {name for name, changes in now.items() if _seen.get(name) != changes}
        _seen.clear()
        _seen.update(now)
        for topic in new | _again:
            forget(topic)
        _again.clear()
        _again.update(new)
    return len(new)


def keep_looking() -> None:
    """In a process that serves: look again and again, in a thread of its own that ends with the process."""
    threading.Thread(target=_looking, name="freshness", daemon=True).start()


def _looking() -> None:
    pause = threading.Event()
    while True:
        try:
            close_old_connections()
            look()
        except Exception:
            # The database may be away for a while; what is kept then is all there is.
            log.warning("could not look for changes", exc_info=True)
            connections.close_all()
        pause.wait(SECONDS_BETWEEN_LOOKS)
