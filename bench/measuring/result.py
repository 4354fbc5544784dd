"""What a benchmark found: one figure, the limit it is held against, the goals, and the machine it was found on."""

import os
import platform
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import psutil

from anlan.loop.clock import LOCAL


@dataclass(frozen=True)
class Goal:
    """A figure that was promised: `measured` should be at most, or at least, `wanted`."""

    name: str
    measured: float | None
    bound: Literal["at most", "at least"]
    wanted: float

    @property
    def met(self) -> bool:
        """What could not be measured has not been met."""
        if self.measured is None:
            return False
        return self.measured <= self.wanted if self.bound == "at most" else self.measured >= self.wanted


@dataclass(frozen=True)
class Result:
    """`value` and `limit` are in `unit`; `more` is what else was measured, `notes` how it is to be read."""

    value: float
    unit: str
    limit: float
    limit_name: str
    more: dict[str, Any] = field(default_factory=dict)
    goals: tuple[Goal, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        """1 is as fast as the limit."""
        return self.value / self.limit

    def as_json(self, name: str, machine: dict[str, Any]) -> dict[str, Any]:
        return {
            "name": name,
            "value": rounded(self.value),
            "unit": self.unit,
            "limit": rounded(self.limit),
            "limit_name": self.limit_name,
            "ratio": rounded(self.ratio),
            **{key: rounded(value) for key, value in self.more.items()},
            "goals": {
                goal.name: {
                    "measured": rounded(goal.measured),
                    goal.bound.replace(" ", "_"): goal.wanted,
                    "met": goal.met,
                }
                for goal in self.goals
            },
            "notes": list(self.notes),
            "machine": machine,
        }

    def as_text(self, name: str, machine: dict[str, Any]) -> str:
        """One block for a person."""
        lines = [
            f"{name}: {_shown(self.value)} {self.unit}",
            f"  limit        {_shown(self.limit)} {self.unit}, {self.limit_name}",
            f"  ratio        {_shown(self.ratio)}",
            *(f"  {key:<12} {_shown(value)}" for key, value in self.more.items()),
            *(
                f"  {'met' if goal.met else 'MISSED':<12} {goal.name}: {_shown(goal.measured)}, "
                f"wanted {goal.bound} {goal.wanted:g}"
                for goal in self.goals
            ),
            *(f"  note: {note}" for note in self.notes),
            "  on: " + ", ".join(f"{key} {value}" for key, value in machine.items()),
        ]
        return "\n".join(lines)


def rounded(value: Any) -> Any:
    """Three digits are more than a benchmark can stand for; whole numbers stay whole."""
    if isinstance(value, float):
        return float(f"{value:.3g}") if abs(value) < 100 else float(round(value))
    return [rounded(each) for each in value] if isinstance(value, list) else value


def this_machine(postgresql: str) -> dict[str, Any]:
    """What a figure means nothing without; the load is the one of the last minute, before the benchmark."""
    return {
        "date": f"{datetime.now(LOCAL):%Y-%m-%d}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "postgresql": postgresql,
        "system": f"{platform.system()} {platform.machine()}",
    }


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    value = rounded(value)
    return f"{value:,.10g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
