from __future__ import annotations

from typing import Any

import pytest

from sandbox.costs import asked_cost
from tests.sandbox.conftest import SHOP, Sandbox

ORDERS = """query ($n: Int = 50) { orders(first: $n) { pageInfo { hasNextPage } nodes { id
  totalPriceSet { presentmentMoney { amount } } transactions(first: 10) { kind } } } }"""
SMALL = "{ shop { name } }"


@pytest.mark.parametrize(
    ("query", "variables", "points"),
    [
        (SMALL, {}, 1),
        ("{ shop { name primaryDomain { url } } }", {}, 2),
        ("{ shop { ...F } } fragment F on Shop { shopAddress { country } }", {}, 2),
        (ORDERS, {}, 50 * (1 + 2 + 10)),
        (ORDERS, {"n": 3}, 3 * 13),
        ("{ orders(first: 4) { edges { cursor node { id lineItems(last: 2) { nodes { id } } } } } }", {}, 4 * (1 + 2)),
        ("{ orders(first: 9) { pageInfo { endCursor } } }", {}, 0),
        ("mutation { webPixelDelete(id: 1) { deletedWebPixelId } }", {}, 10),
    ],
)
def test_what_a_document_asks_for(query: str, variables: dict[str, Any], points: int) -> None:
    assert asked_cost({"query": query, "variables": variables}) == points


@pytest.fixture
def token(sandbox: Sandbox, shop: str) -> str:
    assert shop
    text: str = sandbox.tokens()["access_token"]
    return text


def cost(answer: Any) -> dict[str, Any]:
    told: dict[str, Any] = answer["extensions"]["cost"]
    return told


def test_a_document_over_the_bucket_is_throttled_until_enough_came_back(sandbox: Sandbox, token: str) -> None:
    for _ in range(50):
        sandbox.post(f"/shop/{SHOP}/orders", {"webhook": False})
    sandbox.fault("graphql_costs", maximum=700, restore=10)

    first = cost(sandbox.admin(token, ORDERS))
    assert first["requestedQueryCost"] == 650
    assert first["actualQueryCost"] <= 650
    assert first["throttleStatus"]["maximumAvailable"] == 700
    assert first["throttleStatus"]["currentlyAvailable"] <= 700 - first["actualQueryCost"] + 10

    over = sandbox.admin(token, ORDERS)
    assert over["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in over
    missing = 650 - cost(over)["throttleStatus"]["currentlyAvailable"]
    assert cost(over)["actualQueryCost"] is None

    sandbox.advance(seconds=missing / 10 + 1)
    assert len(sandbox.admin(token, ORDERS)["data"]["orders"]["nodes"]) == 50


def test_what_an_answer_does_not_hold_is_given_back(sandbox: Sandbox, token: str) -> None:
    sandbox.fault("graphql_costs", maximum=700, restore=0)

    left = [cost(sandbox.admin(token, ORDERS))["throttleStatus"]["currentlyAvailable"] for _ in range(3)]

    assert left[0] - left[2] < 10


def test_no_bucket_pays_for_more_than_1000_points(sandbox: Sandbox, token: str) -> None:
    sandbox.fault("graphql_costs", maximum=20_000)

    (error,) = sandbox.admin(token, ORDERS, {"n": 250})["errors"]

    assert (error["extensions"]["code"], error["extensions"]["cost"]) == ("MAX_COST_EXCEEDED", 3250)


def test_a_dead_token_and_a_wrong_document_are_told_as_ever(sandbox: Sandbox, token: str) -> None:
    sandbox.fault("graphql_costs", maximum=1, restore=0)

    assert "data" not in sandbox.admin("shpat_dead", ORDERS, status=401)
    assert sandbox.admin(token, "{ shop { ")["errors"][0]["extensions"]["code"] == "parseError"


def test_one_shop_pays_for_no_other_and_without_the_fault_nobody_pays(sandbox: Sandbox, token: str) -> None:
    sandbox.fault("graphql_costs", maximum=1, restore=0, shop="other.myshopify.com")

    assert "data" in sandbox.admin(token, ORDERS)
    assert sandbox.admin(token, SMALL)["data"]["shop"]["name"]
