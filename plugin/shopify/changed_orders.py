"""Orders that changed since a time, asked of the Admin API and told in the words of the webhook ``orders/paid``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from plugin.recovery.order import Receipt, UnreadablePayload, parse_body
from plugin.recovery.payload import moment_from
from plugin.shopify.errors import ShopifyUnavailable
from plugin.shopify.order_queries import CHANGED_ORDERS, CHANGED_ORDERS_WITH_BUYER, ORDERS_PAGE, Query

PAID_ONCE: Final = (
    "(financial_status:paid OR financial_status:partially_refunded OR financial_status:refunded"
    " OR financial_status:partially_paid)"
)
REFUNDED: Final = "REFUNDED"
PARTIALLY_PAID: Final = "PARTIALLY_PAID"
PAID_STATES: Final = frozenset({"PAID", "PARTIALLY_REFUNDED", REFUNDED})
PAYMENTS: Final = frozenset({"SALE", "CAPTURE"})
_ADDRESS: Final = {
    "firstName": "first_name",
    "lastName": "last_name",
    "city": "city",
    "zip": "zip",
    "province": "province",
    "provinceCode": "province_code",
    "countryCodeV2": "country_code",
    "phone": "phone",
}
_PLAIN: Final = {
    "legacyResourceId": "id",
    "id": "admin_graphql_api_id",
    "name": "name",
    "test": "test",
    "cancelledAt": "cancelled_at",
    "createdAt": "created_at",
    "processedAt": "processed_at",
    "updatedAt": "updated_at",
    "sourceName": "source_name",
    "checkoutToken": "checkout_token",
    "email": "email",
    "phone": "phone",
    "clientIp": "browser_ip",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of changed orders, the longest unchanged first: those fully paid, and what it says beside them."""

    receipts: tuple[Receipt, ...] = field(repr=False)
    unreadable: int
    """Orders that no receipt could be made of."""
    last_change: datetime | None
    """When the last order of the page changed, whether or not it was paid; None for an empty page."""
    next_cursor: str | None
    """Where the next page begins; None if this was the last."""


def query_for(*, with_buyer: bool) -> Query:
    """Return the document: buyers are asked for only while offline tracking is on."""
    return CHANGED_ORDERS_WITH_BUYER if with_buyer else CHANGED_ORDERS


def variables(since: datetime, cursor: str | None, *, with_choice: bool = False) -> dict[str, Any]:
    """Return its variables: orders that were ever paid and changed at ``since`` (aware) or later.

    ``with_choice``: the merchant has the buyer's choice read from the cart.
    """
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # whole seconds, cut: rather one order twice
    wanted = f"{PAID_ONCE} updated_at:>='{moment}'"
    return {"first": ORDERS_PAGE, "after": cursor, "wanted": wanted, "withChoice": with_choice}


def read_page(data: Mapping[str, Any], read_at: datetime) -> Page:
    """Read the answer to either document. What was hidden from us (null) is absent from the receipts.

    Raises:
        ShopifyUnavailable: not what the schema promises.
    """
    orders = _object(data.get("orders"))
    nodes, info = orders.get("nodes"), _object(orders.get("pageInfo"))
    if not isinstance(nodes, list):
        raise ShopifyUnavailable("Shopify's answer holds no orders")
    receipts, unreadable = [], 0
    for node in map(_object, nodes):
        try:
            if is_fully_paid(node):
                receipts.append(receipt_of(node, read_at))
        except UnreadablePayload:
            unreadable += 1
    changes = [moment for node in nodes if (moment := _moment(_object(node).get("updatedAt"))) is not None]
    return Page(tuple(receipts), unreadable, max(changes, default=None), _next_cursor(info, nodes))


def is_fully_paid(node: Mapping[str, Any]) -> bool:
    """Say whether an order was once paid in full; a part of the price is not enough.

    ``fullyPaid`` compares what was received, returns not taken off, with the total (2026-10 schema). What was refunded
    in full is taken by its state alone, since it only ever ends an order. What was paid and then edited to cost more is
    partially paid from then on: it counts if what came in covers what it cost when it was placed.
    """
    state = node.get("displayFinancialStatus")
    if state == PARTIALLY_PAID:
        received, first = _amount(node, "totalReceivedSet"), _amount(node, "originalTotalPriceSet")
        return node.get("edited") is True and received is not None and first is not None and received >= first
    return state == REFUNDED or (state in PAID_STATES and node.get("fullyPaid") is True)


def receipt_of(node: Mapping[str, Any], read_at: datetime) -> Receipt:
    """Return an order's receipt, by the same readers as a webhook's.

    Raises:
        UnreadablePayload: see ``Receipt.from_payload``.
    """
    payload = payload_of(node)
    return Receipt.from_payload(payload, paid_at=paid_at(node, payload, read_at))


def payload_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order in the shape of the webhook's body, with the keys that the document asks for.

    ``user_id`` is not among them (it would take read_users): drafts tell themselves by ``source_name``.

    Raises:
        UnreadablePayload: it holds what no webhook's body may.
    """
    price = "originalTotalPriceSet" if node.get("displayFinancialStatus") == PARTIALLY_PAID else "totalPriceSet"
    money = _object(_object(node.get(price)).get("presentmentMoney"))
    payload = {ours: node[theirs] for theirs, ours in _PLAIN.items() if theirs in node} | {
        "financial_status": str(node.get("displayFinancialStatus") or "").lower(),
        "total_price_set": {
            "presentment_money": {"amount": money.get("amount"), "currency_code": money.get("currencyCode")}
        },
    }
    for theirs, ours in (("billingAddress", "billing_address"), ("shippingAddress", "shipping_address")):
        if isinstance(node.get(theirs), dict):
            payload[ours] = {key: node[theirs].get(name) for name, key in _ADDRESS.items()}
    if isinstance(notes := node.get("customAttributes"), list):
        payload["note_attributes"] = [
            {"name": note.get("key"), "value": note.get("value")} for note in map(_object, notes)
        ]
    return parse_body(json.dumps(payload).encode())


def paid_at(node: Mapping[str, Any], payload: Mapping[str, Any], read_at: datetime) -> datetime:
    """Return when an order was paid, since no order tells: by its last successful payment (a sale or a capture).

    One without payments (nothing to pay, paid by other means) counts as paid when it was placed. Never before it was
    placed, and never in the future.
    """
    placed = _moment(payload.get("processed_at")) or _moment(payload.get("created_at")) or read_at
    payments = node.get("transactions")
    moments = [_paid_by(_object(payment)) for payment in payments] if isinstance(payments, list) else []
    return min(max([placed, *(moment for moment in moments if moment is not None)]), read_at)


def _paid_by(payment: Mapping[str, Any]) -> datetime | None:
    counts = payment.get("status") == "SUCCESS" and payment.get("kind") in PAYMENTS
    return _moment(payment.get("processedAt")) if counts else None


def _amount(node: Mapping[str, Any], name: str) -> Decimal | None:
    """An amount as the buyer paid it; None if it cannot be read."""
    text = _object(_object(node.get(name)).get("presentmentMoney")).get("amount")
    try:
        amount = Decimal(text) if isinstance(text, str) else None
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() else None


def _next_cursor(info: Mapping[str, Any], nodes: Sequence[Any]) -> str | None:
    """A page without orders is the last one, whatever it says: rounds must end."""
    cursor = info.get("endCursor")
    return cursor if info.get("hasNextPage") is True and nodes and isinstance(cursor, str) else None


def _moment(value: Any) -> datetime | None:
    return moment_from(value) if isinstance(value, str) else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
