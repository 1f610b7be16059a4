"""The retargeting audience of the stand-in Meta: in by interest, out by a purchase of either side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.audience import LASTS, audience
from tests.sandbox.buyers import place, visit
from tests.sandbox.conftest import Door, Sandbox
from tests.sandbox.site_visitor import Site

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def event(name: str, fbp: str | None, *, source: str = "browser", at: datetime = NOW, **more: Any) -> dict[str, Any]:
    told = {"fbp": fbp} if source == "browser" else {"user_data": {"fbp": fbp}}
    return {
        "event_name": name, "source": source, "received_at": at.isoformat(), "duplicate_of": None, "payload": told,
    } | more  # fmt: skip


def test_who_showed_interest_is_in_and_who_only_looked_around_is_not() -> None:
    found = audience([event("PageView", "a"), event("ViewContent", "b"), event("AddToCart", "b")], NOW)

    assert found == [{"visitor": 2, "did": ["ViewContent", "AddToCart"], "bought_by": None}]


def test_a_purchase_from_either_side_takes_its_buyer_out() -> None:
    found = audience(
        [
            event("AddToCart", "a"),
            event("AddToCart", "b"),
            event("AddToCart", "c"),
            event("Purchase", "a"),
            event("Purchase", "b", source="server"),
            event("Purchase", None, source="server"),
        ],
        NOW,
    )

    assert [one["bought_by"] for one in found] == ["browser", "server", None]


def test_a_dropped_copy_tells_nothing_and_old_interest_has_ended() -> None:
    long_ago = NOW - LASTS - timedelta(seconds=1)

    assert audience([event("AddToCart", "a", at=long_ago)], NOW) == []
    [left] = audience([event("AddToCart", "a"), event("Purchase", "a", source="server", duplicate_of=1)], NOW)
    assert left["bought_by"] is None


def test_the_events_manager_shows_a_buyer_drop_out(sandbox: Sandbox, door: Door, shop: str) -> None:
    place(sandbox, door)
    consent = {"marketing": True, "analytics": True, "preferences": True, "sale_of_data": True}
    visit(sandbox, consent=consent)
    meta = Site(sandbox, "meta")

    [visitor] = meta.json("GET", "/audience.json")["visitors"]
    assert "InitiateCheckout" in visitor["did"]
    assert visitor["bought_by"] == "browser"
    assert "Retargeting audience" in meta.page("/")
