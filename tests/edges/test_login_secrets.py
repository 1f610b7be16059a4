"""What a login's secrets must not get into, whatever Meta answers: lines of the log above all."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from plugin.logs import JsonLines
from plugin.meta.errors import MetaError
from plugin.meta.graph import GraphClient
from tests.conftest import NOON
from tests.edges.servers import Reply, Server

APP_SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
CODE = "AQcode-that-nobody-may-read"


@contextmanager
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What a worker's or a web process's log would show: libraries speak from warning up."""
    caplog.set_level(logging.WARNING)
    said: list[str] = []
    yield said
    said += [JsonLines().format(record) for record in caplog.records]


def test_a_defective_answer_puts_neither_code_nor_secret_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    answer = Reply(200, b'{"access_token":"EAAtokenthatisgood"}', {"X-Odd": "1\r\nno header at all"})
    with Server(answer) as meta, lines(caplog) as said, suppress(MetaError):
        GraphClient(f"{meta.url}/v26.0", "1", APP_SECRET).exchange(CODE, "https://app.example.com/meta/callback", NOON)

    assert said, "the library was to complain"
    assert all(secret not in line for line in said for secret in (APP_SECRET, CODE))


def test_a_librarys_line_shows_no_query_of_an_address() -> None:
    text = "Error handling request /meta/callback?code=AQx&state=1.2.abc"
    line = JsonLines().format(logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, text, None, None))

    assert "/meta/callback" in line
    assert "AQx" not in line
    assert "1.2.abc" not in line
