"""Values for tests: each builder gives a valid one, and a test names only what it is about.

All people are invented; addresses and numbers are of the ranges kept for examples where such ranges exist.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from plugin.recovery.evidence import Consent, Delivery, Evidence, Post, Stage
from plugin.recovery.order import PaidOrder, Receipt, Region
from plugin.recovery.verdict import Policy, Standing

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""When the example order was placed; it was paid a minute later."""
PAID = NOON + timedelta(minutes=1)
ORDER_ID = 5_001_000_100_200
CHECKOUT_TOKEN = "c0ffee00c0ffee00c0ffee00c0ffee00"
INGEST_KEY = "ingest_key_of_the_shop_01"
BUYERS_ADDRESS = "81.2.69.160"
"""An address of the public internet; those kept for examples are none, and never sent."""
BUYERS_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

AGREED = Consent(marketing=True, analytics=True, preferences=True, sale_of_data=True)
REFUSED = Consent(marketing=False, analytics=False, preferences=False, sale_of_data=False)
OPTED_OUT = replace(AGREED, sale_of_data=False)

ADDRESS: dict[str, Any] = {
    "first_name": "Zoë",
    "last_name": "Example",
    "name": "Zoë Example",
    "company": None,
    "address1": "1 Example Street",
    "address2": None,
    "city": "San Francisco",
    "zip": "94105-1234",
    "province": "California",
    "province_code": "CA",
    "country": "United States",
    "country_code": "US",
    "phone": "+1 202-555-0143",
    "latitude": 37.79,
    "longitude": -122.39,
}

PAYLOAD: dict[str, Any] = {
    "id": ORDER_ID,
    "admin_graphql_api_id": f"gid://shopify/Order/{ORDER_ID}",
    "app_id": 580111,
    "name": "#1001",
    "number": 1,
    "order_number": 1001,
    "token": "f00d",
    "checkout_id": 36_100_000_000_001,
    "checkout_token": CHECKOUT_TOKEN,
    "cart_token": "ca47",
    "source_name": "web",
    "user_id": None,
    "location_id": None,
    "created_at": "2026-11-24T13:00:02+01:00",
    "processed_at": "2026-11-24T13:00:00+01:00",
    "updated_at": "2026-11-24T13:01:00+01:00",
    "cancelled_at": None,
    "financial_status": "paid",
    "test": False,
    "browser_ip": BUYERS_ADDRESS,
    "client_details": {"browser_ip": BUYERS_ADDRESS, "user_agent": BUYERS_BROWSER, "accept_language": "en"},
    "landing_site": "/?utm_source=example",
    "email": "zoe@example.com",
    "contact_email": "zoe@example.com",
    "phone": None,
    "currency": "USD",
    "presentment_currency": "EUR",
    "total_price": "124.36",
    "total_price_set": {
        "shop_money": {"amount": "124.36", "currency_code": "USD"},
        "presentment_money": {"amount": "115.90", "currency_code": "EUR"},
    },
    "customer": {
        "id": 7_001_000_100_300,
        "email": "zoe@example.com",
        "phone": None,
        "first_name": "Zoë",
        "last_name": "Example",
    },
    "billing_address": ADDRESS,
    "shipping_address": ADDRESS,
    "line_items": [
        {
            "id": 1,
            "product_id": 8001,
            "variant_id": 9001,
            "title": "Example shirt",
            "quantity": 2,
            "price": "62.18",
            "price_set": {
                "shop_money": {"amount": "62.18", "currency_code": "USD"},
                "presentment_money": {"amount": "57.95", "currency_code": "EUR"},
            },
        }
    ],
}


def paid_payload(**changes: Any) -> dict[str, Any]:
    """Return the body of an ``orders/paid`` notification; ``ABSENT`` as a value takes the key away."""
    changed = deepcopy(PAYLOAD) | changes
    return {key: value for key, value in changed.items() if value is not ABSENT}


ABSENT = object()


def paid_body(**changes: Any) -> bytes:
    """Return that body as Shopify sends it."""
    return json.dumps(paid_payload(**changes), ensure_ascii=False).encode()


def paid_order(**changes: Any) -> PaidOrder:
    """Return an order of an online checkout in California, placed at ``NOON`` and paid at ``PAID``."""
    order = PaidOrder(
        id=ORDER_ID,
        number="#1001",
        placed_at=NOON,
        paid_at=PAID,
        updated_at=PAID,
        value=Decimal("115.90"),
        currency="EUR",
        billing=Region("US", "CA"),
        shipping=Region("US", "CA"),
    )
    return replace(order, **changes)


def receipt(paid_at: datetime = PAID, **changes: Any) -> Receipt:
    """Return the receipt of ``paid_payload(**changes)``."""
    return Receipt.from_payload(paid_payload(**changes), paid_at=paid_at)


def post(**changes: Any) -> Post:
    """Return a consented post of the checkout's start, a minute before the purchase."""
    start = Post(
        stage=Stage.CHECKOUT_STARTED,
        consent=AGREED,
        at=NOON - timedelta(minutes=1),
        key=INGEST_KEY,
        token=CHECKOUT_TOKEN,
    )
    return replace(start, **changes)


def completed(delivery: Delivery | None, **changes: Any) -> Post:
    """Return the post of a completed checkout: what became of the request for the example order."""
    named = {"order_id": ORDER_ID, "event_id": f"purchase.{ORDER_ID}"}
    return post(**{"stage": Stage.CHECKOUT_COMPLETED, "at": NOON, "delivery": delivery, **named, **changes})


def wire_post(**changes: Any) -> bytes:
    """Return the body of a post as the pixel sends it; ``ABSENT`` as a value takes the key away."""
    body = {
        "v": 1,
        "key": INGEST_KEY,
        "stage": "checkout_completed",
        "token": CHECKOUT_TOKEN,
        "order": str(ORDER_ID),
        "eid": f"purchase.{ORDER_ID}",
        "ts": "2026-11-24T12:00:00.000Z",
        "consent": {"m": True, "a": True, "p": True, "s": True},
        "tr": "sent",
        "url": "https://store.example/thank-you",
        "fbp": "fb.1.1764000000000.1234567890",
        "fbc": None,
    } | changes
    return json.dumps({key: value for key, value in body.items() if value is not ABSENT}).encode()


def evidence(*posts: Post) -> Evidence:
    """Return the evidence of these posts; of none, a consented checkout of which no purchase was reported."""
    return Evidence.of(posts or (post(),))


def standing(**changes: Any) -> Standing:
    """Return the standing of an order that nothing stands against."""
    return replace(Standing(), **changes)


def policy(**changes: Any) -> Policy:
    """Return the policy of a shop that switched offline tracking on."""
    return replace(Policy(tracking_on=True), **changes)
