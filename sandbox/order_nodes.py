"""TEST USE ONLY: an order as the GraphQL Admin API shows it, read from the JSON that its webhook carried."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.faults import Fault
from sandbox.projection import Denied
from sandbox.shops import Json, Shop
from sandbox.world import world

PAID_ONCE = frozenset({"paid", "partially_refunded", "refunded"})
MOST_OF_A_PAGE = 250
STATUS = {"partially_refunded": "PARTIALLY_REFUNDED", "partially_paid": "PARTIALLY_PAID"}


def moment(text: str) -> datetime:
    """A webhook's time as an aware UTC one."""
    return datetime.fromisoformat(text).astimezone(UTC)


def node(shop: Shop, order: Json) -> Json:
    """One ``Order``."""
    return {
        "__typename": "Order",
        "id": order["admin_graphql_api_id"],
        "legacyResourceId": str(order["id"]),
        **_plain(order),
        **_hidden(shop, order),
        **_times(order),
        **_money(order),
        "billingAddress": address(order.get("billing_address"), seen=sees_buyers(shop)),
        "shippingAddress": address(order.get("shipping_address"), seen=sees_buyers(shop)),
        "customer": customer(shop, order.get("customer")),
        "customAttributes": [{"key": note["name"], "value": note["value"]} for note in order["note_attributes"]],
        "transactions": lambda arguments: payments(shop, order)[: int(arguments.get("first") or 250)],
        "lineItems": lambda arguments: page([line(order, item) for item in order["line_items"]], arguments),
        "app": {"__typename": "OrderApp", "id": f"gid://shopify/App/{order['app_id']}", "name": "Online Store"},
    }


def _plain(order: Json) -> Json:
    status = order["financial_status"]
    return {
        "name": order["name"],
        "number": order["order_number"],
        "confirmationNumber": order["confirmation_number"],
        "test": order["test"],
        "confirmed": order["confirmed"],
        "displayFinancialStatus": status.upper(),
        "fullyPaid": status in PAID_ONCE,
        "unpaid": status == "pending",
        "edited": order["current_total_price"] != order["total_price"],
        "cancelReason": order["cancel_reason"],
        "sourceName": order["source_name"],
        "sourceIdentifier": order["source_identifier"],
        "checkoutToken": order["checkout_token"],
        "cartToken": order["cart_token"],
        "clientIp": order["browser_ip"],
        "note": order["note"],
        "customerLocale": order["customer_locale"],
    }


def _times(order: Json) -> Json:
    names = {
        "createdAt": "created_at",
        "processedAt": "processed_at",
        "updatedAt": "updated_at",
        "cancelledAt": "cancelled_at",
        "closedAt": "closed_at",
    }
    return {name: zulu(order[key]) if order.get(key) else None for name, key in names.items()}


def zulu(text: str) -> str:
    """A time as GraphQL writes it."""
    return moment(text).isoformat(timespec="seconds").replace("+00:00", "Z")


def _money(order: Json) -> Json:
    names = {
        "totalPriceSet": "total_price_set",
        "currentTotalPriceSet": "current_total_price_set",
        "subtotalPriceSet": "subtotal_price_set",
        "totalShippingPriceSet": "total_shipping_price_set",
        "totalTaxSet": "total_tax_set",
        "totalDiscountsSet": "total_discounts_set",
    }
    found = {name: money_bag(order[key]) for name, key in names.items()}
    if order["current_total_price"] != order["total_price"]:  # edited: the total is the present one
        found["totalPriceSet"] = found["currentTotalPriceSet"]
    received = order["financial_status"] in PAID_ONCE or order["current_total_price"] != order["total_price"]
    none = {kind: money | {"amount": "0.00"} for kind, money in order["total_price_set"].items()}
    found["originalTotalPriceSet"] = money_bag(order["total_price_set"])
    found["totalReceivedSet"] = money_bag(order["total_price_set"] if received else none)
    return found | {"currencyCode": order["currency"], "presentmentCurrencyCode": order["presentment_currency"]}


def money_bag(money: Json) -> Json:
    """A ``MoneyBag``."""
    return {
        "__typename": "MoneyBag",
        "shopMoney": money_v2(money["shop_money"]),
        "presentmentMoney": money_v2(money["presentment_money"]),
    }


