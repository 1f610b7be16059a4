"""The two addresses that are answered ahead of Flask are answered as Flask would answer them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app import PLAIN
from plugin.services import Services
from plugin.shortcut import Shortcut
from plugin.storage.database import Database
from plugin.storage.shops import Shop
from tests import doors
from tests.builders import paid_body, wire_post
from tests.conftest import SHOP, settings_from

ORDER, EVIDENCE = "/webhooks/orders/paid", "/pixel/evidence"
GOOD = paid_body()


def signed(raw: bytes = GOOD, **changes: str) -> dict[str, str]:
    return {
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Hmac-Sha256": doors.signature(raw),
        "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    } | {name.replace("_", "-"): text for name, text in changes.items()}


ASKED: dict[str, dict[str, Any]] = {
    "an order": {"path": ORDER, "data": GOOD, "headers": signed()},
    "an order by Shopify's newer names": {
        "path": ORDER,
        "data": GOOD,
        "headers": {name.removeprefix("X-"): text for name, text in signed().items()},
    },
    "a stranger's order": {"path": ORDER, "data": GOOD, "headers": signed(X_Shopify_Shop_Domain="a.myshopify.com")},
    "an unsigned order": {"path": ORDER, "data": GOOD},
    "an order without a body": {"path": ORDER, "data": b"", "headers": signed(b"")},
    "no order": {"path": ORDER, "data": b"[]", "headers": signed(b"[]")},
    "an order too large": {"path": ORDER, "data": b"x" * (10 * 1024 * 1024 + 1)},
    "a question for an order": {"path": ORDER, "method": "GET"},
    "a post": {"path": EVIDENCE, "data": wire_post(key="a" * 24)},
    "no post": {"path": EVIDENCE, "data": b"{}"},
    "nothing": {"path": EVIDENCE, "data": b""},
    "a post too large": {"path": EVIDENCE, "data": b"x" * (16 * 1024 + 1)},
    "a compressed post": {"path": EVIDENCE, "data": b"x", "headers": {"Content-Encoding": "gzip"}},
    "a preflight": {"path": EVIDENCE, "method": "OPTIONS"},
    "a question for a post": {"path": EVIDENCE, "method": "GET"},
    "a post beside it": {"path": f"{EVIDENCE}/", "data": b"{}"},
}


@pytest.fixture
def ahead(flask_app: Flask) -> Shortcut:
    assert isinstance(flask_app.wsgi_app, Shortcut)
    return flask_app.wsgi_app


def asked(app: Any, *, path: str, **words: Any) -> tuple[int, bytes, dict[str, str]]:
    environ = EnvironBuilder(path=path, **{"method": "POST"} | words).get_environ()
    body, status, headers = run_wsgi_app(app, environ)
    return int(status[:3]), b"".join(body), dict(headers)


@pytest.mark.parametrize("name", ASKED)
def test_both_ways_answer_alike(ahead: Shortcut, shop: Shop, name: str) -> None:
    assert asked(ahead, **ASKED[name]) == asked(ahead._flask, **ASKED[name])  # noqa: SLF001 - the other way


@pytest.mark.parametrize("name", ["an order", "an unsigned order", "a post", "no post", "a post too large"])
def test_both_forbid_a_browser_what_every_answer_does(ahead: Shortcut, shop: Shop, name: str) -> None:
    for way in (ahead, ahead._flask):  # noqa: SLF001 - the other way
        _, _, headers = asked(way, **ASKED[name])

        assert headers.items() >= PLAIN.items()


@pytest.mark.parametrize("name", ["an order", "a post"])
def test_both_say_503_while_the_database_is_away(ahead: Shortcut, services: Services, name: str) -> None:
    for database in ("database", "evidence_database"):
        getattr(services, database).close()
        object.__setattr__(services, database, Database("postgresql://nobody@127.0.0.1:1/none", patience=0.1))

    found = asked(ahead, **ASKED[name])

    assert (found[0], found[2]["Retry-After"]) == (503, "5")
    assert found == asked(ahead._flask, **ASKED[name])  # noqa: SLF001


@pytest.mark.parametrize("path", [ORDER, EVIDENCE])
@pytest.mark.parametrize(
    ("length", "coding"), [("", ""), ("x", ""), ("9" * 9, ""), ("-1", ""), ("\u0663", ""), ("3", "chunked")]
)
def test_a_body_of_no_plain_length_is_flasks_to_read(ahead: Shortcut, path: str, length: str, coding: str) -> None:
    environ = EnvironBuilder(path=path, method="POST", input_stream=io.BytesIO(b"abc")).get_environ()
    environ["CONTENT_LENGTH"] = length
    if coding:
        environ["HTTP_TRANSFER_ENCODING"] = coding

    _, status, _ = run_wsgi_app(ahead, environ)

    assert status[:3] in {"400", "401", "413"}


@pytest.mark.parametrize("query", ["", "\xe9=\xff"])
@pytest.mark.parametrize("path", [ORDER, EVIDENCE])
def test_a_body_that_breaks_off_is_refused_whatever_the_query(ahead: Shortcut, path: str, query: str) -> None:
    environ = EnvironBuilder(path=path, method="POST", data=b"abc").get_environ()
    environ |= {"CONTENT_LENGTH": "10", "QUERY_STRING": query}

    _, status, _ = run_wsgi_app(ahead, environ)

    assert status[:3] == "400"


def test_behind_a_proxy_the_buyers_address_is_the_one_that_the_proxy_names(database_url: str) -> None:
    from app import create_app  # noqa: PLC0415 - another one, with other settings

    made = create_app(settings_from(BACKSTOP_TRUSTED_PROXIES="1", BACKSTOP_POSTS_PER_ADDRESS="1"), database_url)
    try:
        codes = [
            made.test_client()
            .post(EVIDENCE, data=wire_post(key="a" * 24), headers={"X-Forwarded-For": f"81.2.69.{number}"})
            .status_code
            for number in [1] * 11 + [2]
        ]
    finally:
        made.extensions["backstop"].close()

    assert codes == [204] * 10 + [429, 204]
