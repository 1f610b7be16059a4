"""TEST USE ONLY: one buyer's visit, as a browser sees it: documents, each with its own pixel, in one tab or two."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from sandbox.checkout_data import checkout
from sandbox.faults import Fault
from sandbox.orders import Sale
from sandbox.shops import Json, Shop
from sandbox.world import world

PURPOSES = ("marketing", "analytics", "preferences", "sale_of_data")
META = "https://www.facebook.com"
FIRST_TAB, SECOND_TAB = "", "-2"
SETTLE_MS = 10_000
REMEMBERED = 5_000
"""Visits; a keepalive request may come in when its tab has long been closed."""


class Left(Exception):
    """The buyer goes away here."""


@dataclass(slots=True)
class Visit:
    """One buyer. ``collector`` is the origin that the pixel posts evidence to; ``urls`` is what each open tab shows."""

    name: str
    shop: Shop
    sale: Sale
    wish: Mapping[str, Any]
    collector: str = ""
    doomed: dict[Fault, bool] = field(default_factory=dict)
    net: list[Json] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    state: str = "none"
    tab: str = FIRST_TAB
    urls: dict[str, str] = field(default_factory=dict)
    chosen: bool = False
    cookies: Json = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    """Of the cart."""
    in_cart: int = 0
    """How many pieces."""

    @property
    def tracked(self) -> bool:
        """Whether a pixel can run in this visit at all: else the pages need no browser."""
        return self.shop.pixel is not None and self.wish.get("pixel_paused") is not True

    def strikes(self, fault: Fault) -> bool:
        """Whether the fault is this visit's fate: decided once, so that a second try does not escape."""
        if fault not in self.doomed:
            self.doomed[fault] = world().faults.hit(fault, shop=self.shop.domain) is not None
        return self.doomed[fault]

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

    def answer_banner(self) -> None:
        """Make a choice, if it changes anything or is a refusal, which the shop remembers too.

        Who has chosen before sees no banner, and chooses anew if told to.
        """
        choice = self.choice()
        if choice is None or (self.chosen and "consent" not in self.wish):
            return
        if self.chosen or choice != self.at_first() or not all(choice.values()):
            self.tell("consent", consent=choice)

    def withdraw(self, word: str) -> None:
        """Take consent back, all of it or the purposes named, if the test says so under ``word``."""
        wish = self.wish.get(word)
        if wish:
            self.tell("consent", consent=wish if isinstance(wish, dict) else dict.fromkeys(PURPOSES, False))

    # --- the cart

    @property
    def has_block(self) -> bool:
        """Whether the app's block runs on the pages of the theme."""
        return self.shop.app_embed and self.shop.installed

    def cart(self) -> Json:
        """What ``/cart.js`` answers, in the parts that matter."""
        return {"token": self.sale.cart_token, "item_count": self.in_cart, "attributes": dict(self.attributes)}

    def put_attributes(self, given: Mapping[str, Any]) -> None:
        """Merge attributes into the cart; an empty text takes one out."""
        told = self.attributes | {str(name): str(value) for name, value in given.items()}
        self.attributes = {name: value for name, value in told.items() if value}

    def take_over(self) -> None:
        """The checkout begins with what the cart has in it."""
        self.sale = replace(self.sale, attributes=dict(self.attributes))

    # --- the browser

    @contextlib.contextmanager
    def second_tab(self) -> Iterator[None]:
        """What happens inside happens in another tab of the same browser, which stays open."""
        self.tab = SECOND_TAB
        yield
        self.tab = FIRST_TAB

    @contextlib.contextmanager
    def document(self, path: str, **fields: Any) -> Iterator[None]:
        """Load a page of the shop, do what the buyer does there, and give the pixel time to finish."""
        url = f"https://{self.shop.primary_domain}{path}"
        self.tell("open", url=url, referrer=self.referrer(url), **self.browser() | fields)
        self.urls[self.tab] = url
        yield
        self.tell("settle", ms=int(self.wish.get("settle_ms", SETTLE_MS)))

    def elsewhere(self, url: str) -> None:
        """Load a page of another site, where no app's pixel runs and the shop's cookies are not."""
        self.tell("open", url=url, referrer=self.referrer(url), **self.browser() | {"settings": None})
        self.urls[self.tab] = url

    def referrer(self, url: str) -> str:
        """The page before, as browsers tell it: in full on the same site, else its origin. A click comes from Meta."""
        before = self.urls.get(self.tab, f"{META}/" if self.sale.buyer.fbclid and not self.urls else "")
        if not before:
            return ""
        parts = urlsplit(before)
        return before if parts.netloc == urlsplit(url).netloc else f"{parts.scheme}://{parts.netloc}/"

    def browser(self) -> Json:
        """What the browser is like, the same in every document."""
        own, buyer, shop = world().options.own_url, self.sale.buyer, self.shop
        paused = self.wish.get("pixel_paused")
        return {
            "browser": str(self.wish.get("browser", self.name)),
            "atFirst": self.at_first(),
            "shop": shop.domain,
            "settings": shop.pixel.settings if shop.pixel else None,
            "userAgent": buyer.user_agent or "",
            "languages": [buyer.locale],
            "adblock": self.wish.get("adblock", False),
            "paused": paused if isinstance(paused, list) else [],
            "block": None,
            "map": {META: f"{own}/meta"} | ({self.collector: f"{own}/relay/{self.name}"} if self.collector else {}),
            "data": {"shop": shop_data(shop)},
        }

    def about(self, stage: str) -> Json:
        """``data`` of a checkout event."""
        return {"checkout": checkout(self.sale, self.shop, stage, str(self.wish.get("pixel_order", "plain")))}

    def block(self) -> Json:
        """What a page of the theme needs for the app's block: the address of this visit's cart, if the block is on."""
        own = world().options.own_url
        return {"block": f"{own}/shop/{self.shop.domain}/carts/{self.name}" if self.has_block else None}

    def publish(self, name: str, data: Json) -> None:
        """Publish a standard event. Raises Left where the test lets the buyer stop."""
        if name == "product_added_to_cart":
            self.in_cart += 1
        self.tell("publish", name=name, data=data)
        if self.wish.get("stop_at") == name:
            self.tell("settle", ms=SETTLE_MS)
            raise Left

    def tell(self, op: str, **fields: Any) -> None:
        """Have the browser do something in this tab, and note what the pixel did."""
        if not self.tracked:
            return
        said = world().pixels.ask(op, visit=f"{self.name}{self.tab}", **fields)
        if op != "close":
            self.urls.setdefault(self.tab, "")
            self.state, self.cookies = said["pixel"], said["cookies"]
        self.chosen = said["chosen"]
        self.net += said["net"]
        self.errors += said["errors"]

    def close(self) -> None:
        """The tabs are closed; what an error left open as well."""
        for tab in list(self.urls):
            self.tab = tab
            del self.urls[tab]
            self.tell("close")

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


def walk(visit: Visit, steps: tuple[Callable[[Visit], None], ...]) -> bool:
    """Take the steps; False if the buyer left on the way."""
    try:
        for step in steps:
            step(visit)
    except Left:
        return False
    return True
