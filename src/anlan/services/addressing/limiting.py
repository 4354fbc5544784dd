"""How often one network address may ask within a minute. Counted in each process, and kept nowhere."""

import threading
import time
from collections import Counter

from django.http import HttpRequest
from django.utils.translation import gettext as _

from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.loop.refusals import Refused

MINUTE = 60


class TooMany(Refused):
    """Asked too often; it works again within a minute."""

    status = 429
    code = "too_many"


class _Minute:
    """Who has asked how often in the minute that is running."""

    def __init__(self) -> None:
        self.begun = 0
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()

    def count(self, asker: str) -> int:
        with self.lock:
            now = int(time.monotonic()) // MINUTE
            if now != self.begun:
                self.begun = now
                self.asked.clear()
            self.asked[asker] += 1
            return self.asked[asker]

    def forget(self) -> None:
        with self.lock:
            self.asked.clear()


this_minute = _Minute()


def not_too_often(request: HttpRequest) -> None:
    """Count this request. Raises TooMany."""
    most = int(rulebook().at("addressing.asked_by_address", clock.today()).value or 0)
    if this_minute.count(request.META.get("REMOTE_ADDR", "")) > most:
        raise TooMany(_("too many look-ups from here; wait a minute"))
