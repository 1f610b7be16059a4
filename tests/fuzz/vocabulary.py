"""The words of requests: methods, headers and their values, fields of a query,
and one sound body for each webhook."""

from __future__ import annotations

import json
from typing import Final

from tests.builders import PAYLOAD
from tests.fuzz.grammar import CANARIES, MARK

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
METHODS: Final = (
    "GET",
    "POST",
    "HEAD",
    "OPTIONS",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "get",
    "X" * 40,
)
HEADERS: Final = (
    "Host", "Origin", "Referer", "User-Agent", "Accept", "Accept-Language", "Cookie", "Authorization", "Content-Type",
    "Content-Encoding", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "Forwarded",
    "Range", "If-Range", "If-Modified-Since", "If-None-Match", "X-HTTP-Method-Override", "Expect", "Upgrade",
    "X-Shopify-Topic", "X-Shopify-Shop-Domain", "X-Shopify-Webhook-Id", "X-Shopify-Triggered-At", "X-Requested-With",
    "X-Shopify-Hmac-Sha256", "Shopify-Hmac-Sha256", "Accept-Encoding", "Date", "Max-Forwards", "X-Real-Ip",
)  # fmt: skip
VALUES: Final = (
    "bytes=0-", "bytes=-1", "bytes=5-1,0-0", "bytes=a-b", "gzip", "deflate, br;q=9", "chunked", "100-continue",
    "websocket",
    "Sun, 06 Nov 1994 08:49:37 GMT", '"tag", W/"x"', "*", "multipart/form-data; boundary=",
    "text/plain; charset=utf-7",
    "multipart/form-data; boundary=x", f"{FORM}; charset=latin-1", "de-DE,fr;q=0.9,*;q=0.1", "xx;q=abc", "[::1]:80",
    "evil.example.com", "a,b,c,d", "for=_x;host=evil", "https", "Basic eDp5", "Bearer", "Bearer a.b.c",
    "session=1; a",
    "facebook-login=" + "a" * 43, "127.0.0.1, 8.8.8.8", "a:b@c:99999",
)  # fmt: skip
LENGTHS: Final = ("", "-1", "abc", "\uff11\uff12", "9" * 20, "0x10", "1 ", "+5", "99999999", "5, 5")
WEBHOOKS: Final = {
    "/webhooks/orders/paid": "orders/paid",
    "/webhooks/app/uninstalled": "app/uninstalled",
    "/webhooks/app/scopes_update": "app/scopes_update",
    "/webhooks/compliance": "",
}
EVIDENCE: Final = "/pixel/evidence"
STAGES: Final = (
    "checkout_started",
    "payment_info_submitted",
    "checkout_completed",
    "consent_updated",
    "consent_withdrawn",
)
QUERY: Final = ("id_token", "shop", "host", "shopify-reload", "locale", "embedded", "hmac", "page", "after",
"before", "outcome",
                "reason", "code", "state", "ticket", "how", "error", "v", "q", "days", "zone")  # fmt: skip
_CUSTOMER: Final = {"id": 7_001, "email": CANARIES[0], "phone": "+12025550143"}
BODIES: Final = {
    "orders/paid": json.dumps(PAYLOAD | {"email": CANARIES[0], "note": MARK}),
    "app/uninstalled": json.dumps({"id": 1, "domain": "x.myshopify.com", "name": "Lantern", "email": CANARIES[0]}),
    "app/scopes_update": json.dumps(
        {
            "id": 1,
            "previous": ["read_orders"],
            "current": ["read_orders", "write_pixels"],
            "updated_at": "2026-11-24T10:00:00Z",
        }
    ),
    "customers/data_request": json.dumps(
        {"shop_id": 1, "shop_domain": "", "orders_requested": [1, 2], "customer": _CUSTOMER, "data_request": {"id": 9}}
    ),
    "customers/redact": json.dumps(
        {"shop_id": 1, "shop_domain": "", "customer": _CUSTOMER, "orders_to_redact": [1, 2]}
    ),
    "shop/redact": json.dumps({"shop_id": 1, "shop_domain": ""}),
}
