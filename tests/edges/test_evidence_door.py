from __future__ import annotations

import itertools
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage import evidence
from plugin.storage.shops import Shop
from tests import doors
from tests.builders import CHECKOUT_TOKEN, wire_post
from tests.conftest import MovedClock
from tests.edges.ledger_view import buy, ended, purchase, row, switch_off, switch_on, tell, totals, work

REFUSED = {"m": False, "a": True, "p": True, "s": True}
SOLD_OUT = {"m": True, "a": True, "p": True, "s": False}
BAD_POSTS = {
    "empty": b"",
    "not json": b"{",
    "a list": b"[1]",
    "a later version": wire_post(v=2),
    "a version that later readers alone read": wire_post(v=3, oldest=2),
    "no version": wire_post(v=None),
    "no key": wire_post(key=None),
    "a short key": wire_post(key="abc"),
    "no token": wire_post(token=""),
    "a token with spaces": wire_post(token="a b"),
    "an unknown stage": wire_post(stage="checkout_dreamt"),
    "an unknown delivery": wire_post(tr="perhaps"),
    "consent of text": wire_post(consent="yes"),
    "consent of numbers": wire_post(consent={"m": 1, "a": 1, "p": 1, "s": 1}),
    "an order of text": wire_post(order="first"),
    "an order of 2^63": wire_post(order=str(2**63), eid=f"purchase.{2**63}"),
    "another order's event id": wire_post(eid="purchase.1"),
    "NUL": wire_post(token="a\x00b"),
    "lone surrogate": b'{"v":1,"key":"\\ud800"}',
    "deeply nested": b"[" * 3000 + b"]" * 3000,
    "bad UTF-8": b'{"v":1,"key":"\xff"}',
}


def kept(services: Services) -> list[dict[str, Any]]:
    with services.database.transaction() as conn:
        return conn.execute("SELECT * FROM evidence").fetchall()


@pytest.mark.parametrize("name", BAD_POSTS)
def test_a_malformed_post_gets_400_with_one_sentence_and_changes_nothing(
    client: FlaskClient, services: Services, shop: Shop, name: str
) -> None:
    answer = doors.evidence(client, BAD_POSTS[name].replace(b"KEY", shop.ingest_key.encode()))

    assert answer.status_code == 400
    assert answer.text.endswith(".")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert kept(services) == []


def test_a_large_post_gets_413(client: FlaskClient, services: Services, shop: Shop) -> None:
    assert doors.evidence(client, b"x" * 16_385).status_code == 413
    assert kept(services) == []


def test_a_post_that_names_no_store_of_ours_is_answered_like_any_other(
    client: FlaskClient, services: Services, shop: Shop
) -> None:
    assert doors.evidence(client, wire_post(key="a" * 24)).status_code == 204
    assert kept(services) == []


def test_while_tracking_is_off_no_browser_ids_are_kept(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    purchase(client, shop, clock, "sent")

    [row_] = kept(services)
    assert row_["sealed_ids"] is None
    assert "fb.1" not in repr(row_)
    assert CHECKOUT_TOKEN not in repr(row_)


def test_browser_ids_are_kept_sealed_only_where_the_buyer_allows_it(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)

    tell(client, shop, clock)

    [row_] = kept(services)
    found = read_browser(services, shop)
    assert row_["sealed_ids"] is not None
    assert "fb.1" not in repr(row_)
    assert found == "fb.1.1764000000000.1234567890"


def read_browser(services: Services, shop: Shop) -> str | None:
    token_hash = shop.key.lookup_hash(CHECKOUT_TOKEN)
    with services.database.transaction() as conn:
        found = evidence.browsers_of(conn, shop, [token_hash])
    return found[token_hash].fbp if found else None


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_refusal_erases_the_browser_ids_in_whatever_order_posts_arrive(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock, order: tuple[int, ...]
) -> None:
    switch_on(services, shop)
    posts: list[dict[str, Any]] = [
        {},
        {"stage": "consent_withdrawn", "consent": REFUSED},
        {"stage": "payment_info_submitted"},
    ]

    for number in order:
        tell(client, shop, clock, **posts[number])

    assert read_browser(services, shop) is None


def test_switching_off_erases_the_browser_ids(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock)

    switch_off(services, shop)

    assert read_browser(services, shop) is None


def test_a_delivery_settles_a_waiting_order_and_erases_its_event_at_once(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    buy(client, clock)
    work(services)

    purchase(client, shop, clock, "sent")

    assert ended(services) == ("tracked", "pixel_delivered")
    assert row(services)["sealed_event"] is None
    assert totals(services) == {("tracked", "pixel_delivered"): 1}


def test_a_delivery_that_came_before_the_webhook_counts_too(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    purchase(client, shop, clock, "sent")

    buy(client, clock)
    work(services)

    assert ended(services) == ("tracked", "pixel_delivered")


@pytest.mark.parametrize(
    ("consent", "reason"), [(REFUSED, "consent_declined"), (SOLD_OUT, "data_sale_opt_out")], ids=["refusal", "opt-out"]
)
def test_a_recorded_refusal_settles_at_once_grace_period_or_not(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock, consent: dict[str, bool], reason: str
) -> None:
    switch_on(services, shop)
    buy(client, clock)

    tell(client, shop, clock, stage="consent_withdrawn", consent=consent)

    assert ended(services) == ("withheld", reason)
    assert row(services)["sealed_event"] is None


def test_late_evidence_of_a_delivery_moves_a_missed_order_and_its_day(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=31)
    work(services)
    assert totals(services) == {("missed", "tracking_off"): 1}

    purchase(client, shop, clock, "sent")

    assert ended(services) == ("tracked", "pixel_delivered")
    assert totals(services) == {("tracked", "pixel_delivered"): 1}


def test_late_evidence_counts_for_seven_days_only(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=31)
    work(services)

    clock.pass_by(days=7)
    purchase(client, shop, clock, "sent")

    assert ended(services) == ("missed", "tracking_off")


def test_a_late_refusal_changes_no_decided_order(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=31)
    work(services)

    tell(client, shop, clock, stage="consent_withdrawn", consent=REFUSED)

    assert ended(services) == ("missed", "tracking_off")


@pytest.mark.parametrize("changes", [{"token": "another-checkout"}, {"order": "77", "eid": "purchase.77"}])
def test_a_delivery_without_the_orders_own_token_and_id_stops_nothing(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock, changes: dict[str, str]
) -> None:
    buy(client, clock)
    work(services)

    purchase(client, shop, clock, "sent", **changes)

    assert ended(services) == ("waiting", "grace_period")


def test_posts_of_one_checkout_are_bounded(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    for _ in range(evidence.MOST_POSTS + 5):
        clock.pass_by(seconds=1)
        tell(client, shop, clock)

    [row_] = kept(services)
    assert len(row_["posts"]) == evidence.MOST_POSTS


def test_a_preflight_is_let_through(client: FlaskClient) -> None:
    assert client.options("/pixel/evidence").status_code == 204
