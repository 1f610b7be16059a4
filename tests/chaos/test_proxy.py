from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.chaos.proxy import Proxy

HELLO = b"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello"


class Far:
    """A server that answers whatever it got, once it got all of it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heard.append(await reader.readexactly(len(HELLO)))
            writer.write(b"HTTP/1.0 200 OK\r\n\r\nfine")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionResetError) as fault:
            self.heard.append(b"cut" if isinstance(fault, ConnectionResetError) else fault.partial)
        writer.close()


@asynccontextmanager
async def far_and_proxy(*faults: str) -> AsyncIterator[tuple[Far, Proxy]]:
    far = Far()
    server = await asyncio.start_server(far.serve, "127.0.0.1", 0)
    far.port = server.sockets[0].getsockname()[1]
    proxy = Proxy("p", [far.port], seed=1, share=1.0 if faults else 0.0, faults=faults)
    await proxy.start()
    try:
        yield far, proxy
    finally:
        proxy.stop()
        server.close()


async def ask(port: int) -> bytes:
    """Return the answer, or what became of it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(HELLO)
        return await asyncio.wait_for(reader.read(), 5)
    except ConnectionResetError:
        return b"reset"
    finally:
        writer.close()


async def _through(*faults: str) -> tuple[bytes, Far, Proxy]:
    async with far_and_proxy(*faults) as (far, proxy):
        answer = await ask(proxy.port)
        await asyncio.sleep(0.1)
        return answer, far, proxy


def test_without_bad_luck_all_goes_through_and_the_line_is_known() -> None:
    answer, far, proxy = asyncio.run(_through())
    (line,) = proxy.lines
    assert answer.endswith(b"fine")
    assert far.heard == [HELLO]
    assert (line.fault, line.asked, line.answered) == ("", len(HELLO), len(answer))
    assert line.opened <= line.first_byte <= line.ended


@pytest.mark.parametrize("fault", ["reset_at_once", "reset_after"])
def test_a_reset_loses_the_request_or_its_answer(fault: str) -> None:
    answer, far, _ = asyncio.run(_through(fault))
    assert answer == b"reset"
    assert far.heard == ([HELLO] if fault == "reset_after" else [])


def test_a_half_closed_line_gives_half_an_answer() -> None:
    answer, far, _ = asyncio.run(_through("half_close"))
    assert far.heard == [HELLO]
    assert 0 < len(answer) < len(b"HTTP/1.0 200 OK\r\n\r\nfine")


def test_the_next_server_is_asked_where_one_is_down() -> None:
    async def both() -> list[bytes]:
        async with far_and_proxy() as (far, proxy):
            proxy.upstreams = [1, far.port]
            return [await ask(proxy.port) for _ in range(3)]

    assert all(answer.endswith(b"fine") for answer in asyncio.run(both()))


def test_the_same_seed_gives_each_connection_the_same_luck() -> None:
    async def luck() -> list[str]:
        async with far_and_proxy("latency", "slow", "reset_after") as (_, proxy):
            proxy.share = 0.5
            for _ in range(6):
                await ask(proxy.port)
            return [line.fault for line in proxy.lines]

    assert asyncio.run(luck()) == asyncio.run(luck())
