"""By hand what a worker does, step by step, so that a test can stop between any two of them."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient

from plugin.jobs import sweep
from plugin.services import Services
from plugin.storage import held, sending, shops
from plugin.storage.database import Conn
from plugin.storage.held import Said
from plugin.storage.policy import Staff
from plugin.storage.sending import Claim
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock
from tests.edges.ledger_view import buy, tell
from tests.edges.servers import Reply, Server, reply

GRACE = 31
TAKEN = {"events_received": 1, "messages": [], "fbtrace_id": "Atrace"}
LATE = replace(reply(TAKEN), delay=1.0)
LEASE = timedelta(seconds=90)
MOMENT = timedelta(milliseconds=1)
REFUSED = {"m": False, "a": False, "p": False, "s": False}
OPTED_OUT = {"m": True, "a": True, "p": True, "s": False}
DOWN = reply({"error": {"message": "no", "type": "OAuthException", "code": 2}}, 500)
UNINSTALLED = "/webhooks/app/uninstalled"


class Meta(Server):
    def says(self, answer: Reply) -> None:
        self.judge = lambda _: answer

    def events(self) -> list[list[dict[str, Any]]]:
        return [json.loads(asked.body)["data"] for asked in self.received]


def buy_another(client: FlaskClient, shop: Shop, clock: MovedClock, number: int) -> int:
    other = ORDER_ID + number
    token = f"checkout-{other}"
    tell(client, shop, clock, token=token)
    buy(client, clock, id=other, admin_graphql_api_id=f"gid://shopify/Order/{other}", checkout_token=token)
    return other


def claimed(services: Services, shop: Shop, lease: timedelta = LEASE) -> Claim:
    sweep.sweep(services)
    with services.database.transaction() as conn:
        held = sending.claim(conn, shop.id, services.clock.now(), lease=lease)
    assert held is not None
    return held


def started(services: Services, held: Claim) -> sending.Post | None:
    with services.database.transaction() as conn:
        return sending.start_post(conn, services.vault, held, services.clock.now(), LEASE)


def do(services: Services, statement: str, *values: object) -> None:
    with services.database.transaction() as conn:
        conn.execute(statement, values)


def browser_ids_kept(services: Services) -> int:
    with services.database.transaction() as conn:
        found = conn.execute("SELECT count(*) AS n FROM evidence WHERE sealed_ids IS NOT NULL").fetchone()
    assert found is not None
    return int(found["n"])


def read_shop(conn: Conn, services: Services, shop: Shop) -> Shop:
    found = shops.by_id(conn, services.vault, shop.id)
    assert found is not None
    return found


def waits_for_a_lock(services: Services) -> int | None:
    for _ in range(100):  # 5 seconds
        with services.database.transaction() as conn:
            found = conn.execute(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ).fetchone()
        if found:
            return int(found["pid"])
        time.sleep(0.05)
    return None


def say(services: Services, shop: Shop, said: Said) -> int:
    """Say the merchant's word to held orders; return to how many."""
    with services.database.transaction() as conn:
        known = read_shop(conn, services, shop)
    done = held.say(services.database, known, Staff("42", "settings"), services.clock.now(), said)
    assert done is not None
    return done.count
