"""TEST USE ONLY: make orders from what a test asks for, keep them in the shop, and tell the app."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import abort

from sandbox.goods import Currencies, line_items, lines_from
from sandbox.orders import SPARED, Sale, payload_of, stamp
from sandbox.people import Buyer, buyer_from
from sandbox.shops import Json, Shop
from sandbox.world import world

BEYOND_FLOATS = 2**53
"""Every second order's id is above this, where JavaScript's numbers begin to lie."""
STAFF = {"user_id": 73014444001, "landing_site": None, "referring_site": None, "cart_token": None}
NO_BROWSER: Json = {"browser_ip": None, "client_details": None, "landing_site": None, "referring_site": None}
NO_CHECKOUT: Json = {"checkout_id": None, "checkout_token": None, "cart_token": None}


def free(sale: Sale) -> Json:
    """Nothing to pay: a discount takes all of it off, and no payment was made."""
    money, none, whole = sale.money, Decimal(0), sale.total
    code = {"code": "ON-THE-HOUSE", "amount": money.own(whole), "type": "percentage"}
    return (
        {name: money.own(none) for name in SPARED}
        | {f"{name}_set": money.both(none) for name in SPARED}
        | {"total_discounts": money.own(whole), "total_discounts_set": money.both(whole)}
        | {"discount_codes": [code], "payment_gateway_names": []}
    )


def gift_cards(sale: Sale) -> Json:
    """Gift cards are bought, and paid for with another one."""
    lines = line_items(sale.lines, sale.money, sale.order_id + 11)
    cards = [line | {"gift_card": True, "requires_shipping": False, "taxable": False} for line in lines]
    return {"line_items": cards, "payment_gateway_names": ["gift_card"]}


def half_paid(sale: Sale) -> Json:
    """Half of the price has come in."""
    return {"financial_status": "partially_paid", "total_outstanding": sale.money.own(sale.total / 2)}


KINDS: dict[str, Callable[[Shop, Sale], Json]] = {
    "web": lambda _shop, _sale: {},
    "test": lambda _shop, _sale: {"test": True},
    "pos": lambda _shop, _sale: (
        NO_BROWSER | NO_CHECKOUT | {"source_name": "pos", "location_id": 655441491, "user_id": 73014444001}
    ),
    # A draft carries a checkout token, and the address and browser of the staff member.
    "draft": lambda _shop, _sale: STAFF | {"source_name": "shopify_draft_order"},
    "renewal": lambda _shop, _sale: NO_BROWSER | NO_CHECKOUT | {"source_name": "subscription_contract"},
    "import": lambda _shop, _sale: NO_BROWSER | NO_CHECKOUT | {"source_name": "2376822785", "app_id": 2376822785},
    "cancelled": lambda shop, sale: {
        "cancelled_at": stamp(sale.placed_at, shop),
        "cancel_reason": "customer",
    },
    "voided": lambda _shop, _sale: {"financial_status": "voided"},
    # Shopify's own "send test notification".
    "notification": lambda shop, sale: {
        "test": True,
        "financial_status": "voided",
        "cancelled_at": stamp(sale.placed_at, shop),
    },
    "gift_card": lambda _shop, sale: gift_cards(sale),
    "zero_value": lambda _shop, sale: free(sale),
    # Neither is fully paid, so no webhook tells of it; `pay` on the order desk ends that.
    "partially_paid": lambda _shop, sale: half_paid(sale),
    "authorized": lambda _shop, _sale: {"financial_status": "authorized"},
    "no_match_data": lambda _shop, _sale: {
        "email": None,
        "contact_email": None,
        "phone": None,
        "customer": None,
        "billing_address": None,
        "shipping_address": None,
    },
}
"""What sets an order of each kind apart from a web order (facts seen in real payloads)."""
UNPAID = frozenset({"partially_paid", "authorized"})


def sale_from(shop: Shop, wish: Mapping[str, Any]) -> Sale:
    """Read ``region, buyer, lines, currency, rate, placed_ago, pay, changes``; wrong ones end as 400."""
    here = world()
    try:
        buyer = buyer_from(str(wish.get("region", shop.country)), wish.get("buyer", {}))
        money = Currencies(shop.currency, str(wish.get("currency", shop.currency)), Decimal(str(wish.get("rate", 1))))
        lines = lines_from(wish.get("lines"))
        placed_at = here.clock.now() - timedelta(seconds=float(wish.get("placed_ago", 0)))
    except (TypeError, ValueError, AttributeError, InvalidOperation) as cause:
        abort(400, f"cannot make an order of that: {cause}")
    number, customer_id = numbers(shop, buyer)
    return Sale(
        order_id=here.new_id() + BEYOND_FLOATS * (number % 2),
        number=number,
        buyer=buyer,
        customer_id=customer_id,
        lines=lines,
        money=money,
        placed_at=placed_at,
        paid=bool(wish.get("pay", True)),
        changes=dict(wish.get("changes", {})),
    )


def numbers(shop: Shop, buyer: Buyer) -> tuple[int, int]:
    """The next order's number, and the id of the customer, who is known by e-mail."""
    with world().lock:
        number, shop.next_number = shop.next_number, shop.next_number + 1
        customer_id = shop.customers.setdefault(str(buyer.email), world().new_id())
        if buyer.sale_opt_out:
            shop.opted_out.add(customer_id)
    return number, customer_id


def enter(shop: Shop, sale: Sale, kind: str = "web") -> Json:
    """Put the sale's order into the shop's books and return it."""
    if kind not in KINDS:
        abort(400, f"kind must be one of {', '.join(KINDS)}")
    order = payload_of(sale, shop)
    order |= {"updated_at": stamp(world().clock.now(), shop)} | KINDS[kind](shop, sale) | sale.changes
    with world().lock:
        shop.orders[sale.order_id] = order
        if sale.paid and kind not in {*UNPAID, "zero_value"}:
            shop.payments[sale.order_id] = str(order["processed_at"])
    return order


def tell_paid(shop: Shop, order: Json, *, wait: bool = True) -> Json:
    """Send ``orders/paid`` if the app is installed; answers the first try."""
    if not shop.installed or not shop.grants("read_orders"):
        return {"status": None, "error": "the app is not installed or may not read orders"}
    tried: Json = world().notify(shop, "orders/paid", order, about=str(order.get("id")), wait=wait)
    return tried
