"""The floor: what an order's work costs if nothing is done but the work itself, the shortest way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from plugin import metrics
from tests.bench.bodies import SECRET

_PUNCTUATION = re.compile(r"[\W_]")


def sha(text: str) -> str:
    """Hash a value as an event carries it."""
    return hashlib.sha256(text.encode()).hexdigest()


def plain_event(order: dict[str, Any]) -> dict[str, Any]:
    """Build an event of an order the shortest way: ten hashes, no rules. What no implementation in Python undercuts."""
    address = order["billing_address"]
    lived = [address[name] for name in ("first_name", "last_name", "city", "province_code", "zip", "country_code")]
    words = [order["email"], *lived, address["phone"], str(order["customer"]["id"]), order["name"]]
    names = ("em", "fn", "ln", "ct", "st", "zp", "country", "ph", "external_id", "db")
    hashed = {name: [sha(_PUNCTUATION.sub("", word.lower()))] for name, word in zip(names, words, strict=True)}
    client = order["client_details"]
    return {
        "event_name": "Purchase",
        "event_time": 1764000000,
        "event_id": f"purchase.{order['id']}",
        "action_source": "website",
        "event_source_url": "https://store.example",
        "user_data": hashed | {"client_ip_address": client["browser_ip"], "client_user_agent": client["user_agent"]},
        "custom_data": {
            "currency": order["currency"],
            "value": float(order["total_price"]),
            "order_id": str(order["id"]),
            "content_type": "product",
            "contents": [
                {"id": str(line["product_id"]), "quantity": line["quantity"], "item_price": float(line["price"])}
                for line in order["line_items"]
            ],
        },
    }


def floor_us(bodies: Sequence[bytes]) -> float:
    """Return the CPU of one order's bare work in microseconds: signature, JSON in, ten hashes, JSON out."""
    before = time.process_time()
    for raw in bodies:
        base64.b64encode(hmac.digest(SECRET.encode(), raw, hashlib.sha256))
        msgspec.json.encode(plain_event(msgspec.json.decode(raw)))
    return (time.process_time() - before) / len(bodies) * 1e6


def counting_us(times: int = 20_000) -> float:
    """Return the CPU of counting one webhook in microseconds."""
    with TemporaryDirectory() as folder:
        metrics.begin(Path(folder))
        before = time.process_time()
        for _ in range(times):
            metrics.webhook("orders/paid", "taken", 0.004)
        spent = time.process_time() - before
        metrics.end()
    return spent / times * 1e6
