from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from plugin.shopify.admin import AdminClient
from plugin.shopify.errors import ShopifyRefused, ShopifyUnavailable
from plugin.shopify.pixel import NOT_DEPLOYED, REFUSED, PixelSettings, place_pixel, remove_pixel
from tests.edges.servers import Reply, Server, reply

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "extensions/meta-pixel/shopify.extension.toml"
SHOP = "cedar-and-sage.myshopify.com"
TOKEN = "shpat_invented"
GID = "gid://shopify/WebPixel/7"
SETTINGS = PixelSettings("123456789012345", "k" * 32, "https://backstop.example.com/pixel/evidence", "variant", "no")
SENT = {
    "pixelID": "123456789012345",
    "ingestKey": "k" * 32,
    "collector": "https://backstop.example.com/pixel/evidence",
    "contentIds": "variant",
    "ldu": "no",
}
THERE = reply({"data": {"webPixel": {"id": GID, "settings": {}}}})
NOT_THERE = reply(
    {
        "data": {"webPixel": None},
        "errors": [{"message": "No web pixel was found for this app.", "extensions": {"code": "RESOURCE_NOT_FOUND"}}],
    }
)
NOT_THERE_IN_WORDS = reply(
    {"data": {"webPixel": None}, "errors": [{"message": "No web pixel was found for this app."}]}
)
NOT_THERE_AT_ALL = reply({"data": {"webPixel": None}})


def done(mutation: str) -> Reply:
    return reply({"data": {mutation: {"webPixel": {"id": GID}, "userErrors": []}}})


def refused(mutation: str, code: str) -> Reply:
    return reply(
        {"data": {mutation: {"webPixel": None, "userErrors": [{"code": code, "field": [], "message": "No."}]}}}
    )


def place(*replies: Reply) -> tuple[str, list[tuple[str, Any]]]:
    with Server(*replies) as server:
        pixel_id = place_pixel(AdminClient(f"{server.url}/admin/{{shop}}"), SHOP, TOKEN, SETTINGS)
    return pixel_id, [(body["operationName"], body["variables"]) for body in (each.json() for each in server.received)]


@pytest.mark.parametrize("there", [NOT_THERE, NOT_THERE_IN_WORDS, NOT_THERE_AT_ALL], ids=["code", "words", "null"])
def test_a_shop_without_our_pixel_gets_one(there: Reply) -> None:
    assert place(there, done("webPixelCreate")) == (GID, [("WebPixel", {}), ("CreatePixel", {"settings": SENT})])


def test_a_shop_with_our_pixel_gets_its_new_settings() -> None:
    assert place(THERE, done("webPixelUpdate")) == (
        GID,
        [("WebPixel", {}), ("UpdatePixel", {"id": GID, "settings": SENT})],
    )


def test_a_pixel_that_came_meanwhile_is_updated() -> None:
    _, calls = place(NOT_THERE, refused("webPixelCreate", "TAKEN"), THERE, done("webPixelUpdate"))

    assert [name for name, _ in calls] == ["WebPixel", "CreatePixel", "WebPixel", "UpdatePixel"]


def test_a_pixel_that_went_meanwhile_is_created() -> None:
    _, calls = place(THERE, refused("webPixelUpdate", "NOT_FOUND"), NOT_THERE, done("webPixelCreate"))

    assert [name for name, _ in calls] == ["WebPixel", "UpdatePixel", "WebPixel", "CreatePixel"]


def test_a_pixel_that_comes_and_goes_is_left_for_later() -> None:
    taken = refused("webPixelCreate", "TAKEN")

    with pytest.raises(ShopifyUnavailable):
        place(*(NOT_THERE, taken) * 4)


@pytest.mark.parametrize(
    "answer",
    [
        refused("webPixelCreate", "NO_EXTENSION"),
        reply({"data": {"webPixelCreate": None}, "errors": [{"message": "No extension found."}]}),
        reply({"data": None, "errors": [{"message": "x", "extensions": {"code": "NO_EXTENSION"}}]}),
    ],
    ids=["user error", "words", "code"],
)
def test_an_app_released_by_half_says_so(answer: Reply) -> None:
    with pytest.raises(ShopifyRefused) as caught:
        place(NOT_THERE, answer)

    assert str(caught.value) == NOT_DEPLOYED


def test_settings_that_shopify_does_not_take_are_refused_in_words_for_the_merchant() -> None:
    with pytest.raises(ShopifyRefused) as caught:
        place(NOT_THERE, refused("webPixelCreate", "INVALID_SETTINGS"))

    assert str(caught.value) == REFUSED
    assert caught.value.codes == {"INVALID_SETTINGS"}


@pytest.mark.parametrize(
    "replies",
    [
        [reply({"data": None, "errors": [{"extensions": {"code": "ACCESS_DENIED"}}]})],
        [NOT_THERE, reply({"data": None, "errors": [{"extensions": {"code": "ACCESS_DENIED"}}]})],
    ],
    ids=["query", "mutation"],
)
def test_a_missing_scope_is_no_missing_pixel(replies: list[Reply]) -> None:
    with pytest.raises(ShopifyRefused) as caught:
        place(*replies)

    assert caught.value.codes == {"ACCESS_DENIED"}


@pytest.mark.parametrize(
    ("replies", "calls"),
    [
        ([NOT_THERE], ["WebPixel"]),
        ([THERE, reply({"data": {"webPixelDelete": {"deletedWebPixelId": GID}}})], ["WebPixel", "DeletePixel"]),
        ([THERE, refused("webPixelDelete", "NOT_FOUND")], ["WebPixel", "DeletePixel"]),
    ],
)
def test_a_pixel_is_removed_if_it_is_there(replies: list[Reply], calls: list[str]) -> None:
    with Server(*replies) as server:
        remove_pixel(AdminClient(f"{server.url}/admin/{{shop}}"), SHOP, TOKEN)

    assert [received.json()["operationName"] for received in server.received] == calls


def test_a_pixel_that_stays_is_an_error() -> None:
    with Server(THERE, refused("webPixelDelete", "UNABLE_TO_DELETE")) as server, pytest.raises(ShopifyRefused):
        remove_pixel(AdminClient(f"{server.url}/admin/{{shop}}"), SHOP, TOKEN)


def test_the_settings_are_those_of_the_extension() -> None:
    declared = tomllib.loads(EXTENSION.read_text())

    assert {item.name for item in fields(PixelSettings)} == set(declared["settings"]["fields"])
