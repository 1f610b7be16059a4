from __future__ import annotations

import traceback
from datetime import timedelta
from typing import Any

import pytest
from shopify import Session

from plugin.shopify.admin import API_VERSION, AdminClient
from plugin.shopify.errors import (
    ShopifyDisconnected,
    ShopifyError,
    ShopifyForbidden,
    ShopifyRefused,
    ShopifyUnavailable,
)
from plugin.shopify.queries import Query
from sandbox.ports import free_port
from tests.edges.servers import Cut, Reply, Server, reply

SHOP = "cedar-and-sage.myshopify.com"
TOKEN = "shpat_invented"
QUERY = Query("Name", "query Name { shop { name } }")
GOOD = reply({"data": {"shop": {"name": "Cedar"}}})


def throttled(wanted: Any = 100, there: Any = 0, rate: Any = 50) -> Reply:
    status = {"maximumAvailable": 1000, "currentlyAvailable": there, "restoreRate": rate}
    return reply(
        {
            "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
            "extensions": {"cost": {"requestedQueryCost": wanted, "throttleStatus": status}},
        }
    )


def failed(data: Any, *codes: str) -> Reply:
    return reply({"data": data, "errors": [{"message": "No.", "extensions": {"code": code}} for code in codes]})


def run(*replies: Reply, pauses: list[float] | None = None) -> Any:
    with Server(*replies) as server:
        admin = AdminClient(
            f"{server.url}/admin/{{shop}}",
            pause=([] if pauses is None else pauses).append,
            timeout=(0.2, 0.3),
        )
        return admin.run(SHOP, TOKEN, QUERY, {"first": 5})


def test_a_document_is_run_with_its_variables() -> None:
    with Server(GOOD) as server:
        data = AdminClient(f"{server.url}/admin/{{shop}}").run(SHOP, TOKEN, QUERY, {"first": 5})

    assert data == {"shop": {"name": "Cedar"}}
    [received] = server.received
    assert received.path == f"/admin/{SHOP}/api/2026-10/graphql.json"
    assert received.headers["X-Shopify-Access-Token"] == TOKEN
    assert received.json() == {"query": QUERY.document, "operationName": "Name", "variables": {"first": 5}}


def test_in_production_the_address_is_the_one_that_shopifys_library_builds() -> None:
    template = "https://{shop}/admin"

    assert f"{template.format(shop=SHOP)}/api/{API_VERSION}" == Session(SHOP, "2026-10", TOKEN).site


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (throttled(100, 0, 50), 2.0),
        (throttled(100, 90, 50), 1.0),
        (throttled("x", None, 0), 1.0),
        (throttled(10**400, 0, 1), 1.0),
        (throttled(float("nan"), 0, 1), 1.0),
        (reply({"errors": [{"extensions": {"code": "THROTTLED"}}]}), 1.0),
        (reply({}, 429, Retry_After="2.0"), 2.0),
        (Reply(429), 1.0),
    ],
)
def test_throttling_is_waited_out(answer: Reply, pause: float) -> None:
    pauses: list[float] = []

    assert run(answer, GOOD, pauses=pauses) == {"shop": {"name": "Cedar"}}
    assert pauses == [pause]


def test_throttling_is_waited_out_a_few_times_only() -> None:
    pauses: list[float] = []

    with pytest.raises(ShopifyUnavailable) as caught:
        run(throttled(), pauses=pauses)

    assert caught.value.retry_after == timedelta(seconds=2)
    assert pauses == [2.0, 2.0]


@pytest.mark.parametrize(
    ("answer", "wait"), [(throttled(900, 0, 50), 18), (throttled(900_000, 0, 1), 3600), (throttled(2, 1, 1e-9), 3600)]
)
def test_a_long_wait_is_left_to_the_caller(answer: Reply, wait: int) -> None:
    pauses: list[float] = []

    with pytest.raises(ShopifyUnavailable) as caught:
        run(answer, pauses=pauses)

    assert caught.value.retry_after == timedelta(seconds=wait)
    assert pauses == []


def test_what_came_of_a_partial_answer_is_kept() -> None:
    assert run(failed({"shop": {"name": None}}, "ACCESS_DENIED")) == {"shop": {"name": None}}
    assert run(failed({"shop": None, "orders": []}, "ACCESS_DENIED")) == {"shop": None, "orders": []}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Reply(401, b'{"errors":"[API] Invalid API key or access token"}'), ShopifyDisconnected),
        (Reply(402), ShopifyUnavailable),
        (Reply(403, b"<html>"), ShopifyForbidden),
        (Reply(423), ShopifyUnavailable),
        (Reply(404), ShopifyUnavailable),
        (Reply(502, b"<html>"), ShopifyUnavailable),
        (Reply(301, headers={"Location": "/x"}), ShopifyUnavailable),
        (Reply(400), ShopifyRefused),
        (Reply(body=b"<html>"), ShopifyUnavailable),
        (reply({"data": None}), ShopifyUnavailable),
        (reply({"data": [], "errors": "text"}), ShopifyUnavailable),
        (Reply(cut=Cut.AFTER_BODY), ShopifyUnavailable),
        (failed(None, "INTERNAL_SERVER_ERROR"), ShopifyUnavailable),
        (failed({"shop": None}, "SHOP_INACTIVE"), ShopifyUnavailable),
        (failed(None, "ACCESS_DENIED"), ShopifyRefused),
        (failed({"shop": None}, "MAX_COST_EXCEEDED"), ShopifyRefused),
        (reply({"errors": [{"message": "Parse error"}, "odd", {"extensions": []}]}), ShopifyRefused),
    ],
)
def test_each_failure_says_what_to_do(answer: Reply, error: type[ShopifyError]) -> None:
    with pytest.raises(ShopifyError) as caught:
        run(answer)

    assert type(caught.value) is error


def test_a_refusal_keeps_shopifys_codes_and_texts_apart_from_its_own() -> None:
    with pytest.raises(ShopifyRefused) as caught:
        run(failed(None, "ACCESS_DENIED", "OTHER"))

    assert caught.value.codes == {"ACCESS_DENIED", "OTHER"}
    assert caught.value.messages == ("No.", "No.")
    assert str(caught.value) == "Shopify refused Name (ACCESS_DENIED, OTHER)"


def test_the_token_shows_nowhere() -> None:
    away = AdminClient(f"http://127.0.0.1:{free_port()}/{{shop}}")

    with pytest.raises(ShopifyUnavailable) as caught:
        away.run(SHOP, TOKEN, QUERY)

    assert TOKEN not in "".join(traceback.format_exception(caught.value)) + repr(away)


def test_only_a_shop_is_asked() -> None:
    with pytest.raises(ValueError, match="domain"):
        AdminClient("https://{shop}/admin").run("example.com", TOKEN, QUERY)
