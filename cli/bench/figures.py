"""Figures: what was measured run by run, and the medians that are shown."""

import statistics
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """A median in its unit; `beside` are the medians of raw limits in the same unit, by what they are of."""

    subject: str
    what: str
    unit: str
    median: float
    beside: Mapping[str, float] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """Return the figure for programs."""
        return {
            "subject": self.subject,
            "what": self.what,
            "unit": self.unit,
            "median": self.median,
            "beside": dict(self.beside),
        }


class Samples:
    """What the runs gave, by name."""

    def __init__(self) -> None:
        self._taken: dict[str, list[float]] = defaultdict(list)

    def add(self, name: str, value: float) -> None:
        """Note what one run gave."""
        self._taken[name].append(value)

    def names(self) -> list[str]:
        """Return what was measured, in the order in which it first was."""
        return list(self._taken)

    def median(self, name: str) -> float:
        """Return the median over the runs."""
        return statistics.median(self._taken[name])
