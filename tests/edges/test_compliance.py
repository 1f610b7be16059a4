from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.shopify import scopes
from plugin.storage.shops import Shop
from tests import doors
from tests.conftest import GRANTED, SHOP, MovedClock
from tests.edges.privacy import CANARIES, CUSTOMER_ID, PATH, ask, customer, found_of, redact, request_data, requests_of
from tests.edges.visits import Merchant, Page, shop_of

TOPICS = ("customers/data_request", "customers/redact", "shop/redact")
UPDATED = "/webhooks/app/scopes_update"
ALL = ["read_customer_events", "read_orders", "write_pixels"]
REDACT: dict[str, Any] = {"shop_domain": SHOP, "customer": customer(), "orders_to_redact": [1]}
ASKED: dict[str, Any] = {
    "shop_domain": SHOP,
    "customer": customer(),
    "orders_requested": [1],
    "data_request": {"id": 9001},
}
MALFORMED: dict[str, tuple[str, dict[str, Any] | bytes]] = {
    "empty": ("customers/redact", b""),
    "not json": ("customers/redact", b"hello"),
    "a list": ("shop/redact", b"[]"),
    "bad UTF-8": ("shop/redact", b'{"shop_domain": "\xff"}'),
    "deeply nested": ("shop/redact", b'{"id":' * 5000 + b"1" + b"}" * 5000),
    "NUL": ("customers/redact", b'{"shop_domain": "a\\u0000"}'),
    "no shop": ("shop/redact", {}),
    "another shop": ("shop/redact", {"shop_domain": "other.myshopify.com"}),
    "shop of a number": ("shop/redact", {"shop_domain": 7}),
    "another topic": ("customers/erase", REDACT),
    "a customer's body as a shop's": ("shop/redact", REDACT),
    "a data request's body as an erasure's": ("customers/redact", ASKED),
    "an erasure's body as a data request's": ("customers/data_request", REDACT),
    "no list of orders": ("customers/redact", {"shop_domain": SHOP, "customer": customer()}),
    "orders of text": ("customers/redact", REDACT | {"orders_to_redact": "all"}),
    "an order of text": ("customers/redact", REDACT | {"orders_to_redact": ["one"]}),
    "order 0": ("customers/redact", REDACT | {"orders_to_redact": [0]}),
    "order 2^63": ("customers/redact", REDACT | {"orders_to_redact": [2**63]}),
    "order null": ("customers/redact", REDACT | {"orders_to_redact": [None]}),
    "customer of text": ("customers/redact", REDACT | {"customer": "Zoë"}),
    "e-mail of an object": ("customers/redact", REDACT | {"customer": {"email": {}}}),
    "data request without an id": ("customers/data_request", ASKED | {"data_request": {}}),
}


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client)


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("signature", ["", "AAAA", "sig-ñ"])
def test_a_bad_signature_gets_401_whatever_is_asked(
    client: FlaskClient, services: Services, shop: Shop, topic: str, signature: str
) -> None:
    body = REDACT if topic == "customers/redact" else ASKED

    assert ask(client, topic, body, headers={"X-Shopify-Hmac-Sha256": signature}).status_code == 401
    assert requests_of(services) == []


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_gets_400_with_one_sentence_and_writes_nothing(
    client: FlaskClient, services: Services, shop: Shop, name: str
) -> None:
    topic, body = MALFORMED[name]

    answer = doors.webhook(client, PATH, body, headers={"X-Shopify-Topic": topic})

    assert answer.status_code == 400
    assert answer.text.endswith(".")
    assert len(answer.text) < 200
    assert "@" not in answer.text
    assert requests_of(services) == []


