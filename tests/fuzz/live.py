"""Rude clients at the shipped server, and a polite one beside them who must not notice."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.ports import free_port
from tests.bench.bodies import SECRET
from tests.bench.machine import tree
from tests.bench.site import Site
from tests.builders import paid_payload
from tests.doors import signature

CROWD: Final = 500
SLOW_BODIES: Final = 100
"""Fewer than the server has threads: each holds one until its body is there. More are the proxy's to keep away."""
SECONDS: Final = 4.0
PATIENT: Final = 2.0
"""Seconds in which the polite client is to be answered, on a machine that does other things too."""
PAUSE: Final = 0.05
MOST_SENT: Final = 64 * 1024 * 1024
"""Bytes of a body without an end after which the server should have hung up."""
GET: Final = b"GET /health/live HTTP/1.1\r\nHost: a\r\n"
POST: Final = b"POST /webhooks/orders/paid HTTP/1.1\r\nHost: a\r\n"
HIDDEN: Final = b"GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKS: Final = b"Transfer-Encoding: chunked\r\n"
RAW: Final[dict[str, tuple[bytes, int]]] = {
    "a length and chunks": (POST + b"Content-Length: 6\r\n" + CHUNKS + b"\r\n0\r\n\r\n" + HIDDEN, 2),
    "chunks and a length": (POST + CHUNKS + b"Content-Length: 400\r\n\r\n0\r\n\r\n" + HIDDEN, 2),
    "two lengths": (POST + b"Content-Length: 3\r\nContent-Length: 30\r\n\r\nabc" + HIDDEN, 1),
    "lengths in one line": (POST + b"Content-Length: 3, 30\r\n\r\nabc" + HIDDEN, 1),
    "a length with a sign": (POST + b"Content-Length: +3\r\n\r\nabc" + HIDDEN, 1),
    "chunked in other words": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN, 1),
    "chunked twice": (POST + CHUNKS + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" + HIDDEN, 1),
    "a blank before the colon": (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN, 1),
    "a line that goes on": (POST + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n", 1),
    "a chunk without a size": (POST + CHUNKS + b"\r\nzz\r\nabc\r\n0\r\n\r\n", 1),
    "a chunk beyond all sizes": (POST + CHUNKS + b"\r\n" + b"f" * 20 + b"\r\nabc", 1),
    "a NUL in a header": (GET + b"X: a\0b\r\n\r\n", 1),
    "line feeds alone": (GET.replace(b"\r\n", b"\n") + b"\n", 1),
    "no host": (b"GET /health/live HTTP/1.1\r\n\r\n", 1),
    "two hosts": (GET + b"Host: b\r\n\r\n", 1),
    "a header of 100 KB": (GET + b"X: " + b"a" * 100_000 + b"\r\n\r\n", 1),
    "a header of 2 MB": (GET + b"X: " + b"a" * 2_000_000 + b"\r\n\r\n", 1),
    "a thousand headers": (GET + b"".join(b"X-%d: a\r\n" % number for number in range(1000)) + b"\r\n", 1),
    "an address of 100 KB": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 1),
    "a query beyond ASCII": (b"GET /bounce?\xff\xe9=1 HTTP/1.1\r\nHost: a\r\n\r\n", 1),
    "a path beyond ASCII": (b"GET /\xff\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", 1),
    "a header beyond ASCII": (POST + b"X-Shopify-Hmac-Sha256: \xff\xe9\r\nContent-Length: 2\r\n\r\n{}", 1),
    "a whole address": (b"GET http://evil.example.com/settings HTTP/1.1\r\nHost: a\r\n\r\n", 1),
    "a star": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 1),
    "a tunnel": (b"CONNECT evil.example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n", 1),
    "no version": (b"GET /health/live\r\n\r\n", 1),
    "another version": (b"GET /health/live HTTP/9.9\r\nHost: a\r\n\r\n", 1),
    "version 2 at once": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + b"\xff" * 200, 0),
    "no HTTP at all": (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + bytes(200), 1),
    "fifty at once": (GET * 0 + (GET + b"\r\n") * 50, 50),
}
"""Bytes, and how many answers they may get at most."""


@dataclass
class Polite:
    """Somebody who asks now and then, each time on a connection of their own."""

    port: int
    shop: str
    waits: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask until it is over: once whether the server lives, once with a paid order."""
        number = 5_000
        while not self.over.wait(PAUSE):
            number += 1
            began = time.monotonic()
            try:
                self._ask(number)
            except OSError as fault:
                self.failures.append(type(fault).__name__)
            self.waits.append(time.monotonic() - began)

    def _ask(self, number: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            if number % 2:
                line.request("GET", "/health/live")
            else:
                raw = json.dumps(paid_payload(id=number, checkout_token=f"polite-{number}")).encode()
                line.request("POST", "/webhooks/orders/paid", raw, _headers(self.shop, raw))
            status = line.getresponse().status
            if status != 200:
                self.failures.append(str(status))
        finally:
            line.close()

    def told(self) -> dict[str, Any]:
        """Return how they fared."""
        return {"asked": len(self.waits), "worst": round(max(self.waits, default=0), 3), "failed": self.failures[:5]}


def _headers(shop: str, raw: bytes) -> dict[str, str]:
    return {
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Hmac-Sha256": signature(raw, SECRET),
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-Webhook-Id": "polite",
    }


def visit(site: Site) -> dict[str, Any]:
    """Start the server as it is shipped, and be rude to it in every way in turn."""
    (store,) = site.install(1)
    port = free_port()
    server = site.web(port)
    before, report, faults = set(tree(server.pid)), {}, []
    for name, rude in RUDE.items():
        polite = Polite(port, store.domain)
        with _beside(polite):
            said = rude(port)
        report[name] = polite.told() | {"said": said}
        if polite.failures or max(polite.waits, default=0) > PATIENT:
            faults.append(f"{name}: others noticed: {polite.told()}")
        faults += [f"{name}: {word}" for word in said if word.startswith("!")]
    if set(tree(server.pid)) != before:
        faults.append("a process of the server ended")
    log = (site.folder / f"server-{port}.log").read_text(errors="replace")
    faults += [f"the server logged an error: {line[:200]}" for line in log.splitlines() if "unhandled error" in line][
        :3
    ]
    return {"scenes": report, "faults": faults}


@contextmanager
def _beside(polite: Polite) -> Iterator[None]:
    thread = threading.Thread(target=polite.run)
    thread.start()
    try:
        yield
    finally:
        polite.over.set()
        thread.join(30)


def _crowd(port: int, count: int, first: bytes, drip: bytes) -> list[str]:
    """Hold many connections open, each of which says very little."""
    with ExitStack() as held:
        lines = [held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5)) for _ in range(count)]
        for line in lines:
            line.sendall(first)
        end, cut = time.monotonic() + SECONDS, 0
        while time.monotonic() < end:
            time.sleep(0.5)
            for line in lines if drip else ():
                try:
                    line.sendall(drip)
                except OSError:
                    cut += 1
    return [f"{count} held, {cut} writes refused"]


def idle(port: int) -> list[str]:
    """Connections that say nothing."""
    return _crowd(port, CROWD, b"", b"")


def slow_headers(port: int) -> list[str]:
    """Headers that never end."""
    return _crowd(port, CROWD, GET, b"X: a\r\n")


def slow_bodies(port: int) -> list[str]:
    """Bodies that come byte by byte."""
    return _crowd(port, SLOW_BODIES, POST + b"Content-Length: 10000\r\n\r\n", b"{")


def endless(port: int) -> list[str]:
    """Chunks without an end, at the webhooks and at the pixel's posts."""
    said = []
    for path in (b"/webhooks/orders/paid", b"/pixel/evidence"):
        sent, piece = 0, b"10000\r\n" + b"a" * 65536 + b"\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(b"POST " + path + b" HTTP/1.1\r\nHost: a\r\n" + CHUNKS + b"\r\n")
            with suppress(OSError):
                while sent < MOST_SENT:
                    line.sendall(piece)
                    sent += len(piece)
            answer = _answers(line)
        word = f"{path.decode()}: {answer} after {sent >> 20} MB"
        said.append(word if sent < MOST_SENT and not _is_bad(answer) else "!" + word)
    return said


def raw(port: int) -> list[str]:
    """Requests that proxies and servers have read differently."""
    said = []
    for name, (text, most) in RAW.items():
        with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
            with suppress(OSError):
                line.sendall(text)
            answers = _answers(line)
        bad = _is_bad(answers) or len(answers) > most
        said.append(f"{'!' if bad else ''}{name}: {answers if len(answers) < 5 else len(answers)}")
    return said


def _answers(line: socket.socket) -> list[str]:
    """Return the statuses of all answers that come until there are no more for a moment."""
    line.settimeout(0.7)
    got = b""
    with suppress(OSError):
        while part := line.recv(65536):
            got += part
    return [piece[:3].decode(errors="replace") for piece in got.split(b"HTTP/1.1 ")[1:]]


def _is_bad(answers: Sequence[str]) -> bool:
    return any(status.startswith("5") and status != "505" for status in answers)


RUDE: Final[dict[str, Callable[[int], list[str]]]] = {
    "500 idle": idle,
    "500 slow headers": slow_headers,
    "100 slow bodies": slow_bodies,
    "endless bodies": endless,
    "raw": raw,
}
