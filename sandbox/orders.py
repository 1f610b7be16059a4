"""TEST USE ONLY: orders as Shopify's webhooks carry them: the REST Order resource with all its documented keys."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sandbox.goods import SHIPPING, Currencies, Line, line_items, subtotal
from sandbox.people import Buyer
from sandbox.shops import Json, Shop

NEVER_ROUNDED = ("total_cash_rounding_payment_adjustment_set", "total_cash_rounding_refund_adjustment_set")
SPARED = ("subtotal_price", "total_price", "current_subtotal_price", "current_total_price")
"""Amounts that are nothing where a discount takes off the whole price."""
EMPTY_LISTS = (
    "discount_codes",
    "discount_applications",
    "tax_lines",
    "fulfillments",
    "refunds",
    "returns",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What an order is made of. ``changes`` are put over the finished payload, so that a test can bend any key."""

    order_id: int
    number: int
    buyer: Buyer
    customer_id: int
    lines: tuple[Line, ...]
    money: Currencies
    placed_at: datetime
    paid: bool = True
    checkout_token: str | None = field(default_factory=lambda: secrets.token_hex(16))
    cart_token: str | None = field(default_factory=lambda: "Z2NwLWV1cm9wZS" + secrets.token_urlsafe(12))
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Those of the cart, as the checkout took them over."""
    changes: Json = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """What the buyer pays, in the shop's currency."""
        return subtotal(self.lines) + SHIPPING


def payload_of(sale: Sale, shop: Shop) -> Json:
    """The order as ``orders/paid`` carries it."""
    parts = (
        _identity(sale, shop),
        _times(sale, shop),
        _browser(sale),
        _contact(sale),
        _money(sale),
        _lists(sale),
    )
    order: Json = {}
    for part in parts:
        order |= part
    return order | sale.changes


def stamp(moment: datetime, shop: Shop) -> str:
    """A moment in the shop's zone, to the second, as webhooks write it."""
    return moment.astimezone(ZoneInfo(shop.time_zone)).isoformat(timespec="seconds")


def _identity(sale: Sale, shop: Shop) -> Json:
    token = secrets.token_hex(16)
    return {
        "id": sale.order_id,
        "admin_graphql_api_id": f"gid://shopify/Order/{sale.order_id}",
        "app_id": 580111,
        "name": f"#{sale.number}",
        "number": sale.number - 1000,
        "order_number": sale.number,
        "confirmation_number": secrets.token_hex(5).upper()[:9],
        "token": token,
        "merchant_business_entity_id": f"MTU0ODM4MDAwO{shop.id}",
        **_source(sale),
        "order_status_url": f"https://{shop.primary_domain}/{shop.id}/orders/{token}/authenticate?key={token[:8]}",
    }


def _source(sale: Sale) -> Json:
    nothing = ("reference", "source_identifier", "source_url", "location_id", "device_id", "user_id")
    return {
        "source_name": "web",
        "checkout_id": sale.order_id + 7 if sale.checkout_token else None,
        "checkout_token": sale.checkout_token,
        "cart_token": sale.cart_token,
        **dict.fromkeys((*nothing, "merchant_of_record_app_id", "company", "po_number")),
    }


def _times(sale: Sale, shop: Shop) -> Json:
    placed = stamp(sale.placed_at, shop)
    return {
        "created_at": placed,
        "updated_at": placed,
        "processed_at": placed,
        "closed_at": None,
        "cancelled_at": None,
        "cancel_reason": None,
        "confirmed": True,
        "financial_status": "paid" if sale.paid else "pending",
        "fulfillment_status": None,
        "test": False,
    }


def _browser(sale: Sale) -> Json:
    buyer = sale.buyer
    query = f"?fbclid={buyer.fbclid}" if buyer.fbclid else ""
    return {
        "browser_ip": buyer.browser_ip,
        "client_details": {
            "accept_language": buyer.locale,
            "browser_height": None,
            "browser_ip": buyer.browser_ip,
            "browser_width": None,
            "session_hash": None,
            "user_agent": buyer.user_agent,
        },
        "landing_site": f"/products/blue-mug{query}",
        "landing_site_ref": None,
        "referring_site": "",
        "customer_locale": buyer.locale,
    }


