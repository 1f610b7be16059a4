"""`backstop web` ends when it is told to, whatever its clients do."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from plugin.cli.run import FINISH_WITHIN
from sandbox.ports import free_port
from tests.conftest import API_KEY, SECRETS, settings_from
from tests.edges.plant import BACKSTOP, Plant, plant

STALLED = 60
SLACK = 8.0
"""Seconds for a busy machine."""
HEAD = (
    b"POST /webhooks/orders/paid HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Content-Length: 5000\r\n\r\n{"
)


@pytest.fixture
def site() -> Iterator[Plant]:
    with plant() as made:
        yield made


@contextmanager
def web(site: Plant, port: int) -> Iterator[subprocess.Popen[bytes]]:
    with (site.folder / "web.log").open("ab") as log:
        words = [BACKSTOP, "web", "--port", str(port), "--workers", "2"]
        running = subprocess.Popen(words, env=_environment(site), stdout=log, stderr=log, start_new_session=True)  # noqa: S603 - ours
    try:
        end = time.monotonic() + 40
        while not _answers(port):
            assert time.monotonic() < end
            assert running.poll() is None, (site.folder / "web.log").read_text()
            time.sleep(0.1)
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def _environment(site: Plant) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("BACKSTOP_")}
    name, key = settings_from().keys[0]
    return env | {
        "DATABASE_URL": site.postgres.url,
        "SHOPIFY_API_KEY": API_KEY,
        "SHOPIFY_API_SECRET": SECRETS,
        "BACKSTOP_URL": "http://127.0.0.1:1",
        "BACKSTOP_KEYS": f"{name}:{base64.b64encode(key).decode()}",
    }


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as line:
        line.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return line.recv(20).startswith(b"HTTP/1.1 200")
    return False


@pytest.mark.slow
def test_clients_that_never_end_their_bodies_do_not_keep_it_from_stopping(site: Plant) -> None:
    port = free_port()
    with web(site, port) as running:
        stalled = [socket.create_connection(("127.0.0.1", port)) for _ in range(STALLED)]
        for line in stalled:
            line.sendall(HEAD)
        time.sleep(1)
        began = time.monotonic()
        running.send_signal(signal.SIGTERM)
        running.wait(FINISH_WITHIN + SLACK + 20)
        seconds = time.monotonic() - began
        for line in stalled:
            line.close()

    assert seconds < FINISH_WITHIN + SLACK, (site.folder / "web.log").read_text()[-2000:]
