"""The only ways tests knock: a signed webhook, an evidence post, an id token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from datetime import datetime
from typing import Any

import jwt
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import API_KEY, SECRETS, SHOP


def signature(raw: bytes, secret: str | None = None) -> str:
    """Sign a body as Shopify does."""
    return base64.b64encode(hmac.digest((secret or SECRETS.split(",")[0]).encode(), raw, hashlib.sha256)).decode()


def webhook(
    client: FlaskClient,
    path: str,
    body: dict[str, Any] | bytes,
    *,
    shop: str = SHOP,
    at: datetime | None = None,
    headers: dict[str, str] | None = None,
) -> TestResponse:
    """Deliver a signed webhook."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {
        "X-Shopify-Topic": path.removeprefix("/webhooks/"),
        "X-Shopify-Hmac-Sha256": signature(raw),
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-Webhook-Id": str(uuid.uuid4()),
        "X-Shopify-API-Version": "2026-10",
    }
    if at is not None:
        given["X-Shopify-Triggered-At"] = at.isoformat()
    return client.post(path, data=raw, content_type="application/json", headers=given | (headers or {}))


def evidence(client: FlaskClient, body: dict[str, Any] | bytes, **headers: str) -> TestResponse:
    """Post evidence as the pixel does."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/pixel/evidence", data=raw, content_type="text/plain", headers=headers)


def id_token(shop: str = SHOP, *, sub: str = "42", secret: str | None = None, **changes: Any) -> str:
    """Make an id token as Shopify's admin does; it lives a minute."""
    now = int(time.time())
    claims = {
        "iss": f"https://{shop}/admin",
        "dest": f"https://{shop}",
        "aud": API_KEY,
        "sub": sub,
        "exp": now + 60,
        "nbf": now - 1,
        "iat": now - 1,
        "jti": str(uuid.uuid4()),
        "sid": "session",
    } | changes
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, secret or SECRETS.split(",")[0], "HS256")