def _contact(sale: Sale) -> Json:
    buyer, address = sale.buyer, sale.buyer.address()
    return {
        "email": buyer.email,
        "contact_email": buyer.email,
        "phone": buyer.phone,
        "buyer_accepts_marketing": False,
        "customer": _customer(sale),
        "billing_address": address,
        "shipping_address": dict(address),
    }


def _customer(sale: Sale) -> Json:
    buyer = sale.buyer
    consent = {"state": "not_subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": None}
    return {
        "id": sale.customer_id,
        "admin_graphql_api_id": f"gid://shopify/Customer/{sale.customer_id}",
        "email": buyer.email,
        "phone": buyer.phone,
        "first_name": buyer.first_name,
        "last_name": buyer.last_name,
        "created_at": sale.placed_at.isoformat(timespec="seconds"),
        "updated_at": sale.placed_at.isoformat(timespec="seconds"),
        "state": "disabled",
        "note": None,
        "verified_email": True,
        "multipass_identifier": None,
        "tax_exempt": False,
        "tax_exemptions": [],
        "tags": "",
        "currency": sale.money.shop,
        "email_marketing_consent": consent,
        "sms_marketing_consent": None,
        "default_address": {"id": sale.customer_id + 1, "customer_id": sale.customer_id, **buyer.address()},
    }


def _money(sale: Sale) -> Json:
    money, none = sale.money, Decimal(0)
    amounts = _amounts(sale)
    return (
        {"currency": money.shop, "presentment_currency": money.presentment}
        | {name: money.own(amount) for name, amount in amounts.items()}
        | {f"{name}_set": money.both(amount) for name, amount in amounts.items()}
        | {name: money.both(none) for name in NEVER_ROUNDED}
        | {"total_shipping_price_set": money.both(SHIPPING)}
        | dict.fromkeys(("current_total_duties_set", "current_total_additional_fees_set"))
        | dict.fromkeys(("original_total_duties_set", "original_total_additional_fees_set"))
        | {"total_outstanding": money.own(none if sale.paid else sale.total), "total_tip_received": "0.00"}
        | {"total_weight": 900, "taxes_included": True, "tax_exempt": False}
        | {"duties_included": False, "estimated_taxes": False}
    )


def _amounts(sale: Sale) -> dict[str, Decimal]:
    goods, none = subtotal(sale.lines), Decimal(0)
    return {
        "subtotal_price": goods,
        "total_price": sale.total,
        "total_tax": none,
        "total_discounts": none,
        "total_line_items_price": goods,
        "current_subtotal_price": goods,
        "current_total_price": sale.total,
        "current_total_discounts": none,
        "current_total_tax": none,
    }


def _lists(sale: Sale) -> Json:
    return {
        "payment_gateway_names": ["shopify_payments"],
        "line_items": line_items(sale.lines, sale.money, sale.order_id + 11),
        "shipping_lines": [_shipping(sale)],
        **{name: [] for name in EMPTY_LISTS},
        "note_attributes": [{"name": name, "value": value} for name, value in sale.attributes.items()],
        "payment_terms": None,
        "note": None,
        "tags": "",
    }


def _shipping(sale: Sale) -> Json:
    amount, both = sale.money.own(SHIPPING), sale.money.both(SHIPPING)
    return {
        "id": sale.order_id + 3,
        "code": "Standard",
        "title": "Standard",
        "price": amount,
        "price_set": both,
        "discounted_price": amount,
        "discounted_price_set": both,
        "is_removed": False,
        "source": "shopify",
        "phone": None,
        "carrier_identifier": None,
        "requested_fulfillment_service_id": None,
        "tax_lines": [],
        "discount_allocations": [],
    }
