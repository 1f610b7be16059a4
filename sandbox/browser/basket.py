"""TEST USE ONLY: one visitor's basket in the storefront: from the first product to the order."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from sandbox.goods import SHELF, Currencies, Line
from sandbox.orders import Sale
from sandbox.people import buyer_from
from sandbox.sales import enter, sale_from, tell_paid
from sandbox.shops import Json, Shop
from sandbox.visit import REMEMBERED, Visit
from sandbox.world import world

TYPED = ("email", "first_name", "last_name", "phone", "address1", "city", "zip")
"""What the checkout's form asks for."""
NOBODY = 0


@dataclass(slots=True)
class Basket(Visit):
    """A visit whose buyer is a person. ``sale`` is what an order would be now; ``order`` what became of it."""

    region: str = ""
    machine: Json = field(default_factory=dict)
    """Of the browser: ``user_agent``, ``fbclid``."""
    order: Json | None = None
    reported: bool = False
    """Whether the thank-you page was shown: Shopify tells pixels of a purchase once."""

    def put_in(self, line: Line, quantity: int) -> None:
        """Put some more of a product in."""
        others = [one for one in self.sale.lines if one.variant_id != line.variant_id]
        before = next((one.quantity for one in self.sale.lines if one.variant_id == line.variant_id), 0)
        self.sale = replace(self.sale, lines=(*others, replace(line, quantity=before + quantity)))
        self.in_cart += quantity

    def live_in(self, region: str) -> None:
        """The buyer is from there now."""
        if region != self.region:
            self.region = region
            self.sale = replace(self.sale, buyer=buyer_from(region, self.machine))

    def find_collector(self) -> None:
        """Learn where the shop's pixel posts to; it may have been placed since the last page."""
        address = self.shop.pixel.settings.get("collector", "") if self.shop.pixel else ""
        parts = urlsplit(address)
        self.collector = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    def pay(self, typed: Mapping[str, str]) -> Json:
        """Make the order, once, and tell the app; ``typed`` is the checkout's form."""
        with world().lock:
            if self.order is not None:
                return self.order
            known = {name: typed[name].strip() or None for name in TYPED if name in typed}
            wish = {
                "region": self.region,
                "buyer": self.machine | known,
                "lines": [asked_for(n) for n in self.sale.lines],
            }
            before = self.sale
            self.sale = replace(
                sale_from(self.shop, wish),
                checkout_token=before.checkout_token,
                cart_token=before.cart_token,
                attributes=before.attributes,
            )
            self.order = enter(self.shop, self.sale)
        tell_paid(self.shop, self.order)
        return self.order


def asked_for(line: Line) -> Json:
    """A line in the words that ``sale_from`` reads."""
    return {name: getattr(line, name) for name in ("product_id", "variant_id", "title", "price", "quantity")}


def new_basket(shop: Shop, region: str, machine: Json) -> Basket:
    """An empty basket, known to the relay by its name."""
    here = world()
    sale = Sale(
        order_id=here.new_id(),
        number=NOBODY,
        buyer=buyer_from(region, machine),
        customer_id=NOBODY,
        lines=(),
        money=Currencies(shop.currency, shop.currency),
        placed_at=here.clock.now(),
    )
    basket = Basket(secrets.token_hex(8), shop, sale, {}, region=region, machine=machine)
    with here.lock:
        here.visits[basket.name] = basket
        while len(here.visits) > REMEMBERED:
            here.visits.pop(next(iter(here.visits)))
    return basket


def product_called(handle: str) -> Line | None:
    """What is on the shelf under that address."""
    return next((line for line in SHELF if handle_of(line) == handle), None)


def handle_of(line: Line) -> str:
    """The last part of a product's address."""
    return line.title.lower().replace(" ", "-")
