"""What time it is for the ledger: the machine's time, until a floor above brings a clock of its own."""

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

_tell: Callable[[], datetime] = timezone.now


def provide(tell: Callable[[], datetime]) -> None:
    """Ask `tell` from now on (call in `ready()`); it returns aware moments, as `loop.clock.now` does."""
    global _tell
    _tell = tell


def now() -> datetime:
    """The present moment, aware."""
    return _tell()
