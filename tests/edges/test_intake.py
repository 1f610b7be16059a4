from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage.shops import Shop
from tests import doors
from tests.builders import ORDER_ID, paid_body, paid_payload
from tests.conftest import SECRETS, MovedClock, install
from tests.edges.ledger_view import buy, ended, row, switch_on, work

PATH = "/webhooks/orders/paid"
BAD_BODIES = {
    "empty": b"",
    "not json": b"hello",
    "a list": b"[]",
    "a number": b"7",
    "no id": b"{}",
    "NUL": paid_body(name="#1\x00"),
    "lone surrogate": b'{"id": 1, "name": "\\ud800"}',
    "id of 2^63": paid_body(id=2**63),
    "NaN": b'{"id": 1, "total_price": NaN}',
    "a number of 5000 digits": b'{"id": ' + b"9" * 5000 + b"}",
    "deeply nested": b'{"id":' * 5000 + b"1" + b"}" * 5000,
    "bad UTF-8": b'{"id": 1, "name": "\xff"}',
    "year 0": paid_body(processed_at="0000-01-01T00:00:00Z"),
    "id of text": paid_body(id="one"),
    "id of an object": paid_body(id={}),
    "customer of text": paid_body(customer="Ada"),
    "lines of text": paid_body(line_items="none"),
    "money of an object": paid_body(total_price_set={"presentment_money": {"amount": {}, "currency_code": "EUR"}}),
    "currency of digits": paid_body(total_price_set={"presentment_money": {"amount": "1", "currency_code": "123"}}),
}


def count(services: Services) -> int:
    with services.database.transaction() as conn:
        found = conn.execute("SELECT count(*) AS n FROM paid_order").fetchone()
    assert found is not None
    return int(found["n"])


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_malformed_order_gets_400_with_one_sentence_and_changes_nothing(
    client: FlaskClient, services: Services, shop: Shop, name: str
) -> None:
    answer = doors.webhook(client, PATH, BAD_BODIES[name])

    assert answer.status_code == 400
    assert answer.text.endswith(".")
    assert len(answer.text) < 200
    assert count(services) == 0


def test_an_unsigned_order_gets_401(client: FlaskClient, services: Services, shop: Shop) -> None:
    for signature in ("", "AAAA", "sig-ñ"):
        answer = doors.webhook(client, PATH, paid_body(), headers={"X-Shopify-Hmac-Sha256": signature})

        assert answer.status_code == 401
    assert count(services) == 0


def test_the_older_secret_still_signs(client: FlaskClient, services: Services, shop: Shop) -> None:
    raw = paid_body()
    answer = doors.webhook(
        client, PATH, raw, headers={"X-Shopify-Hmac-Sha256": doors.signature(raw, SECRETS.split(",")[1])}
    )

    assert answer.status_code == 200
    assert count(services) == 1


def test_a_huge_body_gets_413(client: FlaskClient, services: Services, shop: Shop) -> None:
    answer = doors.webhook(client, PATH, b" " * (11 * 1024 * 1024))

    assert answer.status_code == 413
    assert count(services) == 0


def test_an_order_of_an_unknown_store_is_acknowledged_and_dropped(client: FlaskClient, services: Services) -> None:
    answer = doors.webhook(client, PATH, paid_body(), shop="stranger.myshopify.com")

    assert answer.status_code == 200
    assert count(services) == 0


def test_while_tracking_is_off_nothing_of_the_buyer_is_kept(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    buy(client, clock)

    kept = row(services)
    assert kept["sealed_event"] is None
    assert kept["switch_count"] is None
    assert kept["has_match_data"]
    assert "example.com" not in repr(kept)


def test_while_tracking_is_on_the_event_is_kept_sealed(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)

    buy(client, clock)

    assert row(services)["sealed_event"] is not None


NEVER_SENT: dict[str, dict[str, Any]] = {
    "a test order": {"test": True},
    "a cancelled one": {"cancelled_at": "2026-11-24T12:00:00Z"},
    "one from the till": {"source_name": "pos"},
}


@pytest.mark.parametrize("name", NEVER_SENT)
def test_no_event_is_kept_of_an_order_that_can_never_be_sent(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock, name: str
) -> None:
    switch_on(services, shop)

    buy(client, clock, **NEVER_SENT[name])
    work(services)

    assert row(services)["sealed_event"] is None
    assert row(services)["outcome"] == "ignored"


def test_a_webhook_told_twice_is_one_row(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    buy(client, clock)
    first = row(services)

    buy(client, clock, email="someone-else@example.com")

    assert row(services) == first


def test_a_repeat_that_says_cancelled_ends_a_waiting_order(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    buy(client, clock)
    work(services)
    assert ended(services) == ("waiting", "grace_period")

    buy(client, clock, cancelled_at=clock.now().isoformat())
    work(services)

    assert ended(services) == ("ignored", "cancelled")


def test_a_repeat_that_says_cancelled_changes_no_decided_order(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    buy(client, clock)
    clock.pass_by(minutes=31)
    work(services)
    before = ended(services)

    buy(client, clock, financial_status="refunded")
    work(services)

    assert before == ("withheld", "consent_unknown")
    assert ended(services) == before


def test_an_order_placed_before_connecting_is_ignored(
    client: FlaskClient, services: Services, clock: MovedClock
) -> None:
    install(services)

    buy(client, clock)
    work(services)

    assert ended(services) == ("ignored", "no_dataset")


def test_the_day_is_the_stores_own(client: FlaskClient, services: Services, shop: Shop, clock: MovedClock) -> None:
    clock.at = clock.at.replace(hour=23, minute=30)  # half past midnight in Berlin

    buy(client, clock)

    assert row(services)["day"] == clock.at.date() + timedelta(days=1)


def test_ids_beyond_two_to_the_53_stay_exact(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    big = 2**62 + 1

    buy(client, clock, id=big, admin_graphql_api_id=f"gid://shopify/Order/{big}")

    assert row(services, big)["order_id"] == big


def test_the_example_payload_is_the_example_order() -> None:
    assert paid_payload()["id"] == ORDER_ID


@pytest.mark.parametrize(
    ("seconds", "believed"),
    [(-3600, True), (-25 * 3600, False), (-1, True), (59, True), (61, False), (86400, False)],
)
def test_when_an_order_was_paid_is_shopifys_word_within_reason(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock, seconds: int, *, believed: bool
) -> None:
    told = clock.now() + timedelta(seconds=seconds)

    assert doors.webhook(client, PATH, paid_payload(), shop=shop.domain, at=told).status_code == 200

    assert row(services)["paid_at"] == (told if believed else clock.now())
