"""Clients of several hosts at once, as a load balancer shares requests out; closed loop. A host that goes is missed.

The same clients as the bench's (`tests.bench.clients`), which know of one port of this machine only.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

from tests.bench.clients import READY_WITHIN, Clients, _Driver, _Line
from tests.scale.traffic import Traffic

Address = tuple[str, int]


class _LineTo(_Line):
    """A connection to a host."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = -1
        self.since = 0.0
        self.heard = b""


def _work(requests: Sequence[bytes], first: int, lines: Sequence[Address], seconds: float, pipe: Connection) -> None:
    driver = _Driver([_LineTo(address) for address in lines], requests, first)
    pipe.send("ready")
    pipe.recv()
    before = time.process_time()
    driver.closed(seconds)
    driver.tally.cpu = time.process_time() - before
    pipe.send(driver.tally)
    os._exit(0)


def gathered(hosts: Sequence[Address], traffic: Traffic, first: int, seconds: float, each: int) -> Clients:
    """Return clients that are ready to go, with `each` connections to every host."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    lines = [host for _ in range(each) for host in hosts]
    requests = traffic.requests(first, 10_000_000)
    process = context.Process(target=_work, args=(requests, first, lines, seconds, theirs), daemon=True)
    process.start()
    if not ours.poll(READY_WITHIN):
        process.terminate()
        raise TimeoutError("the clients did not become ready")
    ours.recv()
    return Clients([ours], [process])
