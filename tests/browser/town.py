"""One test's walk: the stage, a browser, and everybody in it; at its end nothing may have been complained of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from playwright.sync_api import Browser, BrowserContext, Page

from sandbox.stage import Stage
from tests.browser.buyer import Buyer, Manner
from tests.browser.merchant import Merchant
from tests.browser.watch import Watch

HEIGHTS = {1280: 900, 390: 844}
"""Width to height of the two screens, in CSS pixels."""


@dataclass(slots=True)
class Town:
    """Makes shops, opens their admin, lets buyers buy. A context (a browser profile) for each person."""

    stage: Stage
    browser: Browser
    watch: Watch = field(default_factory=Watch)
    contexts: list[BrowserContext] = field(default_factory=list)
    last: BrowserContext | None = None
    """The latest buyer's."""

    def shop(self, name: str) -> str:
        """Make a shop that has the app, for one test alone."""
        self.ask("POST", "/admin/shops", {"shop": f"{name}.myshopify.com", "name": f"{name.title()} Goods"})
        return name

    def page(self, width: int = 1280) -> Page:
        """A browser profile of somebody new."""
        context = self.browser.new_context(viewport={"width": width, "height": HEIGHTS[width]})
        context.set_default_timeout(15_000)
        self.watch.over(context)
        self.contexts.append(context)
        return context.new_page()

    def merchant(self, shop: str, width: int = 1280) -> Merchant:
        """Somebody of the shop's staff."""
        return Merchant(self.page(width), self.stage, shop)

    def connected(self, name: str) -> Merchant:
        """Somebody at the dashboard of a new shop that is connected already."""
        merchant = self.merchant(self.shop(name))
        merchant.open("/settings", "settings")
        merchant.connect()
        merchant.home()
        return merchant

    def store(self, shop: str) -> str:
        """The address of a shop's storefront."""
        return f"http://{shop}.store.localhost:{self.stage.sandbox_port}"

    def buyer(self, shop: str, width: int = 1280) -> Buyer:
        """Somebody in the storefront."""
        return Buyer(self.page(width), self.store(shop))

    def buy(self, shop: str, manner: Manner | None = None) -> str:
        """Let somebody new buy. Their last page stays open until the next buyer has bought, or the test is over."""
        buyer = self.buyer(shop)
        order = buyer.buy(manner or Manner())
        if self.last is not None:
            self.contexts.remove(self.last)
            self.last.close()
        self.last = buyer.page.context
        return order

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the sandbox, as its programs do."""
        answer = requests.request(method, f"{self.stage.sandbox}{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def purchases(self, order: str) -> list[str]:
        """From where Meta has got an order's Purchase: `browser`, `server`."""
        events = self.ask("GET", "/meta/received.json")["events"]
        return [event["source"] for event in events if event["event_id"] == f"purchase.{order}"]


@contextmanager
def town_of(stage: Stage, browser: Browser) -> Iterator[Town]:
    """A town for a while. Fails if a console complained."""
    town = Town(stage, browser)
    try:
        yield town
        assert not town.watch.complaints, "\n".join(town.watch.complaints)
    finally:
        for context in town.contexts:
            context.close()
