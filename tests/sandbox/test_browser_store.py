"""The storefront for browsers, over plain HTTP: what its pages tell pixels, and what becomes of a purchase."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests

from tests.sandbox.conftest import DATASET, Door, Sandbox
from tests.sandbox.site_visitor import BUYER, Site, bought, place_pixel, to_checkout


@pytest.fixture
def store(sandbox: Sandbox) -> Site:
    return Site(sandbox, "store")


def test_a_purchase_makes_one_order_and_tells_the_app_once(
    store: Site, shop: str, sandbox: Sandbox, door: Door
) -> None:
    thanks = bought(store)
    again = store.go("POST", thanks.replace("thank-you", "pay"), data=BUYER)

    assert again == thanks
    (told,) = [knock.json() for knock in door.at("/webhooks/orders/paid")]
    (order,) = sandbox.get(f"/admin/{shop}/orders.json")["orders"]
    assert str(told["id"]) == order["order_id"]
    assert told["checkout_token"] == thanks.split("/")[3]
    assert told["email"] == BUYER["email"]
    assert told["billing_address"]["country_code"] == "DE"
    assert told["client_details"]["user_agent"].startswith("python-requests")
    assert [line["title"] for line in told["line_items"]] == ["Blue mug"]


def test_the_thank_you_page_tells_pixels_of_the_purchase_once(store: Site, shop: str, door: Door) -> None:
    thanks = bought(store)

    first, second = store.facts(thanks), store.facts(thanks)

    assert [name for name, _ in first["events"]] == ["page_viewed", "checkout_completed"]
    assert [name for name, _ in second["events"]] == ["page_viewed"]
    told = first["events"][1][1]["checkout"]
    assert told["order"]["id"] == str(door.at("/webhooks/orders/paid")[0].json()["id"])
    assert told["token"] == thanks.split("/")[3]


def test_an_offer_tells_pixels_of_the_purchase_and_the_thank_you_page_does_not(store: Site, shop: str) -> None:
    assert store.go("GET", "/post-purchase") == "/cart"
    assert bought(store, offer="yes") == "/post-purchase"

    offer, again = store.facts("/post-purchase"), store.facts("/post-purchase")
    thanks = store.facts(f"/checkouts/cn/{offer['events'][1][1]['checkout']['token']}/thank-you")

    assert [name for name, _ in offer["events"]] == ["page_viewed", "checkout_completed"]
    assert [name for page in (again, thanks) for name, _ in page["events"]] == ["page_viewed", "page_viewed"]


def test_collection_and_search_pages_tell_what_they_show(store: Site, shop: str) -> None:
    (_, (name, collection)), (_, (event, search)) = (
        store.facts(path)["events"] for path in ("/collections/all", "/search?q=%20MUG")
    )

    assert (name, event) == ("collection_viewed", "search_submitted")
    assert len(collection["collection"]["productVariants"]) == 3
    assert search["searchResult"]["query"] == "MUG"
    assert [one["product"]["title"] for one in search["searchResult"]["productVariants"]] == ["Blue mug"]
    assert [name for name, _ in store.facts("/search")["events"]] == ["page_viewed"]
    assert "Nothing is called" in store.page("/search?q=%3Cscript%3E")


@pytest.mark.parametrize(("typed", "ends_at"), [({}, "thank-you"), ({"close_tab": "yes"}, "/closed")])
def test_a_wallet_is_no_document_of_the_shop(
    store: Site, shop: str, door: Door, typed: dict[str, str], ends_at: str
) -> None:
    assert store.go("GET", "/wallet") == "/cart"
    checkout = to_checkout(store)

    page = store.page("/wallet")
    ended = store.go("POST", checkout.replace("information", "pay"), data=typed)

    assert 'id="facts"' not in page
    assert ended.endswith(ends_at)
    assert len(door.at("/webhooks/orders/paid")) == 1
    assert store.go("GET", "/wallet") == "/cart"


def test_another_tab_and_another_day_find_the_same_basket(store: Site, shop: str, sandbox: Sandbox) -> None:
    checkout = to_checkout(store)
    sandbox.advance(hours=24)

    tabs = [store.facts(checkout), store.facts(checkout)]

    assert len({facts["events"][1][1]["checkout"]["token"] for facts in tabs}) == 1
    assert [name for name, _ in tabs[1]["events"]] == ["page_viewed", "checkout_started"]


def test_a_closed_tab_sees_no_thank_you_page(store: Site, shop: str, door: Door) -> None:
    assert bought(store, close_tab="yes") == "/closed"

    page = store.page("/closed")
    assert len(door.at("/webhooks/orders/paid")) == 1
    assert "facts" not in page
    assert "checkout_completed" not in page


def test_the_checkout_tells_its_stages_as_they_are_reached(store: Site, shop: str) -> None:
    facts = store.facts(to_checkout(store))

    assert [name for name, _ in facts["events"]] == ["page_viewed", "checkout_started"]
    assert list(facts["later"]) == [
        "checkout_address_info_submitted",
        "checkout_contact_info_submitted",
        "checkout_shipping_info_submitted",
        "payment_info_submitted",
    ]
    assert all(said["checkout"]["order"] is None for said in facts["later"].values())


def test_a_checkout_is_open_to_its_own_browser_only(store: Site, shop: str, sandbox: Sandbox) -> None:
    checkout = to_checkout(store)

    assert Site(sandbox, "store").ask("GET", checkout).status_code == 404
    assert store.ask("POST", checkout.replace("information", "pay"), origin="null").status_code == 403


@pytest.mark.parametrize(
    ("region", "asks_first", "sale_opt_out"), [("DE", True, False), ("US-CA", False, True), ("US", False, False)]
)
def test_the_buyers_region_decides_what_holds_before_a_choice(
    store: Site, shop: str, region: str, *, asks_first: bool, sale_opt_out: bool
) -> None:
    store.cookies["sandbox_region"] = region

    facts = store.facts("/")

    assert (facts["asksFirst"], facts["saleOptOut"]) == (asks_first, sale_opt_out)
    assert facts["atFirst"] == dict.fromkeys(("marketing", "analytics", "preferences", "sale_of_data"), not asks_first)


def test_evidence_goes_by_the_relay(store: Site, shop: str, sandbox: Sandbox, door: Door) -> None:
    assert store.facts("/")["settings"] is None
    place_pixel(sandbox, f"{door.url}/pixel/evidence")

    facts = store.facts("/")
    relay = facts["map"][door.url]
    requests.post(f"{relay}/pixel/evidence", data="{}", headers={"Origin": "null"}, timeout=10)

    assert facts["settings"]["pixelID"] == DATASET
    assert facts["map"]["https://www.facebook.com"] == f"http://meta.localhost:{urlsplit(sandbox.url).port}"
    assert [knock.headers["Origin"] for knock in door.at("/pixel/evidence")] == ["null"]


def test_a_second_shop_has_a_storefront_of_its_own(sandbox: Sandbox, shop: str, door: Door) -> None:
    sandbox.post("/admin/shops", {"shop": "other.myshopify.com", "currency": "USD", "country": "US"})

    bought(Site(sandbox, "other.store"))

    (told,) = door.at("/webhooks/orders/paid")
    assert told.headers["X-Shopify-Shop-Domain"] == "other.myshopify.com"
    assert told.json()["currency"] == "USD"


def test_evidence_can_get_lost(store: Site, shop: str, sandbox: Sandbox, door: Door) -> None:
    place_pixel(sandbox, f"{door.url}/pixel/evidence")
    relay = store.facts("/")["map"][door.url]
    sandbox.fault("evidence_lost")

    with pytest.raises(requests.ConnectionError):
        requests.post(f"{relay}/pixel/evidence", data="{}", timeout=10)

    assert door.at("/pixel/evidence") == []
