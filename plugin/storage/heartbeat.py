"""A worker's sign of life, and its memory of how far the ledger had come.

Each beat counts one up in `ledger_mark`. The count a worker has seen it keeps for itself, and in a file if it has one:
a database that counts less than that was put back to an earlier time.
"""

from __future__ import annotations

import glob
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from plugin.storage import resync
from plugin.storage.database import Conn

EVERY: Final = 5.0
"""Seconds."""
STALE: Final = 60.0
"""Seconds after which a file that a witness was about to become has been left behind."""
_BEAT = """
UPDATE ledger_mark SET beats = greatest(beats, %(known)s) + 1, beaten_at = clock_timestamp(),
    seen_at = CASE WHEN paused_at IS NULL THEN greatest(seen_at, %(now)s) ELSE seen_at END
RETURNING beats
"""
_LOOK = "SELECT beats FROM ledger_mark FOR UPDATE"
_AGE = "SELECT clock_timestamp() - beaten_at AS age FROM ledger_mark"


@dataclass(slots=True)
class Witness:
    """How many beats this process has seen; `file` outlives it."""

    file: Path | None
    known: int = 0

    def __post_init__(self) -> None:
        """Read the file. One that is not there, or holds no number, remembers nothing."""
        with suppress(OSError, ValueError):
            self.known = int(self.file.read_text()) if self.file else 0
        if self.file is not None:
            _sweep(self.file)

    def remember(self, beats: int) -> None:
        """Keep a count; a file is replaced as a whole, so that it always holds one."""
        self.known = beats
        if self.file is None:
            return
        fresh = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        with suppress(OSError):  # it is no reason to stop
            try:
                fresh.write_text(str(beats))
                fresh.replace(self.file)
            finally:
                fresh.unlink(missing_ok=True)


def _sweep(file: Path) -> None:
    """Take away what workers left that were killed in the middle of writing; by age, for a number is used again."""
    for left in file.parent.glob(f"{glob.escape(file.name)}.*"):
        with suppress(OSError):
            if left.suffix[1:].isdecimal() and time.time() - left.stat().st_mtime > STALE:
                left.unlink()


def beat(conn: Conn, witness: Witness, now: datetime) -> bool:
    """Beat once; return whether sending is paused. It is from now on if the ledger was put back since the last beat.

    Once this is committed the caller has the witness `remember` the `count`.
    """
    row = conn.execute(_LOOK).fetchone()
    found = resync.state(conn)
    if row is None or row["beats"] < witness.known or found.is_paused:
        resync.pause(conn, now)
    conn.execute(_BEAT, {"known": witness.known, "now": now})
    return resync.state(conn).is_paused


def count(conn: Conn) -> int:
    """Return how many beats there were."""
    row = conn.execute("SELECT beats FROM ledger_mark").fetchone()
    return 0 if row is None else int(row["beats"])


def age(conn: Conn) -> timedelta | None:
    """Return how long ago any worker gave a sign of life; None: none ever did."""
    row = conn.execute(_AGE).fetchone()
    found = None if row is None else row["age"]
    assert found is None or isinstance(found, timedelta)  # noqa: S101 - what the statement returns
    return found
