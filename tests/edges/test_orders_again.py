from __future__ import annotations

from typing import Any

import pytest

from plugin.shopify.errors import ShopifyUnavailable
from plugin.shopify.orders_again import read, read_opt_outs, variables
from tests.builders import ORDER_ID
from tests.edges.test_changed_orders import NODE, NOW, SEEN, WITH_BUYER, receipt_of

GRANTED = {"accessScopes": [{"handle": "read_orders"}, {"handle": "write_pixels"}]}
HIDDEN = {"email": None, "phone": None}
NOBODY = dict.fromkeys(("firstName", "lastName", "zip", "phone"))


def answer(*nodes: Any) -> dict[str, Any]:
    return {"currentAppInstallation": GRANTED, "nodes": list(nodes)}


def test_orders_are_asked_for_by_their_gids() -> None:
    assert variables([ORDER_ID]) == {"ids": [f"gid://shopify/Order/{ORDER_ID}"]}


def test_an_order_read_again_is_the_one_that_reconciliation_would_read() -> None:
    found = read(answer(WITH_BUYER, None), NOW)

    assert found.receipts == (receipt_of(WITH_BUYER),)
    assert (found.unreadable, found.hidden) == (0, False)
    assert found.granted == {"read_orders", "write_pixels"}


def test_what_cannot_be_read_is_counted() -> None:
    found = read(answer(WITH_BUYER, WITH_BUYER | {"totalPriceSet": None}), NOW)

    assert (len(found.receipts), found.unreadable) == (1, 1)


@pytest.mark.parametrize(
    ("nodes", "hidden"),
    [
        ([WITH_BUYER | HIDDEN | {"billingAddress": SEEN | NOBODY, "shippingAddress": None}], True),
        ([WITH_BUYER | HIDDEN | {"billingAddress": SEEN | NOBODY, "shippingAddress": None}, WITH_BUYER], False),
        ([WITH_BUYER | HIDDEN | {"billingAddress": None, "shippingAddress": SEEN}], False),
        ([NODE], True),
        ([None], False),
        ([], False),
    ],
)
def test_buyers_are_hidden_if_no_order_of_a_page_tells_who_bought(nodes: list[Any], hidden: bool) -> None:  # noqa: FBT001 - pytest's way
    assert read(answer(*nodes), NOW).hidden is hidden


@pytest.mark.parametrize("data", [{}, {"nodes": []}, {"nodes": None, "currentAppInstallation": GRANTED}])
def test_an_answer_of_another_shape_is_asked_for_again(data: dict[str, Any]) -> None:
    with pytest.raises(ShopifyUnavailable):
        read(data, NOW)
    with pytest.raises(ShopifyUnavailable):
        read_opt_outs(data, [1])


def test_every_order_asked_about_gets_an_answer_and_doubt_counts_as_opted_out() -> None:
    customers: list[Any] = [{"dataSaleOptOut": True}, {"dataSaleOptOut": False}, {"dataSaleOptOut": None}, None]
    nodes = [{"id": f"gid://shopify/Order/{n}", "customer": customer} for n, customer in enumerate(customers)]

    assert read_opt_outs(answer(*nodes, None), [0, 1, 2, 3, 4])[1] == {0: True, 1: False, 2: True, 3: False, 4: True}
