"""Buyers' visits with the built pixel in a real worker: what Meta gets, what the app is told, and what is ordered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.pixel_runtime import PixelRuntime, PixelUnavailable
from tests.sandbox.buyers import meta_names, place, purchases, stages, visit
from tests.sandbox.conftest import SHOP, Door, Sandbox


@pytest.fixture
def pixel(sandbox: Sandbox, shop: str, door: Door) -> str:
    place(sandbox, door)
    return shop


@pytest.mark.usefixtures("pixel")
class TestWithAPixel:
    def test_a_purchase_is_reported_to_meta_to_the_app_and_by_the_webhook(self, sandbox: Sandbox, door: Door) -> None:
        answer = visit(sandbox, region="DE")

        order_id = answer["order_id"]
        assert answer["pixel"]["state"] == "running"
        assert answer["webhook"]["status"] == 200
        (purchase,) = purchases(sandbox)
        assert purchase["source"] == "browser"
        assert purchase["event_id"] == f"purchase.{order_id}"
        assert purchase["payload"]["cd"]["value"] == "47.9"
        assert stages(door)["checkout_completed"] == {"pending", "sent"}
        assert str(door.at("/webhooks/orders/paid")[0].json()["id"]) == order_id

    def test_the_app_sees_the_buyers_browser_and_not_the_sandbox(self, sandbox: Sandbox, door: Door) -> None:
        visit(sandbox, buyer={"user_agent": "Mozilla/5.0 (Test)", "browser_ip": "93.184.216.77"})

        for knock in door.at("/pixel/evidence"):
            assert knock.headers["User-Agent"] == "Mozilla/5.0 (Test)"
            assert knock.headers["X-Forwarded-For"] == "93.184.216.77"
            assert knock.headers["Origin"] == "null"

    def test_an_ad_blocker_stops_meta_and_the_app_is_told(self, sandbox: Sandbox, door: Door) -> None:
        visit(sandbox, adblock=True)

        assert sandbox.received() == []
        assert stages(door)["checkout_completed"] == {"pending", "blocked"}

    def test_a_buyer_who_never_consents_leaves_no_trace(self, sandbox: Sandbox, door: Door) -> None:
        answer = visit(sandbox, region="DE", decline_before_load=True)

        assert answer["pixel"]["state"] == "waiting"
        assert sandbox.received() == []
        assert door.at("/pixel/evidence") == []
        assert len(door.at("/webhooks/orders/paid")) == 1

    def test_where_consent_is_not_asked_for_a_refusal_comes_after_the_pixel(self, sandbox: Sandbox, door: Door) -> None:
        visit(sandbox, region="US", consent={"marketing": False})

        assert "Purchase" not in meta_names(sandbox)
        assert not any(knock.json()["consent"]["m"] for knock in door.at("/pixel/evidence"))

    def test_consent_taken_back_in_the_checkout_is_reported(self, sandbox: Sandbox, door: Door) -> None:
        visit(sandbox, withdraw_during_checkout=True)

        assert "consent_withdrawn" in stages(door)
        assert "Purchase" not in meta_names(sandbox)

    def test_a_closed_tab_reports_no_purchase_but_the_order_is_paid(self, sandbox: Sandbox, door: Door) -> None:
        visit(sandbox, close_tab=True)

        assert "InitiateCheckout" in meta_names(sandbox)
        assert "Purchase" not in meta_names(sandbox)
        assert "checkout_completed" not in stages(door)
        assert len(door.at("/webhooks/orders/paid")) == 1

    def test_a_buyer_may_stop_on_the_way(self, sandbox: Sandbox, door: Door) -> None:
        answer = visit(sandbox, stop_at="checkout_contact_info_submitted")

        assert answer["order_id"] is None
        assert set(stages(door)) == {"checkout_started", "checkout_contact_info_submitted"}
        assert door.at("/webhooks/orders/paid") == []

    def test_an_unpaid_purchase_is_reported_by_the_pixel_alone(self, sandbox: Sandbox, door: Door) -> None:
        visit(sandbox, pay=False)

        assert "Purchase" in meta_names(sandbox)
        assert door.at("/webhooks/orders/paid") == []

    def test_the_evidence_of_the_purchase_can_get_lost(self, sandbox: Sandbox, door: Door) -> None:
        sandbox.fault("evidence_lost_purchase", count=1)
        visit(sandbox)

        assert "Purchase" in meta_names(sandbox)
        assert "checkout_started" in stages(door)
        assert "checkout_completed" not in stages(door)

        visit(sandbox)
        assert stages(door)["checkout_completed"] == {"pending", "sent"}

    def test_all_evidence_can_get_lost(self, sandbox: Sandbox, door: Door) -> None:
        sandbox.fault("evidence_lost")
        visit(sandbox)

        assert door.at("/pixel/evidence") == []

    def test_meta_can_be_out_of_the_browsers_reach(self, sandbox: Sandbox, door: Door) -> None:
        sandbox.fault("tr_down")
        visit(sandbox)

        assert stages(door)["checkout_completed"] == {"pending", "blocked"}

    @pytest.mark.parametrize("form", ["gid", "identity"])
    def test_the_orders_id_comes_in_several_forms(self, sandbox: Sandbox, form: str) -> None:
        answer = visit(sandbox, pixel_order=form)

        assert [event["event_id"] for event in purchases(sandbox)] == [f"purchase.{answer['order_id']}"]

    def test_without_an_order_id_the_pixel_sends_no_purchase(self, sandbox: Sandbox, door: Door) -> None:
        visit(sandbox, pixel_order="none")

        assert "Purchase" not in meta_names(sandbox)
        assert stages(door)["checkout_completed"] == {"no_order_id"}

    def test_the_pixel_lives_by_the_clock_of_the_sandbox(self, sandbox: Sandbox, door: Door) -> None:
        sandbox.advance(hours=50)
        visit(sandbox)

        today = sandbox.get("/clock")["now"][:13]
        assert door.at("/pixel/evidence")[-1].json()["ts"].startswith(today)

    def test_a_click_on_an_ad_is_remembered(self, sandbox: Sandbox) -> None:
        answer = visit(sandbox, buyer={"fbclid": "AbC_aem_xYz"})

        assert answer["pixel"]["cookies"]["_fbc"].endswith(".AbC_aem_xYz")

    def test_the_webhook_may_come_before_the_evidence(self, sandbox: Sandbox, door: Door) -> None:
        visit(sandbox, webhook_first=True)

        paths = [knock.path for knock in door.knocks]
        assert paths.index("/webhooks/orders/paid") < len(paths) - 1

    def test_a_paused_pixel_says_nothing(self, sandbox: Sandbox, door: Door) -> None:
        assert visit(sandbox, pixel_paused=True)["pixel"]["state"] == "none"
        assert door.at("/pixel/evidence") == []

    def test_no_receipt_data_is_in_what_the_pixel_sends(self, sandbox: Sandbox, door: Door) -> None:
        sandbox.post(f"/admin/{SHOP}/scopes", {"scopes": ["read_orders", "read_customer_email", "read_customer_name"]})
        answer = visit(sandbox, buyer={"email": "ina@example.com", "first_name": "Inaria"})

        sent = json.dumps([answer["pixel"], sandbox.received(), [knock.body.decode() for knock in door.knocks[:-1]]])
        assert "ina@example.com" not in sent
        assert "Inaria" not in sent


@pytest.mark.usefixtures("shop")
class TestWithoutAPixel:
    def test_the_order_comes_all_the_same(self, sandbox: Sandbox, door: Door) -> None:
        answer = visit(sandbox)

        assert answer["pixel"] == {"state": "none", "net": [], "errors": [], "cookies": {}}
        assert sandbox.received() == []
        assert [knock.path for knock in door.knocks] == ["/webhooks/orders/paid"]

    @pytest.mark.parametrize(
        "wish",
        [
            {"weather": "rain"},
            {"stop_at": "lunch"},
            {"pixel_order": "x"},
            {"buyer": {"shoe": 42}},
            {"rate": "x"},
            {"pays_with": "shells"},
            {"choose_on": "moon"},
            {"pages": ["attic"]},
            {"pages": "home"},
            {"reload_thanks": 11},
        ],
    )
    def test_a_word_without_meaning_is_refused(self, sandbox: Sandbox, wish: dict[str, Any]) -> None:
        assert sandbox.post(f"/shop/{SHOP}/checkout", wish, status=400)["error"]

    def test_an_unknown_shop_is_not_found(self, sandbox: Sandbox) -> None:
        assert sandbox.post("/shop/nowhere.myshopify.com/checkout", {}, status=404)["error"]


def test_a_missing_runtime_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PixelUnavailable, match="missing"):
        PixelRuntime(tmp_path / "nowhere.mjs").ask("reset")


def test_a_runtime_that_died_is_started_again(tmp_path: Path) -> None:
    host = tmp_path / "host.mjs"
    host.write_text("process.stdin.once('data', () => process.exit(1));")
    pixels = PixelRuntime(host)
    for _ in range(2):
        with pytest.raises(PixelUnavailable, match="has ended"):
            pixels.ask("reset")
    pixels.close()
