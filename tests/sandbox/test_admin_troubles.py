from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import SHOP, Sandbox

pytestmark = pytest.mark.usefixtures("shop")

ORDERS = """{ orders(first: 5) { nodes {
  email billingAddress { zip countryCodeV2 } transactions(first: 10) { kind status processedAt } processedAt
} } }"""


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    text: str = sandbox.tokens()["access_token"]
    return text


def sold(sandbox: Sandbox, token: str) -> tuple[dict[str, Any], list[Any]]:
    answer = sandbox.admin(token, ORDERS)
    (node,) = answer["data"]["orders"]["nodes"]
    return node, answer.get("errors", [])


@pytest.mark.parametrize(("fault", "status"), [("graphql_403", 403), ("graphql_401", 401)])
def test_the_admin_api_turns_an_address_or_a_token_away(sandbox: Sandbox, token: str, fault: str, status: int) -> None:
    sandbox.fault(fault, shop=SHOP)

    assert "data" not in sandbox.admin(token, ORDERS, status=status)


def test_an_order_shows_its_payment_and_when_it_came(sandbox: Sandbox, token: str) -> None:
    sold_as = sandbox.post(f"/shop/{SHOP}/orders", {"pay": False})
    assert sold(sandbox, token)[0]["transactions"] == []

    sandbox.advance(hours=3)
    sandbox.post(f"/admin/{SHOP}/orders/{sold_as['order_id']}", {"action": "pay"})
    token = sandbox.tokens()["access_token"]

    node, _ = sold(sandbox, token)
    (payment,) = node["transactions"]
    assert (payment["kind"], payment["status"]) == ("SALE", "SUCCESS")
    assert payment["processedAt"] > node["processedAt"]


def test_protected_data_is_null_beside_an_error_and_the_rest_is_there(sandbox: Sandbox, token: str) -> None:
    sandbox.post(f"/shop/{SHOP}/orders", {"webhook": False})
    sandbox.fault("protected_null")

    node, errors = sold(sandbox, token)

    assert (node["email"], node["billingAddress"]) == (None, {"zip": None, "countryCodeV2": "DE"})
    assert {error["extensions"]["code"] for error in errors} == {"ACCESS_DENIED"}
