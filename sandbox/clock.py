"""TEST USE ONLY: the one clock of the sandbox: real time plus an offset that a test may set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus ``offset`` seconds. Every date the sandbox hands out or judges by comes from here."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> datetime:
        """The sandbox's time, aware, UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    def as_json(self) -> dict[str, float | str]:
        """``{"offset_seconds": float, "now": ISO 8601}``."""
        return {"offset_seconds": self.offset, "now": iso(self.now())}


def iso(moment: datetime) -> str:
    """Write a moment the way this sandbox's own answers do: UTC, microseconds, ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
