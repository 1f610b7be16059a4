"""The loop: inputs made from a seed, the app's answers, and what must be as it was before."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Final

from plugin.logs import JsonLines
from tests.fuzz.asking import Input
from tests.fuzz.grammar import CANARIES
from tests.fuzz.knock import knock
from tests.fuzz.stand import Stand

PROVEN_SHARE: Final = 0.25
TAKES_AWAY: Final = ("/webhooks/app/uninstalled", "/meta/", "/disconnect", "/offline-tracking")
"""Where a proven input may take the target away, or what is tried at it; then it is put back."""
TWICE: Final = 10
"""Every so many inputs to a fast door are also put to Flask, which must say the same."""
HOSTS: Final = frozenset({"Host", "X-Forwarded-Host"})
"""An unreadable one is refused by Flask; the fast doors do not ask for it."""
FAST: Final = ("/webhooks/orders/paid", "/pixel/evidence")
WARM: Final = 0.1
"""The part of the inputs after which memory is measured from: caches and bounded lists have filled by then."""
PLANNED: Final = {"staff": (502, 503)}
"""What a page may answer that would have to ask Shopify or Meta, who are away here."""
AWAY: Final = (503,)
"""What all may answer where the database does not in time, as on a busy machine. Shopify and the pixel repeat."""
MOST_AWAY: Final = 0.005
"""The part of all inputs for which it may be away."""
MOST_TOLD: Final = 20
BAD: Final = 400


class Ears(logging.Handler):
    """Hears every line that is logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.unhandled = self.leaks = 0
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        """Count what should not be there."""
        line = self.format(record)
        self.unhandled += record.levelno >= logging.ERROR
        self.leaks += any(canary in line for canary in CANARIES)


@dataclass
class Catch:
    """What a hunt has found."""

    seed: int
    inputs: int = 0
    seconds: float = 0
    answers: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    """The first faults, each with what makes its input again."""
    calls_out: int = 0
    memory_growth: int = 0
    """Bytes, from a tenth of the inputs to the last."""
    slowest: float = 0

    def fault(self, text: str, where: str) -> None:
        """Note one."""
        self.faults[text] += 1
        if len(self.told) < MOST_TOLD and self.faults[text] <= 3:
            self.told.append(f"{text}: {where}")


def input_of(stand_maker: Any, seed: int, number: int, *, proven: bool) -> Input:
    """Make the input of a number anew."""
    dice = Random(f"{seed}:{number}:{proven}")  # noqa: S311 - the same inputs each time
    families = stand_maker.proven if proven else stand_maker.unproven
    (family,) = dice.choices([*families], [*families.values()])
    made: Input = family(dice)
    return made


def hunt(at: Stand, *, seed: int, count: int, out: Callable[[str], None] = lambda _line: None) -> Catch:
    """Send `count` inputs, first those that prove nothing; then look what has changed."""
    caught, maker = Catch(seed), at.maker()
    began, warm, heap = time.monotonic(), int(count * WARM), 0
    unproven = int(count * (1 - PROVEN_SHARE))
    with ears() as heard, egress(caught):
        before, aside = at.whole(), at.of_bystander()
        for number in range(count):
            proven = number >= unproven
            if number == unproven:
                _unchanged(caught, "unproven inputs changed", before, at.whole())
            if number == warm:
                heap = memory()
            if number % 20_000 == 0:
                out(f"{number} of {count}, {sum(caught.faults.values())} faults")
            _one(caught, at, input_of(maker, seed, number, proven=proven), f"{seed}:{number}:{proven}", proven=proven)
        _unchanged(caught, "the other shop's rows changed", aside, at.of_bystander())
    if at.shop_count() != 2:
        caught.fault("another number of shops", f"seed {seed}")
    away = sum(
        found for name, found in caught.answers.items() if name.endswith(" 503") and not name.startswith("staff")
    )
    if away > max(5, count * MOST_AWAY):
        caught.fault("the database was away too often", f"{away} times")
    for text, found in (("an error was logged", heard.unhandled), ("a canary was logged", heard.leaks)):
        caught.faults.update({text: found} if found else {})
    caught.inputs, caught.seconds, caught.memory_growth = count, time.monotonic() - began, memory() - heap
    return caught


def _one(caught: Catch, at: Stand, one: Input, label: str, *, proven: bool) -> None:
    calls = caught.calls_out
    heard = knock(at.app, one)
    if one.path.startswith(TAKES_AWAY) and heard.status < BAD and proven:
        at.renew()
    if (
        not proven
        and one.path in FAST
        and one.framing == "whole"
        and one.headers.keys().isdisjoint(HOSTS)
        and sum(one.body[-2:]) % TWICE == 0
    ):
        slowly = knock(at.app, replace(one, framing="chunked")).status
        if slowly != heard.status:
            caught.fault(f"the fast door says {heard.status}, Flask {slowly}", label)
    caught.answers[f"{one.family} {heard.status}"] += 1
    caught.slowest = max(caught.slowest, heard.seconds)
    for text in heard.faults:
        if not (text.startswith("status") and heard.status in PLANNED.get(one.family, AWAY)):
            caught.fault(text, f"{label} {one.method} {one.path[:80]}")
    if caught.calls_out > calls and one.family != "staff":
        caught.fault("a call to the outside", f"{label} {one.method} {one.path[:80]}")


def _unchanged(caught: Catch, text: str, before: str, after: str) -> None:
    for old, new in zip(before.splitlines(), after.splitlines(), strict=True):
        if old != new:
            caught.fault(text, old.partition(" ")[0])


@contextmanager
def ears() -> Iterator[Ears]:
    """Listen to the root of all loggers, as loud as a server is."""
    heard, root, ours = Ears(), logging.getLogger(), [logging.getLogger(name) for name in ("plugin", "webhooks", "app")]
    levels = [one.level for one in ours]
    root.addHandler(heard)
    for one in ours:
        one.setLevel(logging.INFO)
    try:
        yield heard
    finally:
        root.removeHandler(heard)
        for one, level in zip(ours, levels, strict=True):
            one.setLevel(level)


@contextmanager
def egress(caught: Catch) -> Iterator[None]:
    """Count every connection that Python code opens; the database's driver does not open its own this way."""
    connect = socket.socket.connect

    def counted(self: socket.socket, address: Any) -> None:
        caught.calls_out += 1
        connect(self, address)

    socket.socket.connect = counted  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]


def memory() -> int:
    """Return the bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
