"""A group writer: many threads hand in one thing each, one thread makes and writes them, and each waits for its answer.

It knows no database. What it promises: an answer comes only after `write` has returned, so after its commit; every
thing gets exactly one answer; and what goes wrong with one thing is no other's trouble (see `Alone`).

The things are made in the one thread too, since Python runs one thread at a time in any case: thirty threads that take
turns at it, a few microseconds each, spend most of them on taking turns.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

MOST_AT_ONCE: Final = 128
"""Things that are written together at most: a bound on how long one transaction lasts."""
ROOM: Final = 512
"""Things that wait at most; more than a process has threads, so that only a fault fills it."""

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")


class Alone(Exception):
    """Nothing of the group was written; its things are to be written each by itself, by whoever brought them."""


class NoAnswer(Exception):
    """No room, or no answer in time. Whether the thing was written is not known; writing it must be repeatable."""


@dataclass(frozen=True, slots=True)
class Made(Generic[Thing]):
    """A thing to be written. Two of the same `key` are never in one group, and keep their order."""

    thing: Thing
    key: Hashable


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Thing, Answer]):
    make: Callable[[], Made[Thing]]
    made: Made[Thing] | None = None
    answered: threading.Lock = field(default_factory=threading.Lock)
    answer: list[Answer] = field(default_factory=list)
    fault: Exception | None = None

    def __post_init__(self) -> None:
        self.answered.acquire()

    def is_made(self) -> bool:
        """Make the thing; one that cannot be made has its answer."""
        try:
            self.made = self.made or self.make()
        except Exception as fault:  # noqa: BLE001 - whoever waits for it raises it
            self.end(fault)
        return self.made is not None

    @property
    def key(self) -> Hashable:
        """The key of a thing that is made."""
        return None if self.made is None else self.made.key

    @property
    def thing(self) -> Thing:
        """The thing that is made."""
        assert self.made is not None  # noqa: S101 - asked of those only
        return self.made.thing

    def end(self, fault: Exception | None = None) -> None:
        """Let the one who waits go on."""
        self.fault = fault
        self.answered.release()


class GroupWriter(Generic[Thing, Answer]):
    """Writes in groups what many threads hand in. Its thread begins with the first thing, so after any fork."""

    def __init__(
        self,
        write: Callable[[Sequence[Thing]], Sequence[Answer]],
        *,
        patience: float,
        common: type[Exception],
        end: Callable[[], None] = lambda: None,
    ) -> None:
        """`write` returns one answer a thing, in their order, or raises: `common` is then raised to all who wait.

        Anything else that it raises means that one of them may be to blame, and each is told `Alone`.
        `patience`: seconds that a thing waits for its answer. `end` is called when all is written after `close`.
        """
        self._end = end
        self._write = write
        self._patience = patience
        self._common = common
        self._queue: deque[_Waiting[Thing, Answer]] = deque()
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._closed = False

    def put(self, make: Callable[[], Made[Thing]]) -> Answer:
        """Hand in what makes a thing, and return the thing's answer. Whatever `make` raises is raised here.

        Raises:
            Alone: it was not written, and is to be written by itself.
            NoAnswer: too many wait, or it was not answered in time.
        """
        mine: _Waiting[Thing, Answer] = _Waiting(make)
        with self._changed:
            if self._closed:
                raise Alone
            if len(self._queue) >= ROOM:
                raise NoAnswer("no room")
            self._queue.append(mine)
            self._run()
            if len(self._queue) == 1:
                self._changed.notify()
        if not mine.answered.acquire(timeout=self._patience):
            self._withdraw(mine)
            raise NoAnswer("no answer in time")
        if mine.fault is not None:
            raise mine.fault
        return mine.answer[0]

    def close(self, limit: float = 5) -> None:
        """Take nothing more, and wait (`limit` seconds at most) until all that was handed in is answered."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(limit)

    def _run(self) -> None:
        """Begin the thread; anew in a process that was forked off, where the parent's does not run."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="group-writer", daemon=True)
            self._thread.start()

    def _withdraw(self, mine: _Waiting[Thing, Answer]) -> None:
        with self._changed:
            if mine in self._queue:
                self._queue.remove(mine)

    def _work(self) -> None:
        while waiting := self._next():
            group: dict[Hashable, _Waiting[Thing, Answer]] = {}
            later = [one for one in waiting if one.is_made() and group.setdefault(one.key, one) is not one]
            with self._changed:
                self._queue.extendleft(reversed(later))
            self._write_group([*group.values()])
        self._end()

    def _write_group(self, group: list[_Waiting[Thing, Answer]]) -> None:
        if not group:
            return
        try:
            answers = self._write([one.thing for one in group])
            for one, answer in zip(group, answers, strict=True):
                one.answer.append(answer)
        except Exception as fault:  # noqa: BLE001 - whatever it is, each learns of it, and tells it by itself
            told = self._common if isinstance(fault, self._common) else Alone
            for one in group:
                one.end(told("in a group"))
        else:
            for one in group:
                one.end()

    def _next(self) -> list[_Waiting[Thing, Answer]]:
        """Wait for things, and take up to MOST_AT_ONCE; none once it is closed and all is answered."""
        with self._changed:
            while not self._queue and not self._closed:
                self._changed.wait()
            return [self._queue.popleft() for _ in range(min(len(self._queue), MOST_AT_ONCE))]
