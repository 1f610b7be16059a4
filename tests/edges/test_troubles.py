from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from flask import Flask
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage import claiming
from plugin.storage.shops import Shop
from plugin.storage.vault import Unsealable
from tests import doors
from tests.builders import ORDER_ID, paid_payload
from tests.conftest import MovedClock, connect, install
from tests.edges.handwork import GRACE, Meta, buy_another, do
from tests.edges.ledger_view import ended, purchase, work
from tests.edges.servers import reply


def test_a_store_whose_key_does_not_open_holds_up_no_other(
    client: FlaskClient, services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    other = connect(services, install(services, "other.myshopify.com"))
    body = paid_payload(id=7, admin_graphql_api_id="gid://shopify/Order/7")
    assert doors.webhook(client, "/webhooks/orders/paid", body, shop=other.domain).status_code == 200
    clock.pass_by(minutes=GRACE)
    do(services, "UPDATE shop_key SET data_key = %s WHERE shop_id = %s", b"x" * 60, missed.id)

    with suppress(Unsealable):
        work(services)

    assert ended(services, 7) == ("withheld", "consent_unknown")


def test_an_event_that_does_not_open_holds_up_no_other_order(
    client: FlaskClient, services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    other = buy_another(client, missed, clock, 1)
    clock.pass_by(minutes=GRACE)
    do(services, "UPDATE paid_order SET sealed_event = %s WHERE order_id = %s", b"\x01\x00\x01" + b"x" * 60, ORDER_ID)

    with suppress(Unsealable):
        work(services)

    assert ended(services, other) == ("recovered", "pixel_silent")


def test_when_meta_asks_to_slow_down_the_rest_of_the_backlog_waits_too(
    client: FlaskClient,
    services: Services,
    missed: Shop,
    meta: Meta,
    clock: MovedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(1, 5):
        buy_another(client, missed, clock, number)
    clock.pass_by(minutes=GRACE)
    monkeypatch.setattr(claiming, "MOST", 1)
    throttled = {"error": {"message": "no", "type": "OAuthException", "code": 80004}}
    meta.says(reply(throttled, 400, Retry_After="3600"))

    work(services)

    assert len(meta.received) == 1


def test_evidence_that_waits_for_one_stores_rows_holds_up_no_other_store(
    client: FlaskClient, services: Services, missed: Shop, flask_app: Flask, clock: MovedClock
) -> None:
    other = install(services, "other.myshopify.com")
    with ThreadPoolExecutor(16) as visitors, services.database.own_connection() as erasing:
        erasing.execute("BEGIN")
        erasing.execute("SELECT 1 FROM paid_order FOR UPDATE")  # as the erasing of a long backlog holds them
        for _ in range(16):
            visitors.submit(purchase, flask_app.test_client(), missed, clock, "sent")
        time.sleep(1)
        answer = doors.webhook(client, "/webhooks/orders/paid", paid_payload(id=7), shop=other.domain)
        erasing.execute("ROLLBACK")

    assert answer.status_code == 200
