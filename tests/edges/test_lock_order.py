"""Whoever locks several orders locks them in the order of their ids, so that nobody waits in a circle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage import opt_outs, sending
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock
from tests.edges.handwork import buy_another, claimed, do, read_shop, started
from tests.edges.ledger_view import row, somebody_waits_for_a_lock


def test_a_request_that_starts_while_customers_answers_are_noted_does_not_wait_in_a_circle(
    services: Services, missed: Shop, client: FlaskClient, clock: MovedClock, crew: ThreadPoolExecutor
) -> None:
    other = buy_another(client, missed, clock, 1)
    do(services, "UPDATE paid_order SET placed_at = placed_at - interval '1 hour' WHERE order_id = %s", other)
    clock.at += timedelta(minutes=31)
    held = claimed(services, missed)
    assert set(held.order_ids) == {ORDER_ID, other}

    with services.database.transaction() as conn:
        shop = read_shop(conn, services, missed)
        opt_outs.note(conn, shop, {ORDER_ID: False})
        starting = crew.submit(started, services, held)
        somebody_waits_for_a_lock(services)
        opt_outs.note(conn, shop, {other: False})
    begun = starting.result(10)

    assert isinstance(begun, sending.Post)
    assert begun.claim.order_ids == (other, ORDER_ID)  # the oldest goes first
    assert row(services, other)["sale_opted_out"] is False
