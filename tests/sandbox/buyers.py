"""Buyers' visits in the storefront for programs, and what came of them."""

from __future__ import annotations

from typing import Any

from tests.sandbox.conftest import DATASET, SHOP, Door, Sandbox

PLACE = "mutation ($s: JSON!) { webPixelCreate(webPixel: {settings: $s}) { userErrors { code } } }"


def place(sandbox: Sandbox, door: Door) -> None:
    """Place the shop's pixel, with the door as its collector."""
    settings = {
        "pixelID": DATASET,
        "ingestKey": "key-of-the-shop-0001",
        "collector": f"{door.url}/pixel/evidence",
        "contentIds": "product",
        "ldu": "no",
    }
    answer = sandbox.admin(sandbox.tokens()["access_token"], PLACE, {"s": settings})
    assert answer["data"]["webPixelCreate"]["userErrors"] == []


def visit(sandbox: Sandbox, **wish: Any) -> Any:
    answer = sandbox.post(f"/shop/{SHOP}/checkout", wish)
    assert answer["pixel"]["errors"] == []
    return answer


def stages(door: Door) -> dict[str, set[str | None]]:
    """What the app was told of each stage; posts may overtake one another."""
    told: dict[str, set[str | None]] = {}
    for knock in door.at("/pixel/evidence"):
        post = knock.json()
        told.setdefault(post["stage"], set()).add(post["tr"])
    return told


def meta_names(sandbox: Sandbox) -> list[str]:
    return [event["event_name"] for event in sandbox.received()]


def purchases(sandbox: Sandbox) -> list[Any]:
    return [event for event in sandbox.received() if event["event_name"] == "Purchase"]


def ids_of(events: list[Any]) -> set[tuple[str | None, str | None]]:
    return {(event["payload"].get("fbp"), event["payload"].get("fbc")) for event in events}
