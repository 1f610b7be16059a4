"""The cart's attributes: written by the theme's block, carried by the checkout, kept by the order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.buyers import place, visit
from tests.sandbox.conftest import SHOP, Door, Sandbox
from tests.sandbox.site_visitor import Site, bought, to_checkout

ALL = {"marketing": True, "analytics": True, "preferences": True, "sale_of_data": True}
NOTES = "query($id: ID!) { order(id: $id) { customAttributes { key value } } }"


def embed(sandbox: Sandbox, *, on: bool = True) -> None:
    assert sandbox.post("/faults", {"name": "app_embed", "shop": SHOP, "on": on})["act"]["app_embed"] is on


def noted(door: Door) -> list[Any]:
    return list(door.at("/webhooks/orders/paid")[-1].json()["note_attributes"])


def value(door: Door) -> list[str]:
    """The parts of the block's attribute."""
    [note] = noted(door)
    assert note["name"] == "_backstop"
    return str(note["value"]).split(";")


def test_without_the_block_an_order_has_no_attributes(sandbox: Sandbox, door: Door, shop: str) -> None:
    place(sandbox, door)
    visit(sandbox, consent=ALL)

    assert noted(door) == []


@pytest.mark.parametrize(
    ("region", "wish", "letters"),
    [
        ("DE", {"consent": ALL}, "maps"),
        ("DE", {"consent": ALL | {"sale_of_data": False}}, "map"),
        ("US-CA", {"consent": dict.fromkeys(ALL, False)}, "-"),
        ("JP", {}, "maps"),
    ],
)
def test_the_block_writes_the_choice(
    sandbox: Sandbox, door: Door, shop: str, region: str, wish: Any, letters: str
) -> None:
    place(sandbox, door)
    embed(sandbox)
    visit(sandbox, region=region, **wish)

    version, told, _, fbp, _ = value(door)
    assert (version, told, bool(fbp)) == ("1", letters, letters == "maps")


def test_who_must_be_asked_and_has_not_answered_leaves_nothing(sandbox: Sandbox, door: Door, shop: str) -> None:
    place(sandbox, door)
    embed(sandbox)
    visit(sandbox, region="DE", decline_before_load=True)

    assert noted(door) == []


@pytest.mark.parametrize("wish", [{"buy_now": True}, {"pays_with": "wallet"}])
def test_past_the_cart_nothing_is_carried(sandbox: Sandbox, door: Door, shop: str, wish: Any) -> None:
    place(sandbox, door)
    embed(sandbox)
    visit(sandbox, consent=ALL, **wish)

    assert noted(door) == []


def test_the_admin_api_shows_the_attributes_too(sandbox: Sandbox, door: Door, shop: str) -> None:
    place(sandbox, door)
    embed(sandbox)
    order = visit(sandbox, consent=ALL)["order_id"]

    found = sandbox.admin(sandbox.tokens()["access_token"], NOTES, {"id": f"gid://shopify/Order/{order}"})
    assert found["data"]["order"]["customAttributes"] == [
        {"key": note["name"], "value": note["value"]} for note in noted(door)
    ]


def test_the_browsers_cart(sandbox: Sandbox, door: Door, shop: str) -> None:
    store = Site(sandbox, "lantern.store")
    assert store.facts("/products/blue-mug")["block"] is False
    embed(sandbox)
    assert store.facts("/products/blue-mug")["block"] is True
    assert store.json("GET", "/cart.js")["item_count"] == 0
    store.go("POST", "/cart/add", data={"handle": "blue-mug"})

    store.json("POST", "/cart/update.js", {"attributes": {"_backstop": "x", "gift": "yes"}})
    told = store.json("POST", "/cart/update.js", {"attributes": {"gift": ""}})
    assert (told["item_count"], told["attributes"]) == (1, {"_backstop": "x"})

    checkout = store.facts(store.go("GET", "/checkout"))
    assert checkout["block"] is False
    assert checkout["events"][1][1]["checkout"]["attributes"] == [{"key": "_backstop", "value": "x"}]
    bought(store)
    assert noted(door) == [{"name": "_backstop", "value": "x"}]


@pytest.mark.parametrize("path", ["/buy-now", "/wallet"])
def test_the_browsers_ways_past_the_cart(sandbox: Sandbox, door: Door, shop: str, path: str) -> None:
    store = Site(sandbox, "lantern.store")
    embed(sandbox)
    checkout = to_checkout(store)
    store.json("POST", "/cart/update.js", {"attributes": {"_backstop": "x"}})
    store.go("GET", "/checkout")
    if path == "/buy-now":
        checkout = store.go("POST", path, data={"handle": "blue-mug"})
    else:
        store.page(path)

    store.go("POST", checkout.replace("information", "pay"), data={})
    assert noted(door) == []


def test_a_cart_that_nobody_has_is_none(sandbox: Sandbox, door: Door, shop: str) -> None:
    sandbox.post(f"/shop/{SHOP}/carts/nobody/cart/update.js", status=404)
