"""The app's one clock. Rules about orders run by it; leases and deadlines run by the database's."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import requests

KEEP = 0.2
"""Seconds for which a moved clock's offset is taken as known."""


class Clock:
    """The system's time; where a clock address is set (demo and tests), the system's time moved by its offset."""

    def __init__(self, url: str = "") -> None:
        self._url = url
        self._offset = timedelta()
        self._asked = -KEEP
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        if self._url and time.monotonic() - self._asked >= KEEP:
            self._ask()
        return datetime.now(UTC) + self._offset

    def _ask(self) -> None:
        with self._lock:
            if time.monotonic() - self._asked < KEEP:  # another thread was quicker
                return
            try:
                answer = requests.get(self._url, timeout=(1, 1), allow_redirects=False).json()
                self._offset = timedelta(seconds=float(answer["offset_seconds"]))
            except (requests.RequestException, ValueError, KeyError, TypeError):
                pass  # the last known offset holds until the clock answers again
            self._asked = time.monotonic()
