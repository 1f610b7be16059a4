"""TEST USE ONLY: one buyer's visit: product, checkout and thank-you page, each a document with its own pixel."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.checkout_data import STAGES, cart_line, checkout, variant
from sandbox.faults import Fault
from sandbox.orders import Sale
from sandbox.shops import Json, Shop
from sandbox.world import world

PURPOSES = ("marketing", "analytics", "preferences", "sale_of_data")
META = "https://www.facebook.com"
SETTLE_MS = 10_000
REMEMBERED = 5_000
"""Visits; a keepalive request may come in when its tab has long been closed."""


class Left(Exception):
    """The buyer goes away here."""


@dataclass(slots=True)
class Visit:
    """One buyer in one tab. ``collector`` is the origin that the pixel posts evidence to."""

    name: str
    shop: Shop
    sale: Sale
    wish: Mapping[str, Any]
    collector: str = ""
    doomed: dict[Fault, bool] = field(default_factory=dict)
    net: list[Json] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    state: str = "none"
    tab: bool = False
    cookies: Json = field(default_factory=dict)

    @property
    def tracked(self) -> bool:
        """Whether a pixel can run in this visit at all: else the pages need no browser."""
        return self.shop.pixel is not None and not self.wish.get("pixel_paused")

    def strikes(self, fault: Fault) -> bool:
        """Whether the fault is this visit's fate: decided once, so that a second try does not escape."""
        if fault not in self.doomed:
            self.doomed[fault] = world().faults.hit(fault, shop=self.shop.domain) is not None
        return self.doomed[fault]

    # --- the three documents

    def shopping(self) -> None:
        """The product page; here the buyer meets the cookie banner, if there is one."""
        line = self.sale.lines[0]
        page = f"/products/{line.title.lower().replace(' ', '-')}"
        click = f"?fbclid={self.sale.buyer.fbclid}" if self.sale.buyer.fbclid else ""
        with self.document(page + click, consent=self.at_first()):
            self.publish("page_viewed", {})
            self.choose(self.choice())
            self.publish("product_viewed", {"productVariant": variant(self.sale, line)})
            self.publish("product_added_to_cart", {"cartLine": cart_line(self.sale, line)})

    def checking_out(self) -> None:
        """The checkout, up to the payment."""
        with self.document(f"/checkouts/cn/{self.sale.checkout_token}/information"):
            self.publish("page_viewed", {})
            for stage in STAGES[:-1]:
                self.publish(stage, self.about(stage))
                if stage == "checkout_contact_info_submitted":
                    self.withdraw()

    def thanking(self) -> None:
        """The thank-you page, where the purchase is reported."""
        with self.document(f"/checkouts/cn/{self.sale.checkout_token}/thank-you"):
            self.publish("page_viewed", {})
            self.publish(STAGES[-1], self.about(STAGES[-1]))

    def close(self) -> None:
        """The tab is closed; what an error left open as well."""
        if self.tab:
            self.tell("close")
            self.tab = False

    # --- the buyer's choice

    def must_opt_in(self) -> bool:
        """Whether this shop asks before it tracks, where the buyer is."""
        buyer = self.sale.buyer
        return self.shop.policy_for(str(buyer.country_code), buyer.province_code).consent_required

    def at_first(self) -> Json:
        """The consent before any choice: none where it must be given, all where one may opt out."""
        return dict.fromkeys(PURPOSES, not (self.must_opt_in() or self.wish.get("decline_before_load")))

    def choice(self) -> Json | None:
        """What the buyer chooses in the banner; None: the banner stays unanswered."""
        if self.wish.get("decline_before_load"):
            return None
        return dict.fromkeys(PURPOSES, True) | dict(self.wish.get("consent", {}))

    def choose(self, choice: Json | None) -> None:
        """Make a choice, if it changes anything."""
        if choice is not None and choice != self.at_first():
            self.tell("consent", consent=choice)

    def withdraw(self) -> None:
        """Take consent back in the middle of the checkout: all of it, or the purposes that the test names."""
        wish = self.wish.get("withdraw_during_checkout")
        if wish:
            self.tell("consent", consent=wish if isinstance(wish, dict) else dict.fromkeys(PURPOSES, False))

    # --- the browser

    @contextlib.contextmanager
    def document(self, path: str, **fields: Any) -> Iterator[None]:
        """Load a page, do what the buyer does there, and give the pixel time to finish."""
        self.tell("open", url=f"https://{self.shop.primary_domain}{path}", **self.browser(), **fields)
        yield
        self.tell("settle", ms=int(self.wish.get("settle_ms", SETTLE_MS)))

    def browser(self) -> Json:
        """What the browser is like, the same in every document."""
        own, buyer, shop = world().options.own_url, self.sale.buyer, self.shop
        return {
            "shop": shop.domain,
            "settings": shop.pixel.settings if shop.pixel else None,
            "userAgent": buyer.user_agent or "",
            "languages": [buyer.locale],
            "adblock": self.wish.get("adblock", False),
            "map": {META: f"{own}/meta"} | ({self.collector: f"{own}/relay/{self.name}"} if self.collector else {}),
            "data": {"shop": shop_data(shop)},
        }

    def about(self, stage: str) -> Json:
        """``data`` of a checkout event."""
        return {"checkout": checkout(self.sale, self.shop, stage, str(self.wish.get("pixel_order", "plain")))}

    def publish(self, name: str, data: Json) -> None:
        """Publish a standard event. Raises Left where the test lets the buyer stop."""
        self.tell("publish", name=name, data=data)
        if self.wish.get("stop_at") == name:
            self.tell("settle", ms=SETTLE_MS)
            raise Left

    def tell(self, op: str, **fields: Any) -> None:
        """Have the browser do something, and note what the pixel did."""
        if not self.tracked:
            return
        said = world().pixels.ask(op, visit=self.name, **fields)
        self.tab = True
        self.state, self.cookies = said["pixel"] if op != "close" else self.state, said["cookies"]
        self.net += said["net"]
        self.errors += said["errors"]

    def as_json(self) -> Json:
        """What became of the pixel in this visit."""
        return {"state": self.state, "net": self.net, "errors": self.errors, "cookies": self.cookies}


def shop_data(shop: Shop) -> Json:
    """``init.data.shop``."""
    return {
        "name": shop.name,
        "countryCode": shop.country,
        "myshopifyDomain": shop.domain,
        "storefrontUrl": f"https://{shop.primary_domain}",
        "paymentSettings": {"currencyCode": shop.currency},
    }


def begin(shop: Shop, sale: Sale, wish: Mapping[str, Any]) -> Visit:
    """Start a visit and remember it for the relay."""
    here = world()
    visit = Visit(secrets.token_hex(8), shop, sale, wish)
    if visit.tracked and shop.pixel is not None:
        parts = urlsplit(shop.pixel.settings.get("collector", ""))
        visit.collector = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
        here.pixels.ask("clock", offset_seconds=here.clock.offset)
    with here.lock:
        here.visits[visit.name] = visit
        while len(here.visits) > REMEMBERED:
            here.visits.pop(next(iter(here.visits)))
    return visit


def walk(steps: tuple[Callable[[], None], ...]) -> bool:
    """Take the steps; False if the buyer left on the way."""
    try:
        for step in steps:
            step()
    except Left:
        return False
    return True
