from __future__ import annotations

from dataclasses import replace

from tests.bench.clients import Load, ready
from tests.bench.events import sink

POST = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}"
LOAD = Load(0, lambda _, count: [POST] * count, connections=1, seconds=0.4, most=8, processes=1)


def test_a_closed_loop_asks_again_as_soon_as_it_is_answered_and_an_open_one_charges_what_had_to_wait() -> None:
    with sink(200) as address:
        load = replace(LOAD, port=int(address.rpartition(":")[2]))
        (closed,) = ready(load).run()
        (opened,) = ready(replace(load, rate=20)).run()

    assert (closed.refused, closed.failed, opened.refused, opened.failed) == (0, 0, 0, 0)
    assert 1 <= len(closed.good) <= 3
    assert len(opened.good) == 8
    assert opened.latencies[-1] > 8 * 0.2 - 7 / 20 - 0.05
