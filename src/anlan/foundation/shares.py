"""n of N, and from which N on a percentage means something."""

from dataclasses import dataclass

SMALLEST_SAMPLE = 30
"""Below this many a percentage says nothing and is not printed (field rules, section 8)."""


@dataclass(frozen=True)
class Share:
    """n of N."""

    n: int
    of: int

    @property
    def percent(self) -> float | None:
        """None where N is too small to mean anything."""
        return 100 * self.n / self.of if self.of >= SMALLEST_SAMPLE else None
