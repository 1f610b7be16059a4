"""A TCP proxy with bad days: what can happen to a connection on its way, drawn by lot for each by its number."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

PIECE = 65536
FAULTS = ("reset_at_once", "reset_inside", "reset_after", "blackhole", "half_close", "latency", "slow")
HARMLESS = ("", "latency", "slow")
"""After these the answer still comes."""
HOLE = 7.0
"""Seconds for which a request into nothing hangs."""
SLOW = 200_000
"""Bytes a second."""


@dataclass(slots=True)
class Line:
    """One connection. Times are unix seconds; ``port``: ours to the server; ``ended``: its last byte, or its end."""

    proxy: str
    n: int
    opened: float
    fault: str = ""
    port: int = 0
    first_byte: float = 0.0
    asked: int = 0
    answered: int = 0
    ended: float = 0.0


@dataclass(slots=True)
class Proxy:
    """``upstreams``: ports, tried in turn. ``share``: of connections that have bad luck; 0 ends that."""

    name: str
    upstreams: Sequence[int]
    seed: int = 0
    share: float = 0.0
    faults: Sequence[str] = FAULTS
    lines: list[Line] = field(default_factory=list)
    port: int = 0
    keeps: bool = True
    down: set[int] = field(default_factory=set)
    """Upstreams that are starting: asked only where no other is there, as by a balancer that checks their health."""
    _next: int = 0
    _server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen; return the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    def stop(self) -> None:
        """Take no more connections."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._next += 1
        lot = Random(f"{self.seed} {self.name} {self._next}")  # noqa: S311 - to be drawn again
        line = Line(self.name, self._next, time.time())
        line.fault = lot.choice(self.faults) if lot.random() < self.share else ""
        if self.keeps or line.fault:
            self.lines.append(line)
        try:
            await self._carry(line, lot, reader, writer)
        except (OSError, asyncio.CancelledError):  # cancelled: the run is over
            cut(writer)
        finally:
            line.ended = line.ended or time.time()
            writer.close()

    async def _carry(self, line: Line, lot: Random, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if line.fault == "reset_at_once":
            cut(writer)
            return
        if line.fault == "blackhole":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._swallow(line, reader), HOLE)
            cut(writer)
            return
        if line.fault == "latency":
            await asyncio.sleep(lot.uniform(0.1, 2.0))
        far_reader, far_writer = await self._reach()
        line.port = far_writer.get_extra_info("sockname")[1]
        limit = lot.randrange(1, 3000) if line.fault == "reset_inside" else None
        there = asyncio.create_task(self._up(line, reader, far_writer, limit))
        back = asyncio.create_task(self._down(line, far_reader, writer))
        try:
            await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
            if there.done() and not there.exception() and there.result():
                await back
        finally:
            for task in (there, back):
                task.cancel()
            results = await asyncio.gather(there, back, return_exceptions=True)
            if any(isinstance(one, OSError) for one in results):
                cut(writer)
            (cut if limit is not None else close)(far_writer)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        turns = [self.upstreams[(self._next + turn) % len(self.upstreams)] for turn in range(len(self.upstreams))]
        for port in sorted(turns, key=lambda one: one in self.down):
            with contextlib.suppress(ConnectionRefusedError):
                return await asyncio.open_connection("127.0.0.1", port)
        raise ConnectionRefusedError

    async def _up(
        self, line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int | None
    ) -> bool:
        """Pass the request on; return whether the caller only stopped writing (True), or was cut short by us."""
        while piece := await reader.read(PIECE):
            line.first_byte = line.first_byte or time.time()
            left = len(piece) if limit is None else max(0, limit - line.asked)
            line.asked += len(piece)
            writer.write(piece[:left])
            await writer.drain()
            if limit is not None and line.asked >= limit:
                raise ConnectionResetError
            if line.fault == "slow":
                await asyncio.sleep(len(piece) / SLOW)
        line.ended = time.time()
        return False  # whoever asks here closes only when done, or dead

    async def _down(self, line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            if line.fault == "reset_after":
                raise ConnectionResetError
            if line.fault == "half_close":
                writer.write(piece[: len(piece) // 2])
                writer.write_eof()
                return
            writer.write(piece)
            await writer.drain()
            line.answered += len(piece)
            line.ended = time.time()

    async def _swallow(self, line: Line, reader: asyncio.StreamReader) -> None:
        while piece := await reader.read(PIECE):
            line.first_byte = line.first_byte or time.time()
            line.asked += len(piece)
        await asyncio.sleep(HOLE)


def cut(writer: asyncio.StreamWriter) -> None:
    """End a connection by a reset."""
    line = writer.get_extra_info("socket")
    if line is not None:
        with contextlib.suppress(OSError):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def close(writer: asyncio.StreamWriter) -> None:
    """End a connection in good order."""
    writer.close()


Named = Callable[[str], Proxy]
