from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import SHOP, Sandbox

pytestmark = pytest.mark.usefixtures("shop")

ORDERS = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Order { legacyResourceId } } }"
CUSTOMERS = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Order { customer { dataSaleOptOut } } } }"


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    text: str = sandbox.tokens()["access_token"]
    return text


def sold(sandbox: Sandbox, **wish: Any) -> str:
    answer = sandbox.post(f"/shop/{SHOP}/orders", {"webhook": False, **wish})
    return f"gid://shopify/Order/{answer['order_id']}"


def test_orders_are_found_by_their_ids_in_the_order_asked_and_others_are_null(sandbox: Sandbox, token: str) -> None:
    one, two = sold(sandbox), sold(sandbox)
    ids = [two, "gid://shopify/Order/7", one, "gid://shopify/Product/1", "nonsense"]

    nodes = sandbox.admin(token, ORDERS, {"ids": ids})["data"]["nodes"]

    assert [node and node["legacyResourceId"] for node in nodes] == [
        two.rpartition("/")[2],
        None,
        one.rpartition("/")[2],
        None,
        None,
    ]


def test_too_many_ids_are_refused(sandbox: Sandbox, token: str) -> None:
    answer = sandbox.admin(token, ORDERS, {"ids": ["gid://shopify/Order/7"] * 251})

    assert "data" not in answer
    assert "251" in answer["errors"][0]["message"]


def test_orders_and_customers_are_denied_without_their_scopes(sandbox: Sandbox, token: str) -> None:
    order = sold(sandbox, buyer={"sale_opt_out": True})
    denied = sandbox.admin(token, CUSTOMERS, {"ids": [order]})
    sandbox.post(f"/admin/{SHOP}/scopes", {"scopes": ["read_orders", "read_customers"]})
    granted = sandbox.admin(token, CUSTOMERS, {"ids": [order]})
    sandbox.post(f"/admin/{SHOP}/scopes", {"scopes": ["write_pixels"]})
    nothing = sandbox.admin(token, ORDERS, {"ids": [order]})

    assert denied["data"]["nodes"] == [{"customer": None}]
    assert denied["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert granted["data"]["nodes"] == [{"customer": {"dataSaleOptOut": True}}]
    assert nothing["data"]["nodes"] == [None]
    assert nothing["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
