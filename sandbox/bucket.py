"""TEST USE ONLY: a leaky bucket of points, by the sandbox's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Bucket:
    """``level`` points are there; ``rate`` come back each second, up to ``size``."""

    size: float
    rate: float
    level: float
    at: datetime

    def fill(self, now: datetime) -> None:
        """Let come back what the time since the last look restores; a clock that was set back restores nothing."""
        seconds = max(0.0, (now - self.at).total_seconds())
        self.level, self.at = min(self.size, self.level + seconds * self.rate), now

    def take(self, points: float) -> bool:
        """Pay that many points; False, and nothing paid, if they are not there."""
        if points > self.level:
            return False
        self.level -= points
        return True

    def give_back(self, points: float) -> None:
        """Return what was paid too much."""
        self.level = min(self.size, self.level + points)

    def as_json(self) -> dict[str, float]:
        """``throttleStatus`` as the Admin API shows it."""
        return {"maximumAvailable": self.size, "currentlyAvailable": int(self.level), "restoreRate": self.rate}
