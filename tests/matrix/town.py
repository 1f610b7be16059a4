"""Shops for the matrix, one for each setting of consent mode and limited data use, and what became of their orders."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeVar

import requests

from sandbox.stage import Stage
from sandbox.story.actor import WARNING, Actor
from tests.edges.settings_form import shown
from tests.edges.visits import Page
from tests.matrix.table import LDU, MODES, NOTHING, Fate, Known, Way

REGIONS = {"opt_in": "DE", "opt_out": "US-CA", "free": "JP"}
GRACE = 240
"""Minutes: longer than all the visits take."""
PATIENCE = 240.0
"""Seconds for the worker to decide all orders."""
HANDS = 12
"""Visits at a time."""
META_HOSTS = ["facebook.com", "facebook.net"]
ALL = dict.fromkeys(("marketing", "analytics", "preferences", "sale_of_data"), True)
CHOICES: Mapping[str, Mapping[str, Any]] = {
    "accept": {"consent": ALL},
    "decline": {"consent": dict.fromkeys(ALL, False)},
    "ignore": {},
    "withdraw": {"consent": ALL, "withdraw_during_checkout": True},
    "sale": {"consent": ALL | {"sale_of_data": False}},
}
_SAID = re.compile(r'data-(outcome|reason|delivery|consent|told-by|basis)="([^"]*)"')
_NO_SALE = "sale of data declined"
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, order=True)
class Setting:
    """What the merchant chose."""

    mode: str
    ldu: str

    @property
    def shop(self) -> str:
        """The name of the shop that chose so."""
        return f"{self.mode.replace('_', '-')}-{self.ldu}"

    @property
    def domain(self) -> str:
        """Its address at Shopify."""
        return f"{self.shop}.myshopify.com"


SETTINGS = tuple(Setting(*each) for each in product(MODES, LDU))


@dataclass(frozen=True, slots=True)
class Found:
    """What became of an order: by its page, and by what Meta has of it (from ``browser``, from ``server``)."""

    known: Known
    fate: Fate
    at_meta: tuple[str, ...]


@dataclass(slots=True)
class Town:
    """The shops of a stage. ``orders``: which order was bought which way."""

    stage: Stage
    orders: dict[tuple[Way, Setting], str] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """Somebody to do what a program can."""
        return Actor(self.stage)

    def open(self, setting: Setting) -> None:
        """Make the setting's shop: connected, tracking on, and the cart read."""
        actor, domain = self.actor, setting.domain
        actor.world("POST", "/admin/shops", {"shop": domain})
        actor.page("GET", "/", shop=domain)
        actor.connect(domain)
        form = {"on": "1", "place": "settings", "warning": WARNING, "ack": "yes", "mode": "recorded"}
        assert actor.page("POST", "/offline-tracking", form, domain).ok
        chosen = {"consent_mode": setting.mode, "grace_minutes": str(GRACE), "cart_choices": "yes"}
        chosen |= {"ldu": "yes"} if setting.ldu == "yes" else {}
        told: Any = shown(Page(actor.page("GET", "/settings", shop=domain))) | chosen  # type: ignore[arg-type] # has a text
        assert actor.page("POST", "/settings", told, domain).ok

    def embed(self, setting: Setting, *, on: bool) -> None:
        """Switch the theme's block on or off."""
        self.actor.act("app_embed", setting.domain, on=on)

    def visit(self, way: Way, setting: Setting, number: int) -> None:
        """Let one buyer buy in the Node runtime; each comes from an address of their own."""
        wish: dict[str, Any] = dict(CHOICES[way.choice])
        wish |= {"decline_before_load": True} if (way.choice, way.region) == ("ignore", "opt_in") else {}
        wish |= {"region": REGIONS[way.region], "close_tab": way.tab == "closed", "adblock": self._blocked(way)}
        wish["buyer"] = {
            "browser_ip": f"81.2.{number // 250}.{1 + number % 250}",
            "email": f"buyer{number}@example.com",
        }
        self.orders[way, setting] = self.actor.buy(setting.domain, **{"consent": ALL} | wish)

    def _blocked(self, way: Way) -> list[str]:
        collector = re.sub(r"^https?://|:\d+$", "", self.stage.env["BACKSTOP_URL"])
        return {"none": [], "meta": META_HOSTS, "both": [*META_HOSTS, collector]}[way.blocker]

    def decide(self) -> None:
        """Let the grace period pass, and wait until every order has its outcome."""
        self.actor.pass_time(GRACE * 60 + 60)
        end = time.monotonic() + PATIENCE
        for setting in {setting for _, setting in self.orders}:
            while waiting := [what for what in self.actor.counts(setting.domain) if what.startswith("waiting")]:
                assert time.monotonic() < end, f"{setting.shop}: {waiting}"
                time.sleep(1)

    def found(self) -> dict[tuple[Way, Setting], Found]:
        """Look at every order's page, and at what Meta has."""
        at_meta: dict[str, list[str]] = {}
        for event in self.actor.world("GET", "/meta/received.json")["events"]:
            at_meta.setdefault(str(event["event_id"]), []).append(event["source"])
        pairs = list(self.orders.items())
        pages = in_parallel(lambda pair: self._page(pair[0][1], pair[1]), pairs)
        return {
            key: found_on(page, tuple(at_meta.get(f"purchase.{order}", ())))
            for (key, order), page in zip(pairs, pages, strict=True)
        }

    def _page(self, setting: Setting, order: str) -> str:
        answer: requests.Response = self.actor.page("GET", f"/orders/{order}", shop=setting.domain)
        assert answer.ok, answer.status_code
        return answer.text


def found_on(page: str, at_meta: tuple[str, ...]) -> Found:
    """Read an order's page."""
    said = dict(_SAID.findall(page))
    choice = {"given": "limits" if _NO_SALE in page else "allows", "refused": "refuses"}.get(said["consent"], NOTHING)
    delivery = said["delivery"] if said["delivery"] != "none" else NOTHING
    known = Known(delivery, choice, said.get("told-by", NOTHING))
    return Found(known, Fate(said["outcome"], said["reason"], said.get("basis", "")), at_meta)


def in_parallel(work: Callable[[T], R], given: Iterable[T]) -> Iterator[R]:
    """Do something with each, several at a time; the first error ends it."""
    with ThreadPoolExecutor(HANDS) as hands:
        yield from hands.map(work, given)
