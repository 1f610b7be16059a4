"""TEST USE ONLY: everything the sandbox remembers, in one place, shared by all its threads."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from flask import abort, current_app, request

from sandbox.clock import Clock, iso
from sandbox.faults import Faults
from sandbox.history import History
from sandbox.meta_people import MetaPeople
from sandbox.meta_store import MetaStore
from sandbox.pixel_runtime import PixelRuntime
from sandbox.shops import Shop
from sandbox.webhooks import KEPT, PATHS, Delivery, Sender

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_SCOPES = "read_orders,write_pixels,read_customer_events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line and the environment decide."""

    port: int
    app_url: str = "http://127.0.0.1:9400"
    api_key: str = "sandbox-api-key"
    api_secrets: tuple[str, ...] = ("sandbox-api-secret-of-32-bytes-or-more",)
    """Newest first, as the app has them. Shopify goes on signing with the oldest until it is revoked."""
    scopes: tuple[str, ...] = tuple(DEFAULT_SCOPES.split(","))
    meta_app_id: str = "700000000000001"
    meta_app_secret: str = "sandbox-secret-of-the-app-at-meta"
    meta_config_id: str = "700000000000002"
    kept: int = KEPT
    """Webhooks that are remembered."""
    node_host: Path = ROOT / "sandbox" / "pixel" / "node_host.mjs"

    @property
    def signing_secret(self) -> str:
        """The secret that signs webhooks and id tokens."""
        return self.api_secrets[-1]

    @property
    def own_url(self) -> str:
        """Where programs on this machine reach the sandbox."""
        return f"http://127.0.0.1:{self.port}"


class World:
    """The state of one sandbox."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.clock = Clock()
        self.faults = Faults()
        self.history = History(self.clock)
        self.meta = MetaStore(self.clock)
        self.people = MetaPeople(self.clock, self.meta, options.meta_app_secret)
        self.shops: dict[str, Shop] = {}
        self.visits: dict[str, Any] = {}
        self.webhooks = Sender(
            self.clock, self.faults, self.history, signing_secret=options.signing_secret, kept=options.kept
        )
        self.pixels = PixelRuntime(options.node_host)
        self._last_id = 0

    def new_id(self) -> int:
        """A number that no earlier run of this sandbox gave out: an app may outlive several sandboxes."""
        with self.lock:
            self._last_id = max(self._last_id + 1, time.time_ns() // 1000)
            return self._last_id

    def webhook(self, shop: Shop, topic: str, payload: Mapping[str, Any], *, about: str, later: timedelta) -> Delivery:
        """Make the webhook of a topic, due ``later`` than now; the caller sends or schedules it."""
        now = self.clock.now()
        return Delivery(
            topic=topic,
            shop=shop.domain,
            url=self.options.app_url.rstrip("/") + PATHS[topic],
            body=json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(),
            triggered_at=iso(now),
            about=about,
            due_at=now + later,
        )

    def notify(self, shop: Shop, topic: str, payload: Mapping[str, Any], *, about: str, wait: bool = True) -> Any:
        """Send a webhook at once; answers its first try as ``Sender.send`` does."""
        return self.webhooks.send(self.webhook(shop, topic, payload, about=about, later=timedelta(0)), wait=wait)

    def reset(self) -> None:
        """Back to the first day: no shops, no events, no faults, real time."""
        with self.lock:
            self.webhooks.clear()
            self.clock.offset = 0.0
            self.faults.clear()
            self.meta.clear()
            self.people.clear()
            self.shops.clear()
            self.visits.clear()
            self.history.clear()

    def close(self) -> None:
        """Stop the threads and processes that belong to this world."""
        self.webhooks.close()
        self.pixels.close()


def world() -> World:
    """The world of the running request."""
    return cast("World", current_app.extensions["world"])


def asked() -> dict[str, Any]:
    """The JSON object that the request carries; an empty body is an empty object; anything else ends as 400."""
    if not request.get_data(cache=True):
        return {}
    body = request.get_json(silent=True, force=True)
    if not isinstance(body, dict):
        abort(400, "the body must be a JSON object")
    return body


def shop_named(domain: str) -> Shop:
    """The shop of that myshopify.com domain, installed or not; anything else ends as 404."""
    shop = world().shops.get(domain)
    if shop is None:
        abort(404, "no such shop; create it with POST /admin/shops")
    return shop
