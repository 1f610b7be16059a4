"""Whoever is turned away at a door leaves a line: closed words, nothing that was shown, and no flood of lines."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin import logs, refusals
from plugin.refusals import PER_MINUTE, Door
from tests import doors
from tests.builders import paid_body
from tests.conftest import SHOP

ORDER = "/webhooks/orders/paid"
SHOWN = "c2hvd24tYXQtdGhlLWRvb3ItYnV0LW5vdC1pbi10aGU="


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    refusals.forget()
    yield
    refusals.forget()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    caplog.set_level(logging.INFO, logger="plugin.refusals")

    def read() -> list[dict[str, Any]]:
        told = [json.loads(logs.JsonLines().format(one)) for one in caplog.records if one.name == "plugin.refusals"]
        assert SHOWN not in str(told)
        return [{name: line[name] for name in line if name not in {"at", "logger", "level"}} for line in told]

    return read


def unsigned(client: FlaskClient, path: str = ORDER, **headers: str) -> int:
    given = {"X-Shopify-Topic": "orders/paid", "X-Shopify-Shop-Domain": SHOP} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    return client.post(path, data=b'{"email": "ada@example.com"}', headers=given).status_code


@pytest.mark.parametrize("path", [ORDER, "/webhooks/compliance", "/webhooks/app/uninstalled"])
def test_a_webhook_with_a_wrong_signature_is_told(
    client: FlaskClient, lines: Callable[[], list[dict[str, Any]]], path: str
) -> None:
    assert unsigned(client, path, X_Shopify_Hmac_Sha256=SHOWN, X_Shopify_Topic="shop/redact") == 401

    assert lines() == [
        {
            "event": "refused",
            "result": "webhook",
            "reason": "no signature that fits",
            "shop": SHOP,
            "topic": "shop/redact",
        }
    ]


def test_what_a_stranger_writes_into_headers_does_not_get_into_the_log(
    client: FlaskClient, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    unsigned(client, X_Shopify_Shop_Domain="ada@example.com", X_Shopify_Topic="call +44 20 7946 0958")
    unsigned(client, X_Shopify_Shop_Domain="lantern.myshopify.com.example", X_Shopify_Topic="")

    assert lines() == [
        {"event": "refused", "result": "webhook", "reason": "no signature", "topic": "other"},
        {"event": "refused", "result": "webhook", "reason": "no signature"},
    ]


def test_one_that_is_signed_but_says_not_what_it_is_is_told_too(
    client: FlaskClient, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    doors.webhook(client, ORDER, paid_body(), headers={"X-Shopify-Webhook-Id": ""})
    doors.webhook(client, ORDER, b"")

    assert [line["reason"] for line in lines()] == ["no topic, shop or id", "nothing was delivered"]


@pytest.mark.parametrize(
    ("minted", "reason"),
    [  # minted in the test: it is good for a minute
        (lambda: SHOWN, "not an id token"),
        (lambda: doors.id_token(secret="another-secret-of-the-examples-0001"), "the id token is not valid"),
        (lambda: doors.id_token(exp=int(time.time()) - 60), "the id token is not valid"),
        (lambda: doors.id_token(sub="a whole sentence"), "the id token names no user"),
    ],
)
@pytest.mark.parametrize("is_header", [True, False])
def test_an_id_token_that_opens_nothing_is_told(
    client: FlaskClient,
    lines: Callable[[], list[dict[str, Any]]],
    minted: Callable[[], str],
    reason: str,
    is_header: bool,  # noqa: FBT001 - parametrized
) -> None:
    token = minted()
    if is_header:
        client.get("/", headers={"Authorization": f"Bearer {token}"})
    else:
        client.get("/", query_string={"id_token": token})

    assert lines() == [{"event": "refused", "result": "id_token", "reason": reason}]
    assert token not in str(lines())


def test_whoever_shows_nothing_at_all_fetches_a_token_and_is_no_event(
    client: FlaskClient, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    assert client.get("/").status_code == 302

    assert lines() == []


def test_a_flood_writes_few_lines_and_its_size_with_the_next(
    lines: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("plugin.refusals.time.monotonic", lambda: now[0])
    for _ in range(5000):
        refusals.tell(Door.WEBHOOK, "no signature")
    refusals.tell(Door.ID_TOKEN, "not an id token")
    assert len(lines()) == PER_MINUTE + 1

    now[0] += 60
    refusals.tell(Door.WEBHOOK, "no signature")

    assert lines()[-2:] == [
        {"event": "more were refused than told", "result": "webhook", "count": 5000 - PER_MINUTE},
        {"event": "refused", "result": "webhook", "reason": "no signature"},
    ]
