"""A real HTTP server that answers by script, and a few addresses where nobody answers."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast


class Cut(Enum):
    """Where the connection is reset."""

    BEFORE_BODY = auto()
    AFTER_BODY = auto()
    WITHIN_ANSWER = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; ``delay`` and ``drip`` in seconds: before the first byte, and before each byte of the body."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0
    drip: float = 0
    cut: Cut | None = None
    chunked: bool = False


def reply(answer: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(answer).encode(), {name.replace("_", "-"): text for name, text in headers.items()})


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes
    peer: tuple[str, int]

    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """Gives its replies one after the other, the last one for ever; keeps what it was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.received: list[Received] = []
        self.judge: Callable[[Received], Reply] | None = None
        """Where set, answers by what was asked instead of by script."""
        self._replies = list(replies)
        self._http = _Listener(("127.0.0.1", 0), _Handler)
        self._http.server = self
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def next_reply(self) -> Reply:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    server: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the script."""


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast("_Listener", self.server).server
        answer = server.next_reply()
        if answer.cut is Cut.BEFORE_BODY:
            self._reset()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.received.append(Received(self.path, dict(self.headers), body, self.client_address))
        answer = server.judge(server.received[-1]) if server.judge else answer
        time.sleep(answer.delay)
        if answer.cut is Cut.AFTER_BODY:
            self._reset()
        else:
            self._answer(answer)

    do_GET = do_POST  # noqa: N815 - the base class names it so

    def _answer(self, answer: Reply) -> None:
        self.send_response(answer.status)
        for name, text in answer.headers.items():
            self.send_header(name, text)
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self._body(answer)

    def _body(self, answer: Reply) -> None:
        if answer.cut is Cut.WITHIN_ANSWER:
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.close_connection = True
        elif answer.chunked:
            for start in range(0, len(answer.body), 10):
                part = answer.body[start : start + 10]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
        elif answer.drip:
            for byte in answer.body:
                self.wfile.write(bytes([byte]))
                time.sleep(answer.drip)
        else:
            self.wfile.write(answer.body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Keep the tests' output clean."""


@contextmanager
def full_house() -> Iterator[str]:
    """An address that takes no more connections: who calls there waits."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            waiting.append(client)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for client in waiting:
            client.close()
