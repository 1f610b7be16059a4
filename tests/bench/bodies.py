"""What the clients send: signed orders of about 8 KB and evidence posts, each another one, ready as bytes.

All people are invented; mails, numbers and names are of the ranges kept for examples, and differ from order to order,
so that nothing is cheap only because it was seen before.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.builders import paid_payload

SECRET = "secret-of-the-bench-only-0000000001"
SIZE = 8192
FIRST_ORDER = 6_000_000_000_000
ORDER_MARK, TOKEN_MARK = 9_111_111_111_111, "c0ffee00" * 4
NAME_MARK, MAIL_MARK, PHONE_MARK, ZIP_MARK = "Markname", "mark@example.com", "+1 202-555-0143", "94105-1234"
AREAS = (202, 206, 212, 213, 214, 215, 305, 312, 313, 314, 404, 408, 412, 415, 503, 504, 512, 602, 612, 617)
STAGES = (
    "checkout_started",
    "checkout_contact_info_submitted",
    "checkout_address_info_submitted",
    "checkout_shipping_info_submitted",
    "payment_info_submitted",
)


@dataclass(frozen=True, slots=True)
class Store:
    """A store of the bench, as a client knows it."""

    domain: str
    ingest_key: str


def _line(number: int) -> dict[str, Any]:
    amount = {"amount": "19.99", "currency_code": "EUR"}
    return {
        "id": 10**12 + number,
        "admin_graphql_api_id": f"gid://shopify/LineItem/{10**12 + number}",
        "product_id": 8000 + number,
        "variant_id": 9000 + number,
        "title": "Example shirt with long sleeves",
        "quantity": 1 + number % 3,
        "sku": f"SKU-{number}",
        "price": "19.99",
        "grams": 200,
        "vendor": "Example",
        "taxable": True,
        "price_set": {"shop_money": amount, "presentment_money": amount},
        "tax_lines": [{"price": "3.19", "rate": 0.19, "title": "VAT", "price_set": {"shop_money": amount}}],
        "discount_allocations": [],
        "fulfillable_quantity": 1,
    }


def order_payload(placed: datetime) -> dict[str, Any]:
    """Return an order of about `SIZE` bytes whose marks stand where orders differ."""
    made = paid_payload(
        id=ORDER_MARK,
        admin_graphql_api_id=f"gid://shopify/Order/{ORDER_MARK}",
        checkout_token=TOKEN_MARK,
        processed_at=(placed - timedelta(minutes=1)).isoformat(timespec="seconds"),
        created_at=placed.isoformat(timespec="seconds"),
        updated_at=placed.isoformat(timespec="seconds"),
        email=MAIL_MARK,
        contact_email=MAIL_MARK,
    )
    for person in (made["customer"], made["billing_address"], made["shipping_address"]):
        person.update(last_name=NAME_MARK)
    made["customer"]["email"] = MAIL_MARK
    made["line_items"] = [_line(1)]
    while len(json.dumps(made, ensure_ascii=False).encode()) < SIZE - 500:
        made["line_items"].append(_line(len(made["line_items"]) + 1))
    return made


def order_ids(first: int, count: int) -> range:
    """Return the ids of the orders that `Orders.requests` makes of these numbers."""
    return range(FIRST_ORDER + first, FIRST_ORDER + first + count)


class Orders:
    """Makes orders/paid requests; building one costs about 30 us, and is done before the clock runs."""

    def __init__(self, stores: Sequence[Store], path: str = "/webhooks/orders/paid") -> None:
        self._stores = stores
        self._path = path
        self._now = datetime.now(UTC)
        self._body = json.dumps(order_payload(self._now), ensure_ascii=False).encode()

    def body(self, number: int) -> bytes:
        """Return the order of this number."""
        area, last = AREAS[number % len(AREAS)], number // len(AREAS) % 100
        letters = "".join(chr(97 + int(digit)) for digit in f"{number:07d}")
        marks = (
            (str(ORDER_MARK), str(FIRST_ORDER + number)),
            (TOKEN_MARK, token(number)),
            (MAIL_MARK, f"buyer{number}@example.com"),
            (NAME_MARK, f"Example{letters}"),
            (PHONE_MARK, f"+1 {area}-555-01{last:02d}"),
            (ZIP_MARK, f"{10000 + number % 89999}-1234"),
        )
        raw = self._body
        for mark, text in marks:
            raw = raw.replace(mark.encode(), text.encode())
        return raw

    def request(self, number: int) -> bytes:
        """Return the whole request, as Shopify sends it."""
        raw = self.body(number)
        signature = base64.b64encode(hmac.digest(SECRET.encode(), raw, hashlib.sha256)).decode()
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Shopify-Captain-Hook\r\nAccept: */*\r\n"
            "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(raw)}\r\nX-Shopify-Topic: orders/paid\r\nX-Shopify-Hmac-Sha256: {signature}\r\n"
            f"X-Shopify-Shop-Domain: {self._stores[number % len(self._stores)].domain}\r\n"
            f"X-Shopify-API-Version: 2026-10\r\nX-Shopify-Webhook-Id: {number:08x}-0000-4000-8000-000000000000\r\n"
            f"X-Shopify-Event-Id: {number:08x}-0000-4000-8000-000000000001\r\n"
            f"X-Shopify-Triggered-At: {self._now.isoformat()}\r\n\r\n"
        )
        return head.encode() + raw

    def requests(self, first: int, count: int) -> list[bytes]:
        """Return requests for the orders numbered from `first` on."""
        return [self.request(number) for number in range(first, first + count)]


def token(number: int) -> str:
    """Return the checkout token of an order."""
    return hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()


class Posts:
    """Makes evidence posts: each of a checkout of its own, or `per_checkout` of the same one after the other."""

    def __init__(self, stores: Sequence[Store], path: str = "/pixel/evidence", *, per_checkout: int = 1) -> None:
        self._stores = stores
        self._path = path
        self._per_checkout = per_checkout
        self._now = datetime.now(UTC)

    def request(self, number: int) -> bytes:
        """Return the whole request, as a browser sends it."""
        checkout, turn = divmod(number, self._per_checkout)
        post = {
            "v": 1,
            "key": self._stores[checkout % len(self._stores)].ingest_key,
            "stage": STAGES[turn % len(STAGES)],
            "token": token(checkout),
            "order": None,
            "eid": None,
            "ts": (self._now + timedelta(seconds=turn)).isoformat(timespec="milliseconds"),
            "consent": {"m": True, "a": True, "p": True, "s": True},
            "tr": None,
            "url": "https://store.example/checkouts/cn/information",
            "fbp": f"fb.1.1764000000000.{1000000000 + checkout}",
            "fbc": f"fb.1.1764000000000.AbCdEf{checkout}",
        }
        raw = json.dumps(post).encode()
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\n"
            "Content-Type: text/plain;charset=UTF-8\r\nOrigin: https://store.example\r\n"
            "Referer: https://store.example/\r\nAccept-Language: en\r\nSec-Fetch-Mode: cors\r\n"
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
            f"Content-Length: {len(raw)}\r\n\r\n"
        )
        return head.encode() + raw

    def requests(self, first: int, count: int) -> list[bytes]:
        """Return the posts numbered from `first` on."""
        return [self.request(number) for number in range(first, first + count)]
