"""Ways through the shop: pages, payments, offers, tabs and days, with the built pixel in a real worker."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.buyers import ids_of, meta_names, place, purchases, stages, visit
from tests.sandbox.conftest import Door, Sandbox


@pytest.fixture(autouse=True)
def pixel(sandbox: Sandbox, shop: str, door: Door) -> str:
    place(sandbox, door)
    return shop


def test_collection_search_and_payment_are_told_to_meta(sandbox: Sandbox) -> None:
    visit(sandbox, pages=["home", "collection", "search"])

    events = {event["event_name"]: event["payload"] for event in sandbox.received()}
    assert set(events) == {
        "PageView", "ViewCategory", "Search", "ViewContent", "AddToCart", "InitiateCheckout", "AddPaymentInfo",
        "Purchase",
    }  # fmt: skip
    assert json.loads(events["ViewCategory"]["cd"]["content_ids"])[0] == "8712345678901"
    assert events["Search"]["cd"]["search_string"] == "blue mug"
    assert "Blue mug" not in json.dumps(events)


@pytest.mark.parametrize("pages", [[], ["home"]])
def test_the_click_counts_though_the_buyer_agrees_on_the_product_page_only(sandbox: Sandbox, pages: list[str]) -> None:
    answer = visit(sandbox, region="DE", pages=pages, choose_on="product", buyer={"fbclid": "Late_1"})

    assert answer["pixel"]["cookies"]["_fbc"].endswith(".Late_1")
    assert {fbc for _, fbc in ids_of(sandbox.received())} == {answer["pixel"]["cookies"]["_fbc"]}


def test_who_agrees_in_the_checkout_is_known_from_there_on(sandbox: Sandbox, door: Door) -> None:
    visit(sandbox, region="DE", choose_on="checkout")

    told = meta_names(sandbox)
    assert "ViewContent" not in told
    assert told.count("InitiateCheckout") == 1  # told again once the buyer had agreed, as the page itself is
    assert "PageView" in told
    assert stages(door)["checkout_completed"] == {"pending", "sent"}


def test_an_offer_after_the_payment_reports_the_purchase_and_the_thank_you_page_does_not(
    sandbox: Sandbox, door: Door
) -> None:
    answer = visit(sandbox, post_purchase=True)

    (purchase,) = purchases(sandbox)
    assert purchase["payload"]["dl"].endswith("/post-purchase")
    assert answer["checkout_token"] not in json.dumps(sandbox.received())
    assert stages(door)["checkout_completed"] == {"pending", "sent"}


def test_a_thank_you_page_loaded_again_reports_nothing_more(sandbox: Sandbox, door: Door) -> None:
    visit(sandbox, reload_thanks=3)

    assert len(purchases(sandbox)) == 1
    assert len([knock for knock in door.at("/pixel/evidence") if knock.json()["order"]]) == 2


def test_a_wallet_takes_the_buyer_past_the_form_and_back(sandbox: Sandbox, door: Door) -> None:
    answer = visit(sandbox, pays_with="wallet", buyer={"fbclid": "Click_1"})

    assert set(stages(door)) == {"checkout_started", "checkout_completed"}
    assert "AddPaymentInfo" not in meta_names(sandbox)
    assert purchases(sandbox)[0]["payload"]["rl"] == "https://shop.app/"
    assert len(ids_of(sandbox.received())) == 1
    assert answer["pixel"]["state"] == "running"


@pytest.mark.parametrize("payment", ["wallet", "redirect"])
def test_a_payment_elsewhere_from_which_nobody_returns_reports_no_purchase(
    sandbox: Sandbox, door: Door, payment: str
) -> None:
    visit(sandbox, pays_with=payment, close_tab=True)

    assert purchases(sandbox) == []
    assert "checkout_completed" not in stages(door)
    assert ("payment_info_submitted" in stages(door)) is (payment == "redirect")
    assert len(door.at("/webhooks/orders/paid")) == 1


def test_a_second_tab_of_the_checkout_speaks_of_the_same_checkout(sandbox: Sandbox, door: Door) -> None:
    answer = visit(sandbox, second_tab=True, buyer={"fbclid": "Click_1"})

    assert meta_names(sandbox).count("InitiateCheckout") == 2
    assert len(purchases(sandbox)) == 1
    assert {knock.json()["token"] for knock in door.at("/pixel/evidence")} == {answer["checkout_token"]}
    assert len(ids_of(sandbox.received())) == 1


def test_a_withdrawal_in_a_second_tab_is_obeyed_and_told_of_the_checkout(sandbox: Sandbox, door: Door) -> None:
    answer = visit(sandbox, region="DE", withdraw_in_second_tab={"marketing": False})

    (withdrawn,) = [k.json() for k in door.at("/pixel/evidence") if k.json()["stage"] == "consent_withdrawn"]
    assert (withdrawn["token"], withdrawn["consent"]["m"]) == (answer["checkout_token"], False)
    assert purchases(sandbox) == []


def test_a_buyer_who_comes_back_the_next_day_is_the_same_browser(sandbox: Sandbox) -> None:
    visit(sandbox, region="DE", browser="maras", stop_at="product_added_to_cart", buyer={"fbclid": "Click_1"})
    sandbox.advance(hours=24)
    visit(sandbox, region="DE", browser="maras")

    assert len(ids_of(sandbox.received())) == 1
    assert purchases(sandbox)[0]["payload"]["fbc"].endswith(".Click_1")


def test_a_buyer_who_declined_is_not_asked_again(sandbox: Sandbox) -> None:
    visit(sandbox, region="DE", browser="maras", consent=dict.fromkeys(("marketing", "analytics"), False))
    again = visit(sandbox, region="DE", browser="maras")

    assert again["pixel"]["state"] == "waiting"
    assert sandbox.received() == []


def test_an_optimized_pixel_may_lose_single_events(sandbox: Sandbox, door: Door) -> None:
    visit(sandbox, pixel_paused=["checkout_completed", "page_viewed"])

    assert set(meta_names(sandbox)) == {"ViewContent", "AddToCart", "InitiateCheckout", "AddPaymentInfo"}
    assert "checkout_completed" not in stages(door)
