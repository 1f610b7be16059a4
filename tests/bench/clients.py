"""The clients: a lean HTTP load generator over loopback, in a few processes of its own.

Requests are built before the clock runs. Closed loop: each connection asks again as soon as it is answered. Open loop:
requests are due at a fixed rate, and their latency counts from when they were due, so that a server which stalls is
charged for all that had to wait (no co-ordinated omission).
"""

from __future__ import annotations

import multiprocessing
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

Maker = Callable[[int, int], list[bytes]]
"""Makes the requests of a range of numbers: first, count."""
LAST_WORDS = 5.0
"""Seconds after the end in which answers still count; a request without one has failed."""
READY_WITHIN = 60


@dataclass(frozen=True, slots=True)
class Load:
    """One run. `rate`: requests a second in all; None: closed loop. It ends after `seconds` or `most` requests."""

    port: int
    make: Maker
    connections: int = 64
    seconds: float = 1.5
    most: int = 8000
    first: int = 0
    rate: float | None = None
    processes: int = 2


@dataclass(slots=True)
class Tally:
    """What one process saw. Times in seconds; `good`: numbers of the requests that got 2xx."""

    began: float = 0
    ended: float = 0
    good: list[int] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    """Answered with another status."""
    failed: int = 0
    """Not answered."""
    cpu: float = 0


class _Line:
    """One connection and what it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = -1
        self.since = 0.0
        self.heard = b""

    def ask(self, request: bytes, number: int, since: float) -> None:
        self.number, self.since = number, since
        self.socket.sendall(request)

    def answer(self) -> int | None:
        """Read; return the status once the answer is whole. Raises OSError when the connection is gone."""
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionResetError
        self.heard += piece
        end = self.heard.find(b"\r\n\r\n")
        if end < 0:
            return None
        at = self.heard.lower().find(b"content-length:", 0, end)
        length = int(self.heard[at + 15 : self.heard.find(b"\r\n", at)]) if at >= 0 else 0
        if len(self.heard) < end + 4 + length:
            return None
        status, self.heard = int(self.heard[9:12]), b""
        return status


class _Driver:
    """Drives the connections of one process."""

    def __init__(self, lines: Sequence[_Line], requests: Sequence[bytes], first: int) -> None:
        self.tally = Tally()
        self._requests = requests
        self._first = first
        self._next = 0
        self._lines = {line.socket.fileno(): line for line in lines}
        self._idle = deque(lines)
        self._poll = select.epoll()
        for number in self._lines:
            self._poll.register(number, select.EPOLLIN)

    @property
    def _busy(self) -> int:
        return len(self._lines) - len(self._idle)

    def closed(self, seconds: float) -> None:
        end = self._begin() + seconds
        while True:
            now = time.perf_counter()
            open_yet = now < end and self._next < len(self._requests)
            while open_yet and self._idle and self._next < len(self._requests):
                self._ask(time.perf_counter())
            if self._is_over(end, open_yet=open_yet):
                return
            self._hear(0.05)

    def paced(self, seconds: float, rate: float) -> None:
        began = self._begin()
        count = min(len(self._requests), int(seconds * rate))
        while True:
            now = time.perf_counter()
            due = min(count, int((now - began) * rate) + 1)
            while self._next < due and self._idle:
                self._ask(began + self._next / rate)
            if self._is_over(began + seconds, open_yet=self._next < count):
                return
            wait = began + self._next / rate - now
            self._hear(min(0.05, max(0, wait)) if self._idle and self._next < count else 0.05)

    def _begin(self) -> float:
        self.tally.began = time.perf_counter()
        return self.tally.began

    def _is_over(self, end: float, *, open_yet: bool) -> bool:
        late = time.perf_counter() > end + LAST_WORDS
        if not late and (open_yet or self._busy) and self._lines:
            return False
        self.tally.failed += self._busy
        if not self.tally.ended:
            self.tally.ended = time.perf_counter()
        return True

    def _ask(self, since: float) -> None:
        line = self._idle.popleft()
        number, self._next = self._next, self._next + 1
        try:
            line.ask(self._requests[number], self._first + number, since)
        except OSError:
            self._lose(line)

    def _hear(self, patience: float) -> None:
        for number, _ in self._poll.poll(patience):
            line = self._lines.get(number)
            if line is None:
                continue
            try:
                status = line.answer()
            except OSError:
                self._lose(line)
                continue
            if status is not None:
                self._note(line, status)

    def _note(self, line: _Line, status: int) -> None:
        now = time.perf_counter()
        if 200 <= status < 300:
            self.tally.good.append(line.number)
            self.tally.latencies.append(now - line.since)
        else:
            self.tally.refused += 1
        self.tally.ended = now
        self._idle.append(line)

    def _lose(self, line: _Line) -> None:
        """The connection is gone, and what it asked is not answered; the others go on."""
        self.tally.failed += 1
        self._lines.pop(line.socket.fileno(), None)
        line.socket.close()


def _work(load: Load, place: int, pipe: Connection) -> None:
    share = load.most // load.processes
    first = load.first + place * share
    requests = load.make(first, share)
    lines = [_Line(load.port) for _ in range(max(1, load.connections // load.processes))]
    driver = _Driver(lines, requests, first)
    pipe.send("ready")
    pipe.recv()
    before = time.process_time()
    if load.rate is None:
        driver.closed(load.seconds)
    else:
        driver.paced(load.seconds, load.rate / load.processes)
    driver.tally.cpu = time.process_time() - before
    pipe.send(driver.tally)
    os._exit(0)


@dataclass(slots=True)
class Clients:
    """The processes of one run, ready to go."""

    pipes: list[Connection]
    processes: list[multiprocessing.context.ForkProcess]

    def run(self) -> list[Tally]:
        """Let them go; return what each saw."""
        self.go()
        return self.wait()

    def go(self) -> None:
        for pipe in self.pipes:
            pipe.send("go")

    def wait(self) -> list[Tally]:
        tallies = [pipe.recv() for pipe in self.pipes]
        for process in self.processes:
            process.join()
        return tallies


def ready(load: Load) -> Clients:
    """Start the clients of a run and let them make their requests; nothing is sent yet."""
    context = multiprocessing.get_context("fork")
    made = Clients([], [])
    for place in range(load.processes):
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(load, place, theirs), daemon=True)
        process.start()
        made.pipes.append(ours)
        made.processes.append(process)
    for pipe in made.pipes:
        if not pipe.poll(READY_WITHIN):
            raise TimeoutError("a client did not become ready")
        pipe.recv()
    return made
