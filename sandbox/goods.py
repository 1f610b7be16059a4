"""TEST USE ONLY: what is bought, and what it costs in the shop's money and in the buyer's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.shops import Json

WHOLE = frozenset({"JPY", "KRW", "CLP", "VND", "ISK", "HUF"})
"""Currencies whose amounts come without decimals."""
SHIPPING = Decimal("4.90")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a price for each piece, in the shop's currency. Tip lines have neither product nor variant."""

    product_id: int | None
    variant_id: int | None
    title: str
    price: Decimal
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Currencies:
    """The shop's currency, the buyer's, and how much of the second one unit of the first is."""

    shop: str
    presentment: str
    rate: Decimal = Decimal(1)

    def both(self, amount: Decimal) -> Json:
        """A money set."""
        return {
            "shop_money": {"amount": self.own(amount), "currency_code": self.shop},
            "presentment_money": {"amount": self.sold(amount), "currency_code": self.presentment},
        }

    def own(self, amount: Decimal) -> str:
        """The amount in the shop's currency."""
        return rounded(amount, self.shop)

    def sold(self, amount: Decimal) -> str:
        """The amount in the buyer's currency."""
        return rounded(amount * self.rate, self.presentment)


def rounded(amount: Decimal, currency: str) -> str:
    """An amount as Shopify writes it."""
    return str(amount.quantize(Decimal(1) if currency in WHOLE else Decimal("0.01"), ROUND_HALF_UP))


SHELF = (
    Line(8712345678901, 45123456789012, "Blue mug", Decimal("18.00")),
    Line(8712345678902, 45123456789013, "Tea towel", Decimal("12.50")),
    Line(9007199254740995, 9007199254740999, "Oak tray", Decimal("39.95")),
)
"""What the shop sells; the last one's ids are beyond what a JavaScript number holds."""


ALWAYS: Json = {
    "discount_allocations": [],
    "tax_lines": [],
    "duties": [],
    "properties": [],
    "gift_card": False,
    "taxable": True,
    "requires_shipping": True,
    "grams": 300,
    "fulfillment_service": "manual",
    "fulfillment_status": None,
    "attributed_staffs": [],
    "variant_inventory_management": "shopify",
}
"""What every line has."""


def lines_from(wish: Any) -> tuple[Line, ...]:
    """Read ``[{"product_id", "variant_id", "title", "price", "quantity"}]``; nothing wished: one mug and two towels."""
    if not wish:
        towel = SHELF[1]
        return (SHELF[0], Line(towel.product_id, towel.variant_id, towel.title, towel.price, 2))
    return tuple(line_from(one, SHELF[n % len(SHELF)]) for n, one in enumerate(wish))


def line_from(wish: Mapping[str, Any], usual: Line) -> Line:
    """One line, with what is not said taken from the shelf."""
    return Line(
        wish.get("product_id", usual.product_id),
        wish.get("variant_id", usual.variant_id),
        str(wish.get("title", usual.title)),
        Decimal(str(wish.get("price", usual.price))),
        int(wish.get("quantity", 1)),
    )


def subtotal(lines: tuple[Line, ...]) -> Decimal:
    """What the lines cost together, in the shop's currency."""
    return sum((line.price * line.quantity for line in lines), Decimal(0))


def line_items(lines: tuple[Line, ...], money: Currencies, first_id: int) -> list[Json]:
    """The lines as an order carries them."""
    return [line_item(line, money, first_id + n) for n, line in enumerate(lines)]


def line_item(line: Line, money: Currencies, line_id: int) -> Json:
    """One line as an order carries it."""
    return {
        "id": line_id,
        "admin_graphql_api_id": f"gid://shopify/LineItem/{line_id}",
        "product_id": line.product_id,
        "variant_id": line.variant_id,
        "sku": None,
        "title": line.title,
        "name": line.title,
        "variant_title": None,
        "vendor": "Sandbox",
        **dict.fromkeys(("quantity", "current_quantity", "fulfillable_quantity"), line.quantity),
        "price": money.own(line.price),
        "price_set": money.both(line.price),
        "total_discount": "0.00",
        "total_discount_set": money.both(Decimal(0)),
        "product_exists": line.product_id is not None,
        **ALWAYS,
    }
