"""Privacy requests as Shopify sends them, a buyer who is easy to look for, and a look at all that is stored."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from psycopg import sql
from werkzeug.test import TestResponse

from plugin.jobs import compliance
from plugin.services import Services
from plugin.storage.shops import Shop
from tests import doors
from tests.builders import CHECKOUT_TOKEN, ORDER_ID, PAYLOAD
from tests.conftest import SHOP, MovedClock
from tests.edges.ledger_view import buy

PATH = "/webhooks/compliance"
EMAIL = "quillon.canary@example.com"
PHONE = "+12025550143"
CUSTOMER_ID = 7_001_000_100_999
FBP = "fb.1.1764000000000.8675309"
RECEIPT: dict[str, Any] = {
    "email": EMAIL,
    "contact_email": EMAIL,
    "customer": {
        "id": CUSTOMER_ID,
        "email": EMAIL,
        "phone": PHONE,
        "first_name": "Quillon",
        "last_name": "Vandermeer",
    },
    "billing_address": PAYLOAD["billing_address"] | {"first_name": "Quillon", "last_name": "Vandermeer"},
}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


CLEAR = (EMAIL, "Quillon", "Vandermeer", PHONE[1:], "Example Street", FBP, CHECKOUT_TOKEN, "shpat_test", "EAAtesttoken")
HASHED = tuple(sha256(text) for text in (EMAIL, PHONE[1:], "quillon", "vandermeer", str(CUSTOMER_ID)))
CANARIES = (*CLEAR, *HASHED)


def customer(**changes: Any) -> dict[str, Any]:
    return {"id": CUSTOMER_ID, "email": EMAIL, "phone": PHONE} | changes


def ask(
    client: FlaskClient,
    topic: str,
    body: dict[str, Any],
    *,
    shop: str = SHOP,
    at: datetime | None = None,
    headers: dict[str, str] | None = None,
) -> TestResponse:
    """Deliver a privacy request: `body` beside the shop's own words."""
    whole = {"shop_id": 1, "shop_domain": shop} | body
    return doors.webhook(client, PATH, whole, shop=shop, at=at, headers={"X-Shopify-Topic": topic} | (headers or {}))


def redact(client: FlaskClient, *order_ids: int, **who: Any) -> None:
    body = {"customer": who or customer(), "orders_to_redact": list(order_ids)}
    assert ask(client, "customers/redact", body).status_code == 200


def request_data(client: FlaskClient, *order_ids: int, number: int = 9001, **who: Any) -> None:
    body = {"customer": who or customer(), "orders_requested": list(order_ids), "data_request": {"id": number}}
    assert ask(client, "customers/data_request", body).status_code == 200


def redact_shop(client: FlaskClient, at: datetime | None = None) -> None:
    assert ask(client, "shop/redact", {}, at=at).status_code == 200


def upkeep(services: Services) -> None:
    compliance.settle_requests(services)


def buy_as_canary(client: FlaskClient, clock: MovedClock, number: int = 0, **changes: Any) -> int:
    """Buy as the person that the requests are about."""
    order_id = ORDER_ID + number
    named = {"id": order_id, "admin_graphql_api_id": f"gid://shopify/Order/{order_id}"}
    buy(client, clock, **RECEIPT | named | changes)
    return order_id


def requests_of(services: Services) -> list[dict[str, Any]]:
    with services.database.transaction() as conn:
        return conn.execute("SELECT * FROM compliance_request ORDER BY id").fetchall()


def rows(services: Services, table: str) -> int:
    counted = sql.SQL("SELECT count(*) AS n FROM {}").format(sql.Identifier(table))
    with services.database.transaction() as conn:
        found = conn.execute(counted).fetchone()
    assert found is not None
    return int(found["n"])


def tables(services: Services) -> list[str]:
    """Every table of the database, the queue's own and each partition too."""
    with services.database.transaction() as conn:
        found = conn.execute(
            "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        ).fetchall()
    return [row["name"] for row in found]


def everything(services: Services) -> str:
    """All columns of all rows of all tables as text; bytes as hex."""
    lines: list[str] = []
    for table in tables(services):
        statement = sql.SQL("SELECT to_jsonb(t)::text AS line FROM {} t").format(sql.Identifier(table))
        with services.database.transaction() as conn:
            lines += [row["line"] for row in conn.execute(statement).fetchall()]
    return "\n".join(lines)


def found_of(services: Services, *canaries: str) -> set[str]:
    """The canaries that are stored anywhere, as text or as bytes."""
    stored = everything(services).lower()
    return {one for one in canaries if one.lower() in stored or one.encode().hex() in stored}


def where_kept(services: Services, shop: Shop) -> set[str]:
    """The tables that still hold a row of a shop, beside its own row."""
    held = set()
    for table in tables(services):
        statement = sql.SQL("SELECT 1 FROM {} WHERE to_jsonb({})->>'shop_id' = %s LIMIT 1").format(
            sql.Identifier(table), sql.Identifier(table)
        )
        with services.database.transaction() as conn:
            if conn.execute(statement, (str(shop.id),)).fetchone():
                held.add(table)
    return held