def money_v2(money: Json) -> Json:
    """A ``MoneyV2``; the amount is text."""
    return {"__typename": "MoneyV2", "amount": money["amount"], "currencyCode": money["currency_code"]}


def sees_buyers(shop: Shop) -> bool:
    """Whether Shopify has approved the app for protected customer data."""
    return world().faults.peek(Fault.PROTECTED_NULL, shop=shop.domain) is None


def protected(node: Json, names: tuple[str, ...], *, seen: bool) -> Json:
    """The node, with null and an error in place of what the app is not approved for."""
    return node if seen else node | {name: Denied("protected customer data") for name in names}


def _hidden(shop: Shop, order: Json) -> Json:
    buyer = {"email": order["email"], "phone": order["phone"]}
    return protected(buyer, ("email", "phone"), seen=sees_buyers(shop))


def payments(shop: Shop, order: Json) -> list[Json]:
    """Its ``OrderTransaction``s: one sale, if it was paid."""
    at = shop.payments.get(order["id"])
    if at is None:
        return []
    return [{"__typename": "OrderTransaction", "kind": "SALE", "status": "SUCCESS", "processedAt": zulu(at)}]


def address(given: Json | None, *, seen: bool = True) -> Json | None:
    """A ``MailingAddress``."""
    if given is None:
        return None
    return protected(
        _address(given), ("firstName", "lastName", "name", "address1", "address2", "zip", "phone"), seen=seen
    )


def _address(given: Json) -> Json:
    return {
        "__typename": "MailingAddress",
        "firstName": given["first_name"],
        "lastName": given["last_name"],
        "name": given["name"],
        "company": given["company"],
        "address1": given["address1"],
        "address2": given["address2"],
        "city": given["city"],
        "zip": given["zip"],
        "province": given["province"],
        "provinceCode": given["province_code"],
        "country": given["country"],
        "countryCode": given["country_code"],
        "countryCodeV2": given["country_code"],
        "phone": given["phone"],
    }


def customer(shop: Shop, given: Json | None) -> Json | Denied | None:
    """A ``Customer``; the whole type needs read_customers."""
    if not shop.grants("read_customers"):
        return Denied("read_customers")
    if given is None:
        return None
    return {
        "__typename": "Customer",
        "id": f"gid://shopify/Customer/{given['id']}",
        "legacyResourceId": str(given["id"]),
        "email": given["email"],
        "phone": given["phone"],
        "firstName": given["first_name"],
        "lastName": given["last_name"],
        "dataSaleOptOut": given["id"] in shop.opted_out,
    }


def line(order: Json, item: Json) -> Json:
    """A ``LineItem``."""
    prices = money_bag(item["price_set"])
    return {
        "__typename": "LineItem",
        "id": item["admin_graphql_api_id"],
        "title": item["title"],
        "name": item["name"],
        "sku": item["sku"],
        "quantity": item["quantity"],
        "currentQuantity": item["current_quantity"],
        "originalUnitPriceSet": prices,
        "discountedUnitPriceSet": prices,
        "product": ref("Product", item["product_id"]),
        "variant": ref("ProductVariant", item["variant_id"]),
        "presentmentCurrencyCode": order["presentment_currency"],
    }


def ref(kind: str, number: int | None) -> Json | None:
    """A product or variant, as far as its ids go."""
    if number is None:
        return None
    return {"__typename": kind, "id": f"gid://shopify/{kind}/{number}", "legacyResourceId": str(number)}


def page(nodes: list[Json], arguments: Mapping[str, Any], cursors: list[str] | None = None) -> Json:
    """A connection of the ``first`` nodes, up to a page; what lies before ``after`` must be cut off already."""
    first = min(int(arguments.get("first") or 50), MOST_OF_A_PAGE)
    marks = cursors or [f"c{n}" for n in range(len(nodes))]
    edges = [
        {"__typename": "Edge", "cursor": mark, "node": one} for mark, one in zip(marks, nodes[:first], strict=False)
    ]
    return {
        "__typename": "Connection",
        "nodes": nodes[:first],
        "edges": edges,
        "pageInfo": {
            "__typename": "PageInfo",
            "hasNextPage": len(nodes) > first,
            "hasPreviousPage": bool(arguments.get("after")),
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }
