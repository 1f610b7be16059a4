"""A sandbox on a port of its own, a door that stands for the app, and few words to speak to both over HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from sandbox.server import running
from sandbox.world import Options

KEY = "key-of-the-tests"
SECRET = "secret-of-the-tests-with-32-bytes-or-more"
SHOP = "lantern.myshopify.com"
DATASET = "1234567890123456"
TOKEN = "EAAsandboxDefaultToken"


@dataclass(slots=True)
class Knock:
    """One request that reached the app's door."""

    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Door:
    """Stands where the app would be. ``statuses`` are answered one by one, then 200 for ever."""

    url: str = ""
    knocks: list[Knock] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def at(self, path: str) -> list[Knock]:
        return [knock for knock in self.knocks if knock.path == path]

    def answer(self) -> int:
        return self.statuses.pop(0) if self.statuses else 200


def handler_of(door: Door) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            door.knocks.append(Knock(self.path, dict(self.headers), body))
            self.send_response(door.answer())
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(door))
    door.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield door
    server.shutdown()
    thread.join(timeout=5)
    server.server_close()


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The sandbox as a program sees it."""

    url: str

    def get(self, path: str) -> Any:
        answer = requests.get(self.url + path, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
        answer = requests.post(self.url + path, json=body or {}, timeout=120, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    def fault(self, name: str, **more: Any) -> None:
        self.post("/faults", {"name": name, **more})

    def advance(self, **span: float) -> None:
        seconds = span.get("seconds", 0) + 60 * span.get("minutes", 0) + 3600 * span.get("hours", 0)
        self.post("/clock", {"advance_seconds": seconds})

    def send(self, *events: dict[str, Any], status: int = 200) -> Any:
        body = {"access_token": TOKEN, "data": list(events)}
        return self.post(f"/meta/v26.0/{DATASET}/events", body, status=status)

    def received(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/meta/received.json")["events"]
        return found

    def admin(self, token: str, query: str, variables: dict[str, Any] | None = None, *, status: int = 200) -> Any:
        headers = {"X-Shopify-Access-Token": token}
        body = {"query": query, "variables": variables or {}}
        return self.post(f"/admin/{SHOP}/api/2026-10/graphql.json", body, status=status, headers=headers)

    def tokens(self, **changes: Any) -> Any:
        id_token = self.post(f"/admin/{SHOP}/id-token", {"sub": "42"})["id_token"]
        return self.exchange({"subject_token": id_token} | changes)

    def exchange(self, changes: dict[str, Any], *, status: int = 200) -> Any:
        fields = {
            "client_id": KEY,
            "client_secret": SECRET,
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
            "expiring": "1",
        }
        return self.post(f"/admin/{SHOP}/oauth/access_token", fields | changes, status=status)


@pytest.fixture
def sandbox(door: Door) -> Iterator[Sandbox]:
    with running(Options(port=0, app_url=door.url, api_key=KEY, api_secrets=(SECRET,))) as world:
        yield Sandbox(world.options.own_url)


@pytest.fixture
def shop(sandbox: Sandbox) -> str:
    sandbox.post("/admin/shops", {"shop": SHOP})
    return SHOP


def eventually(holds: Callable[[], Any], seconds: float = 8.0) -> Any:
    """Wait until it holds; its last word decides."""
    end = time.monotonic() + seconds
    while not (said := holds()) and time.monotonic() < end:
        time.sleep(0.05)
    assert said
    return said


def purchase(order: int = 1001, **changes: Any) -> dict[str, Any]:
    """A good server event about an order placed now."""
    return {
        "event_name": "Purchase",
        "event_time": int(time.time()),
        "event_id": f"purchase.{order}",
        "action_source": "website",
        "event_source_url": "https://lantern.example/",
        "user_data": {"em": ["a" * 64], "client_user_agent": "Test/1"},
        "custom_data": {"value": 12.5, "currency": "EUR", "order_id": str(order)},
    } | changes