def test_a_request_is_one_row_and_nothing_is_done_yet(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    redact(client, 1, 2, 2)

    (row,) = requests_of(services)
    assert (row["topic"], row["state"], row["order_ids"]) == ("customers/redact", "open", [1, 2])
    assert (row["asked_at"], row["triggered_at"], row["sealed_buyer"]) == (clock.now(), clock.now(), None)


def test_a_request_told_twice_is_one_row(client: FlaskClient, services: Services, shop: Shop) -> None:
    for _ in range(2):
        request_data(client, 1)
        ask(client, "customers/redact", REDACT, headers={"X-Shopify-Webhook-Id": "told-twice"})

    assert [row["told_as"] for row in requests_of(services)] == ["9001", "told-twice"]


def test_nothing_of_the_customer_is_stored_in_the_clear(client: FlaskClient, services: Services, shop: Shop) -> None:
    redact(client)
    request_data(client)
    redact(client, 1)

    assert [row["sealed_buyer"] is not None for row in requests_of(services)] == [True, True, False]
    assert found_of(services, *CANARIES, str(CUSTOMER_ID)) == set()


@pytest.mark.parametrize("topic", TOPICS)
def test_a_request_about_an_unknown_store_is_acknowledged_and_not_kept(
    client: FlaskClient, services: Services, shop: Shop, topic: str
) -> None:
    body = {"customers/data_request": ASKED, "customers/redact": REDACT}.get(topic, {})
    stranger = "stranger.myshopify.com"

    assert ask(client, topic, body | {"shop_domain": stranger}, shop=stranger).status_code == 200
    assert requests_of(services) == []


def test_what_is_needed_is_what_the_app_asks_for() -> None:
    toml = tomllib.loads((Path(__file__).resolve().parents[2] / "shopify.app.toml").read_text())

    assert set(scopes.NEEDED) == set(toml["access_scopes"]["scopes"].split(","))


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ("", ()),
        ("none", scopes.NEEDED),
        ("read_orders,write_pixels,read_customer_events", ()),
        ("write_orders, write_pixels ,read_customer_events,read_themes", ()),
        ("read_orders,read_pixels,read_customer_events", ("write_pixels",)),
    ],
)
def test_missing_scopes_are_counted_as_shopify_grants_them(granted: str, missing: tuple[str, ...]) -> None:
    assert scopes.missing(granted) == missing


@pytest.mark.parametrize("page", ["/", "/settings"])
def test_a_missing_scope_is_named_on_the_page_until_it_is_granted(
    client: FlaskClient, services: Services, shop: Shop, merchant: Merchant, clock: MovedClock, page: str
) -> None:
    assert update(client, clock, ["read_orders"]) == 200
    assert shop_of(services).scopes == "read_orders"
    answer = merchant.get(page)
    (banner,) = [e for e in Page(answer).all("s-banner") if e.get("data-missing-scopes")]
    assert banner["data-missing-scopes"] == "write_pixels read_customer_events"
    assert "cannot be placed" in answer.text

    clock.pass_by(minutes=1)
    assert update(client, clock, ALL) == 200

    assert "data-missing-scopes" not in merchant.get(page).text


def test_an_older_word_on_scopes_changes_nothing(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    before = clock.now()
    clock.pass_by(minutes=1)
    update(client, clock, ALL)

    assert update(client, clock, ["read_orders"], updated_at=before.isoformat()) == 200
    assert shop_of(services).scopes == ",".join(ALL)


def test_a_time_ahead_of_ours_does_not_shut_out_the_next_word(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    update(client, clock, ["read_orders"], updated_at=(clock.now() + timedelta(days=900)).isoformat())
    clock.pass_by(minutes=1)
    update(client, clock, [])

    assert shop_of(services).scopes == "none"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        {},
        {"current": "read_orders"},
        {"current": [7]},
        {"current": ["read orders"]},
        {"current": ["x" * 65]},
        {"current": ["a"] * 201},
        {"current": [], "updated_at": "yesterday"},
    ],
)
def test_a_malformed_word_on_scopes_gets_400_and_changes_nothing(
    client: FlaskClient, services: Services, shop: Shop, body: dict[str, Any] | bytes
) -> None:
    answer = doors.webhook(client, UPDATED, body)

    assert answer.status_code == 400
    assert re.fullmatch(r"[^.]{1,150}\.", answer.text)
    assert shop_of(services).scopes == GRANTED


def test_a_word_on_scopes_needs_a_signature_and_a_known_store(
    client: FlaskClient, services: Services, shop: Shop
) -> None:
    body = {"current": ALL}

    assert doors.webhook(client, UPDATED, body, headers={"X-Shopify-Hmac-Sha256": "AAAA"}).status_code == 401
    assert doors.webhook(client, UPDATED, body, shop="stranger.myshopify.com").status_code == 200
    assert shop_of(services).scopes == GRANTED


def update(client: FlaskClient, clock: MovedClock, current: list[str], **changes: Any) -> int:
    body = {
        "id": 1,
        "shop_id": "gid://shopify/Shop/1",
        "previous": [],
        "current": current,
        "updated_at": clock.now().isoformat(),
    }
    return doors.webhook(client, UPDATED, body | changes).status_code
