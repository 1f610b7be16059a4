"""TEST USE ONLY: a memory of every request that either side made; never a body, a query or a header."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from flask import Response, request

from sandbox.clock import Clock, iso

KEPT = 200_000
"""Requests; the oldest fall out first, so that a day-long run cannot fill the memory."""
HANG_UP = "sandbox.hang_up"
QUIET = {("GET", "/clock"), ("GET", "/history.json"), ("GET", "/health")}
"""Asked many times a second, and nobody's business."""
WHO = (
    (re.compile(r"^/(meta/tr|relay)\b"), "browser"),
    (re.compile(r"^/meta/v\d+\.\d+/"), "app"),
    (re.compile(r"^/admin/[^/]+/(api|oauth)/"), "app"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One request: ``status`` is None where the connection was cut without an answer."""

    n: int
    at: str
    who: str
    method: str
    path: str
    status: int | None
    ms: int


class History:
    """What was asked of whom, in order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._n = 0

    def note(self, who: str, call: tuple[str, str], status: int | None, started: float) -> None:
        """Remember one ``(method, path)``; ``started`` is ``time.monotonic()`` at its start."""
        ms = round((time.monotonic() - started) * 1000)
        with self._lock:
            self._n += 1
            self._entries.append(Entry(self._n, iso(self._clock.now()), who, *call, status, ms))

    def after(self, n: int) -> list[dict[str, Any]]:
        """Every entry with a number above ``n``."""
        with self._lock:
            return [asdict(entry) for entry in self._entries if entry.n > n]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._n = 0


def who_asks(path: str) -> str:
    """Guess the asker from the door it knocks at: the app, the buyer's browser, or whoever drives the test."""
    return next((who for pattern, who in WHO if pattern.match(path)), "driver")


def hang_up() -> Response:
    """Make the server cut this connection without an answer, with a reset where the system allows it."""
    request.environ[HANG_UP] = True
    line = request.environ.get("werkzeug.socket")
    if isinstance(line, socket.socket):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return Response(status=HTTPStatus.SERVICE_UNAVAILABLE)


class Recorder:
    """WSGI layer around the sandbox: notes each request, and carries out ``hang_up``."""

    def __init__(self, app: Callable[..., Iterable[bytes]], history: History) -> None:
        self._app, self._history = app, history

    def __call__(  # noqa: D102 - WSGI says what it does
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        call = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
        started, seen = time.monotonic(), []

        def start(status: str, *rest: Any) -> Any:
            seen.append(int(status.split(maxsplit=1)[0]))
            return start_response(status, *rest)

        answer = self._app(environ, start)
        cut = environ.get(HANG_UP, False)
        if call not in QUIET:
            self._history.note(who_asks(call[1]), call, None if cut else seen[-1], started)
        if cut:
            getattr(answer, "close", lambda: None)()
            raise ConnectionResetError
        return answer
