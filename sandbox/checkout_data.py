"""TEST USE ONLY: what Shopify tells pixels: ``data`` of the standard events, filled as far as the buyer has come."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.goods import SHIPPING, Line, subtotal
from sandbox.orders import Sale
from sandbox.shops import Json, Shop

STAGES = (
    "checkout_started",
    "checkout_contact_info_submitted",
    "checkout_address_info_submitted",
    "checkout_shipping_info_submitted",
    "payment_info_submitted",
    "checkout_completed",
)
ORDER_FORMS = {
    "plain": "{}",
    "gid": "gid://shopify/Order/{}",
    "identity": "gid://shopify/OrderIdentity/{}",
}
"""How the order's id may come in ``checkout_completed``; ``none``: without an id. All four were seen."""


def money(sale: Sale, amount: Decimal) -> Json:
    """``MoneyV2`` of pixels: the amount is a number, in the buyer's currency."""
    return {"amount": float(sale.money.sold(amount)), "currencyCode": sale.money.presentment}


def variant(sale: Sale, line: Line) -> Json | None:
    """``ProductVariant``; ids are bare digits. Lines without a product (tips) have none."""
    if line.product_id is None or line.variant_id is None:
        return None
    return {
        "id": str(line.variant_id),
        "sku": None,
        "title": None,
        "untranslatedTitle": None,
        "image": None,
        "price": money(sale, line.price),
        "product": {
            "id": str(line.product_id),
            "title": line.title,
            "untranslatedTitle": line.title,
            "type": "",
            "url": f"/products/{line.title.lower().replace(' ', '-')}",
            "vendor": "Sandbox",
        },
    }


def cart_line(sale: Sale, line: Line) -> Json:
    """``CartLine``."""
    total = money(sale, line.price * line.quantity)
    return {"cost": {"totalAmount": total}, "merchandise": variant(sale, line), "quantity": line.quantity}


def collection(sale: Sale, lines: tuple[Line, ...]) -> Json:
    """``Collection`` of a collection's page."""
    return {"id": "408250204439", "title": "All products", "productVariants": [variant(sale, line) for line in lines]}


def search_result(sale: Sale, query: str, lines: tuple[Line, ...]) -> Json:
    """``SearchResult`` of a search's page."""
    return {"query": query, "productVariants": [variant(sale, line) for line in lines]}


def line_items(sale: Sale) -> list[Json]:
    """``CheckoutLineItem`` for each line."""
    return [
        {
            "id": str(sale.order_id + 11 + n),
            "title": line.title,
            "quantity": line.quantity,
            "finalLinePrice": money(sale, line.price * line.quantity),
            "discountAllocations": [],
            "properties": [],
            "sellingPlanAllocation": None,
            "variant": variant(sale, line),
        }
        for n, line in enumerate(sale.lines)
    ]


def checkout(sale: Sale, shop: Shop, stage: str, order_form: str = "plain") -> Json:
    """``data.checkout`` at a stage."""
    reached = STAGES.index(stage)
    shipping, done = reached >= STAGES.index("checkout_shipping_info_submitted"), stage == STAGES[-1]
    total = subtotal(sale.lines) + (SHIPPING if shipping else 0)
    return {
        "attributes": [{"key": key, "value": value} for key, value in sale.attributes.items()],
        "buyerAcceptsEmailMarketing": False,
        "buyerAcceptsSmsMarketing": False,
        "currencyCode": sale.money.presentment,
        "delivery": None,
        "discountApplications": [],
        "discountsAmount": money(sale, Decimal(0)),
        "lineItems": line_items(sale),
        "localization": _localization(sale),
        "order": _order(sale, order_form) if done else None,
        "shippingLine": {"price": money(sale, SHIPPING)} if shipping else None,
        "subtotalPrice": money(sale, subtotal(sale.lines)),
        "token": sale.checkout_token,
        "totalPrice": money(sale, total),
        "totalTax": money(sale, Decimal(0)),
        "transactions": [_transaction(sale)] if done else [],
        **_contact(sale, shop, reached),
    }


def _contact(sale: Sale, shop: Shop, reached: int) -> Json:
    buyer = sale.buyer
    known = reached >= STAGES.index("checkout_address_info_submitted")
    contact = reached >= STAGES.index("checkout_contact_info_submitted")
    address = _address(sale, shop) if known else None
    return {
        "email": _seen(shop, "email", buyer.email) if contact else None,
        "phone": _seen(shop, "phone", buyer.phone) if contact else None,
        "smsMarketingPhone": None,
        "billingAddress": address,
        "shippingAddress": address,
    }


def _seen(shop: Shop, kind: str, value: str | None) -> str | None:
    # Since 2025-12-10 these are null unless the app was approved for each kind of field; the structure stays.
    return value if shop.grants(f"read_customer_{kind}") else None


def _address(sale: Sale, shop: Shop) -> Json:
    buyer = sale.buyer
    return {
        "address1": _seen(shop, "address", buyer.address1),
        "address2": None,
        "city": buyer.city,
        "country": buyer.country,
        "countryCode": buyer.country_code,
        "firstName": _seen(shop, "name", buyer.first_name),
        "lastName": _seen(shop, "name", buyer.last_name),
        "phone": _seen(shop, "phone", buyer.phone),
        "province": buyer.province,
        "provinceCode": buyer.province_code,
        "zip": _seen(shop, "address", buyer.zip),
    }


def _localization(sale: Sale) -> Json:
    language = sale.buyer.locale
    return {
        "country": {"isoCode": sale.buyer.country_code},
        "language": {"isoCode": language.partition("-")[0]},
        "market": {"id": "1", "handle": "primary"},
    }


def _order(sale: Sale, form: str) -> Json:
    customer: Any = {"id": str(sale.customer_id), "isFirstOrder": True}
    return {"id": ORDER_FORMS[form].format(sale.order_id) if form in ORDER_FORMS else None, "customer": customer}


def _transaction(sale: Sale) -> Json:
    method = {"name": "Card", "type": "creditCard"}
    return {"amount": money(sale, sale.total), "gateway": "shopify_payments", "paymentMethod": method}
