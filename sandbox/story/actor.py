"""TEST USE ONLY: what the story's people do, and what can be seen from outside."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import requests

from sandbox.stage import Stage

SHOP = "lantern.myshopify.com"
DATASET = "1234567890123456"
TOKEN = "EAAsandboxDefaultToken"
WARNING = "2026-11"
AGREED = {"marketing": True, "analytics": True, "preferences": True, "sale_of_data": True}
PATIENCE = 30.0
"""Seconds for the worker to do what is due."""
GRACE_OVER = 31 * 60
STANDS = re.compile(r'data-outcome="(\w+)" data-reason="(\w+)"')
"""How an order's page says it."""


class NotAsPromised(Exception):
    """The story took another turn."""


class Actor:
    """Merchant, buyers, Shopify and Meta: everybody but the app."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.told: list[tuple[str, str, str]] = []
        """Order, outcome and what Meta has, for the table at the end."""
        self.about, self.erased = "", ""
        """Orders of the buyers who asked for their data, and to be erased."""

    # --- the world

    def world(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the sandbox."""
        answer = requests.request(method, f"{self.stage.sandbox}{path}", json=body, timeout=60)
        if not answer.ok:
            raise NotAsPromised(f"the sandbox answered {answer.status_code} to {method} {path}: {answer.text[:200]}")
        return answer.json()

    def pass_time(self, seconds: float) -> None:
        """Move everybody's clock."""
        self.world("POST", "/clock", {"advance_seconds": seconds})
        time.sleep(0.5)  # a process takes a moved clock's word for 0.2 s

    def fault(self, name: str, **how: Any) -> None:
        """Let something go wrong."""
        self.world("POST", "/faults", {"name": name, **how})

    def repair(self) -> None:
        """Let nothing go wrong any more."""
        self.world("POST", "/faults", {"clear": True})

    def act(self, name: str, shop: str = SHOP, **how: Any) -> Any:
        """Let Shopify, the staff or a buyer do something once; return what came of it."""
        return self.world("POST", "/faults", {"name": name, "shop": shop, **how})["act"]

    # --- the merchant

    def load(self, shop: str = SHOP) -> requests.Response:
        """Open the app from the admin, as it is also opened right after an install."""
        query = self.world("POST", f"/admin/{shop}/id-token", {"sub": "42", "real_time": True})["query"]
        return requests.get(f"{self.stage.app}/?{query}", timeout=60)

    def page(self, method: str, path: str, form: dict[str, str] | None = None, shop: str = SHOP) -> requests.Response:
        """Fetch a page of the app as its script inside the admin does."""
        token = self.world("POST", f"/admin/{shop}/id-token", {"sub": "42", "real_time": True})["id_token"]
        return requests.request(
            method, f"{self.stage.app}{path}", data=form, headers={"Authorization": f"Bearer {token}"}, timeout=60
        )

    def switch(self, on: str, **form: str) -> requests.Response:
        """Press the switch on the settings page."""
        return self.page("POST", "/offline-tracking", {"on": on, "place": "settings", **form})

    # --- buyers

    def connect(self, shop: str = SHOP) -> None:
        """Connect the dataset on the settings page."""
        answer = self.page("POST", "/connect", {"dataset": DATASET, "token": TOKEN}, shop)
        check(answer.ok, f"connecting {shop} answered {answer.status_code}")

    def buy(self, shop: str = SHOP, **visit: Any) -> str:
        """Let one buyer shop in a browser with the built pixel; return the order's id."""
        visit.setdefault("consent", AGREED)
        return self._ordered(self.world("POST", f"/shop/{shop}/checkout", visit))

    def buy_unheard(self, **visit: Any) -> str:
        """Let one buyer shop while no webhook arrives; return the order's id."""
        answer = self.world("POST", f"/shop/{SHOP}/checkout", {"consent": AGREED, **visit})
        check(answer["webhook"]["status"] is None, f"orders/paid should be lost and was answered {answer['webhook']}")
        return str(answer["order_id"])

    def order(self, kind: str) -> str:
        """Make an order that no browser saw."""
        return self._ordered(self.world("POST", f"/shop/{SHOP}/orders", {"kind": kind}))

    def _ordered(self, answer: dict[str, Any]) -> str:
        if answer["webhook"]["status"] != HTTPStatus.OK:
            raise NotAsPromised(f"orders/paid was answered with {answer['webhook']}")
        if errors := answer.get("pixel", {}).get("errors"):
            raise NotAsPromised(f"the pixel raised {errors}")
        return str(answer["order_id"])

    # --- what can be seen

    def counts(self, shop: str = SHOP) -> dict[str, int]:
        """Return what the ledger holds, by "outcome / reason"."""
        found = json.loads(self.stage.command("orders", "counts", shop, "--json"))
        return {f"{outcome} / {reason}": n for outcome, reasons in found.items() for reason, n in reasons.items()}

    def knows(self, order_id: str) -> bool:
        """Whether there is a page of an order."""
        return self.page("GET", f"/orders/{order_id}").status_code == HTTPStatus.OK

    def shown(self, order_id: str) -> tuple[str, str]:
        """Return outcome and reason by the order's page; by the command where the store has no pages any more."""
        try:
            page = self.page("GET", f"/orders/{order_id}").text
        except NotAsPromised:
            told = self.explained(order_id)
            return told["outcome"], told["reason"]
        found = STANDS.search(page)
        return (found[1], found[2]) if found else ("unknown", "unknown")

    def generation(self) -> int:
        """Return the store's generation, as `backstop shops show` says it."""
        line = self.stage.command("shops", "show", SHOP).splitlines()[0]
        return int(line.rpartition("generation ")[2].rstrip(")"))

    def explained(self, order_id: str) -> dict[str, Any]:
        """Return what `backstop orders explain` says."""
        found: dict[str, Any] = json.loads(self.stage.command("orders", "explain", SHOP, order_id, "--json"))
        return found

    def received(self, order_id: str) -> list[dict[str, Any]]:
        """Return Meta's Purchases of an order, pixel's and server's."""
        events = self.world("GET", "/meta/received.json")["events"]
        return [event for event in events if event["event_id"] == f"purchase.{order_id}"]

    def from_server(self) -> int:
        """Return how many events Meta has got from a server in all."""
        events = self.world("GET", "/meta/received.json")["events"]
        return sum(event["source"] == "server" for event in events)

    def becomes(self, order_id: str, outcome: str, reason: str) -> dict[str, Any]:
        """Wait until an order's page shows an outcome and reason; return its explanation, which says the same."""
        end = time.monotonic() + PATIENCE
        while (shown := self.shown(order_id)) != (outcome, reason):
            if time.monotonic() > end:
                raise NotAsPromised(f"an order should be {outcome} / {reason} and is {' / '.join(shown)}")
            time.sleep(0.2)
        found = self.explained(order_id)
        told = (found["outcome"], found["reason"])
        check(told == shown, f"order {found['number']} is {' / '.join(shown)} by its page, by the command {told}")
        return found

    def ends(self, order_id: str, outcome: str, reason: str, *, browser: int = 0, server: int = 0) -> dict[str, Any]:
        """Wait for an outcome and see that Meta holds this many copies of the Purchase, one of which counts at most."""
        found = self.becomes(order_id, outcome, reason)
        copies = self.received(order_id)
        came = {source: sum(copy["source"] == source for copy in copies) for source in ("browser", "server")}
        counted = sum(not copy["deduplicated"] for copy in copies)
        check(came == {"browser": browser, "server": server}, f"Meta has {came} of order {found['number']}")
        check(counted <= 1, f"Meta counts order {found['number']} {counted} times")
        self.told.append((f"{found['number']}", f"{outcome} / {reason}", f"browser {browser}, server {server}"))
        return found


def check(holds: object, otherwise: str) -> None:
    """Raise NotAsPromised unless it holds."""
    if not holds:
        raise NotAsPromised(otherwise)


def wait_until(holds: Callable[[], bool], otherwise: str, seconds: float = 20) -> None:
    """Wait for something to hold."""
    end = time.monotonic() + seconds
    while not holds():
        check(time.monotonic() < end, otherwise)
        time.sleep(0.1)
