from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from plugin import clock
from plugin.clock import Clock

SLACK = timedelta(seconds=5)


class Told(BaseHTTPRequestHandler):
    offset: Any = 3600

    def do_GET(self) -> None:
        body = json.dumps({"offset_seconds": self.offset}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Keep the tests' output clean."""


def test_the_clock_is_the_systems_unless_told_otherwise() -> None:
    assert abs(Clock().now() - datetime.now(UTC)) < SLACK


def test_a_moved_clock_moves_along_and_keeps_the_last_word_when_its_source_is_gone() -> None:
    server = HTTPServer(("127.0.0.1", 0), Told)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    moved = Clock(f"http://127.0.0.1:{server.server_address[1]}/clock")

    assert abs(moved.now() - datetime.now(UTC) - timedelta(hours=1)) < SLACK

    server.shutdown()
    server.server_close()
    thread.join()
    moved._asked -= clock.KEEP * 2  # noqa: SLF001 - as if that long had passed
    assert abs(moved.now() - datetime.now(UTC) - timedelta(hours=1)) < SLACK
