"""TEST USE ONLY: Shopify's webhook sender: real signatures, real time-outs, eight retries over four hours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

from sandbox.clock import Clock, iso
from sandbox.faults import Fault, Faults
from sandbox.history import History
from sandbox.reach import call

API_VERSION = "2026-10"
TIMEOUT = (1.0, 4.0)
"""Seconds to connect, and then to be answered: five in all (webhooks, troubleshooting)."""
RETRIES = 8
FIRST_GAP = timedelta(hours=4) / (2**RETRIES - 1)
"""Each gap is twice the one before, and all of them together are four hours."""
SENDERS = 32
LONGEST_WAIT = 60.0
KEPT = 20_000
"""Webhooks that are remembered once they need no further try, unless ``--keep`` says otherwise."""
PATHS = {
    "orders/paid": "/webhooks/orders/paid",
    "app/uninstalled": "/webhooks/app/uninstalled",
    "app/scopes_update": "/webhooks/app/scopes_update",
    "customers/data_request": "/webhooks/compliance",
    "customers/redact": "/webhooks/compliance",
    "shop/redact": "/webhooks/compliance",
}


@dataclass(slots=True)
class Delivery:
    """One webhook on its way: the same bytes, ids and address at every try."""

    topic: str
    shop: str
    url: str
    body: bytes
    triggered_at: str
    about: str
    due_at: datetime | None
    webhook_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "waiting"
    busy: bool = False
    attempts: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """All but the body, which holds a buyer's data."""
        return {
            "topic": self.topic,
            "shop": self.shop,
            "about": self.about,
            "webhook_id": self.webhook_id,
            "event_id": self.event_id,
            "triggered_at": self.triggered_at,
            "state": self.state,
            "due_at": iso(self.due_at) if self.due_at else None,
            "attempts": list(self.attempts),
        }


class Sender:
    """Sends what is due, each second and whenever the clock was moved."""

    def __init__(
        self, clock: Clock, faults: Faults, history: History, *, signing_secret: str, kept: int = KEPT
    ) -> None:
        self._clock, self._faults, self._history, self._kept = clock, faults, history, kept
        self._secret = signing_secret.encode()
        self._deliveries: list[Delivery] = []
        self._open: list[Delivery] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(SENDERS, "webhook")
        threading.Thread(target=self._tick, name="webhook-pump", daemon=True).start()

    def send(self, delivery: Delivery, *, wait: bool = True) -> dict[str, Any]:
        """Send a webhook now; answers the first try, ``{"status": int | None, ...}``, if asked to wait."""
        with self._lock:
            delivery.busy = True
            self._remember(delivery)
        work: Future[dict[str, Any]] = self._pool.submit(self._try, delivery)
        try:
            return work.result(timeout=LONGEST_WAIT if wait else 0)
        except TimeoutError:
            return {"status": None, "error": "no try has ended yet"}

    def schedule(self, delivery: Delivery) -> None:
        """Send a webhook when its ``due_at`` has come."""
        with self._lock:
            self._remember(delivery)

    def pump(self) -> None:
        """Start every try that is due."""
        now = self._clock.now()
        with self._lock:
            self._open = [d for d in self._open if d.busy or d.due_at is not None]
            due = [d for d in self._open if not d.busy and d.due_at is not None and d.due_at <= now]
            for delivery in due:
                delivery.busy = True
        for delivery in due:
            self._pool.submit(self._try, delivery)

    def of_shop(self, shop: str) -> list[dict[str, Any]]:
        """Every webhook of a shop, oldest first."""
        with self._lock:
            return [delivery.as_json() for delivery in self._deliveries if delivery.shop == shop]

    def page(self, after: int, limit: int) -> list[dict[str, Any]]:
        """Webhooks of all shops, from a place on; to be read page by page when no more are made."""
        with self._lock:
            return [delivery.as_json() for delivery in self._deliveries[after : after + limit]]

    def clear(self) -> None:
        """Forget all webhooks; what is in the air stays there."""
        with self._lock:
            self._deliveries.clear()
            self._open.clear()

    def close(self) -> None:
        """Stop for good."""
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _remember(self, delivery: Delivery) -> None:
        self._deliveries.append(delivery)
        self._open.append(delivery)
        if len(self._deliveries) > self._kept:
            self._deliveries = [d for d in self._deliveries if d.due_at is not None or d.busy]

    def _tick(self) -> None:
        while not self._stop.wait(1.0):
            self.pump()

    def _try(self, delivery: Delivery) -> dict[str, Any]:
        attempt = self._post(delivery)
        good = (attempt["status"] or 0) // 100 == 2  # noqa: PLR2004 - 2xx only: a redirect is an error
        if good and self._faults.hit(Fault.WEBHOOKS_TWICE, shop=delivery.shop) is not None:
            self._post(delivery)
        with self._lock:
            delivery.state, delivery.due_at = self._next(delivery, good=good)
            delivery.busy = False
        return attempt

    def _next(self, delivery: Delivery, *, good: bool) -> tuple[str, datetime | None]:
        if good:
            return "delivered", None
        retries = len(delivery.attempts) - 1
        if retries >= RETRIES:
            return "given_up", None
        return "retrying", self._clock.now() + FIRST_GAP * 2**retries

    def _post(self, delivery: Delivery) -> dict[str, Any]:
        attempt: dict[str, Any] = {"at": iso(self._clock.now()), "status": None, "error": self._lost(delivery)}
        attempt["real_at"] = time.time()
        started = time.monotonic()
        if attempt["error"] is None:
            attempt |= self._call(delivery)
            call = ("POST", urlsplit(delivery.url).path)
            self._history.note("shopify", call, attempt["status"], started)
        attempt["ms"] = round((time.monotonic() - started) * 1000)
        with self._lock:
            delivery.attempts.append(attempt)
        return attempt

    def _lost(self, delivery: Delivery) -> str | None:
        down = self._faults.peek(Fault.WEBHOOKS_DOWN, shop=delivery.shop) or {}
        early = len(delivery.attempts) < int(down.get("tries", 1))
        names = [Fault.WEBHOOKS_LOST, Fault.WEBHOOKS_DOWN] if early else [Fault.WEBHOOKS_LOST]
        return next((name for name in names if self._faults.hit(name, shop=delivery.shop) is not None), None)

    def _call(self, delivery: Delivery) -> dict[str, Any]:
        try:
            answer = call(
                "POST", delivery.url, self._headers(delivery), data=delivery.body, timeout=TIMEOUT, stream=True
            )
        except requests.RequestException as cause:
            return {"error": type(cause).__name__}
        return {"status": answer.status_code}

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": delivery.topic,
            "X-Shopify-Hmac-Sha256": signature(self._secret, delivery.body),
            "X-Shopify-Shop-Domain": delivery.shop,
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Webhook-Id": delivery.webhook_id,
            "X-Shopify-Triggered-At": delivery.triggered_at,
            "X-Shopify-Event-Id": delivery.event_id,
        }


def signature(secret: bytes, body: bytes) -> str:
    """base64(HMAC-SHA256(client secret, raw body))."""
    return base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()
