"""What tests read of the ledger, and the steps they take through the app's own functions."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient

from plugin.jobs import deliver, sweep
from plugin.services import Services
from plugin.storage import policy
from plugin.storage.policy import Staff
from plugin.storage.shops import Shop
from tests import doors
from tests.builders import ORDER_ID, paid_payload, wire_post
from tests.conftest import MovedClock

STAFF = Staff("42", "settings")


def row(services: Services, order_id: int = ORDER_ID) -> dict[str, Any]:
    """Return an order's row."""
    with services.database.transaction() as conn:
        found = conn.execute("SELECT * FROM paid_order WHERE order_id = %s", (order_id,)).fetchone()
    assert found is not None
    return found


def ended(services: Services, order_id: int = ORDER_ID) -> tuple[str, str]:
    """Return an order's outcome and reason."""
    found = row(services, order_id)
    return found["outcome"], found["reason"]


def somebody_waits_for_a_lock(services: Services) -> None:
    """Return as soon as another connection waits for a lock: the pixel's posts do not wait long for theirs."""
    for _ in range(500):
        with services.database.transaction() as conn:
            if conn.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is not None:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


def totals(services: Services) -> dict[tuple[str, str], int]:
    """Return the day totals by outcome and reason; lines that are back at nothing are left out."""
    with services.database.transaction() as conn:
        rows = conn.execute("SELECT outcome, reason, sum(count)::int AS n FROM day_total GROUP BY 1, 2").fetchall()
    return {(line["outcome"], line["reason"]): line["n"] for line in rows if line["n"]}


def policy_changes(services: Services, shop: Shop) -> list[dict[str, Any]]:
    """Return the switch log, the newest first."""
    with services.database.transaction() as conn:
        return conn.execute("SELECT * FROM policy_change WHERE shop_id = %s ORDER BY id DESC", (shop.id,)).fetchall()


def switch_on(services: Services, shop: Shop) -> None:
    """Switch offline tracking on, as a confirmed form does."""
    with services.database.transaction() as conn:
        assert policy.switch_on(conn, shop.id, STAFF, "2026-11", services.clock.now())


def switch_off(services: Services, shop: Shop) -> policy.SwitchedOff:
    """Switch offline tracking off."""
    return policy.switch_off(services.database, services.vault, shop.id, STAFF, services.clock.now())


def buy(client: FlaskClient, clock: MovedClock, **changes: Any) -> None:
    """Deliver orders/paid for an order that was placed and paid just now."""
    now = clock.now()
    body = paid_payload(
        processed_at=(now - timedelta(minutes=1)).isoformat(), created_at=now.isoformat(), updated_at=now.isoformat()
    )
    assert doors.webhook(client, "/webhooks/orders/paid", body | changes, at=now).status_code == 200


def tell(client: FlaskClient, shop: Shop, clock: MovedClock, **changes: Any) -> None:
    """Post evidence of the example order's checkout: by default, that a consented checkout began."""
    began = {"stage": "checkout_started", "tr": None, "order": None, "eid": None}
    raw = wire_post(**began | {"key": shop.ingest_key, "ts": clock.now().isoformat()} | changes)
    assert doors.evidence(client, raw).status_code == 204


def purchase(client: FlaskClient, shop: Shop, clock: MovedClock, delivery: str, **changes: Any) -> None:
    """Post what became of the pixel's request for the example order."""
    named = {"stage": "checkout_completed", "tr": delivery, "order": str(ORDER_ID), "eid": f"purchase.{ORDER_ID}"}
    tell(client, shop, clock, **named | changes)


def work(services: Services) -> None:
    """Let the worker's jobs run once: judge what is due, send what is to be sent."""
    for shop_id in sweep.sweep(services):
        deliver.deliver(services, shop_id)
