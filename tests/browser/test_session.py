from __future__ import annotations

import json
import time

import jwt
from playwright.sync_api import Response, Route, expect

from tests.browser.merchant import Merchant
from tests.browser.town import Town

ASKED_FOR_TOKEN = "**/id-token"


def outdated(merchant: Merchant) -> str:
    """An id token of this very shop, right in all but its time."""
    secret, now = merchant.stage.env["SHOPIFY_API_SECRET"], int(time.time())
    claims = {
        "iss": f"https://{merchant.shop}.myshopify.com/admin",
        "dest": f"https://{merchant.shop}.myshopify.com",
        "aud": merchant.stage.env["SHOPIFY_API_KEY"],
        "sub": "42",
        "exp": now - 120,
        "nbf": now - 180,
        "iat": now - 180,
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def hand_out(route: Route, token: str) -> None:
    route.fulfill(status=200, content_type="application/json", body=json.dumps({"id_token": token}))


def statuses(merchant: Merchant, path: str) -> list[int]:
    """Collect how the app answers at a path, from now on."""
    found: list[int] = []

    def note(answer: Response) -> None:
        if answer.url.startswith(f"{merchant.origin}{path}"):
            found.append(answer.status)

    merchant.page.on("response", note)
    return found


def test_a_token_that_ran_out_on_the_way_is_renewed_without_a_word(town: Town) -> None:
    merchant = town.merchant(town.shop("stale"))
    merchant.open("", "dashboard")
    stale = outdated(merchant)
    merchant.page.route(ASKED_FOR_TOKEN, lambda route: hand_out(route, stale), times=1)
    answers = statuses(merchant, "/orders")
    town.watch.provoke(401)
    merchant.go("Orders", "orders")
    assert answers == [401, 200]
    expect(merchant.page.locator("#toasts")).to_be_empty()


def test_a_session_that_cannot_be_renewed_is_told_in_a_sentence_and_changes_nothing(town: Town) -> None:
    merchant = town.connected("expired")
    merchant.ask_for_on()
    merchant.tick()
    stale = outdated(merchant)
    merchant.page.route(ASKED_FOR_TOKEN, lambda route: hand_out(route, stale), times=2)
    answers = statuses(merchant, "/offline-tracking")
    town.watch.provoke(401)
    merchant.confirm()
    merchant.hears("Nothing was changed.")
    assert answers == [401, 401]
    merchant.open("", "dashboard")
    merchant.finds_tracking("off")


def test_a_page_loaded_without_a_token_fetches_one_and_comes_back(town: Town) -> None:
    merchant = town.merchant(town.shop("bounce"))
    merchant.open("", "dashboard")
    answers = statuses(merchant, "/orders")
    merchant.frame.evaluate("location.href = '/orders?outcome=missed'")
    merchant.is_at("orders")
    assert answers == [302, 200]
    expect(merchant.app.locator(".filter a[aria-current]")).to_have_text("Missed")
    assert merchant.frame.evaluate("location.search") == "?outcome=missed"


def test_a_page_loaded_with_an_outdated_token_does_too(town: Town) -> None:
    merchant = town.merchant(town.shop("outdated"))
    merchant.open("", "dashboard")
    merchant.frame.evaluate(f"location.href = '/settings?id_token={outdated(merchant)}'")
    merchant.is_at("settings")


def test_no_id_token_stays_in_an_address(town: Town) -> None:
    merchant = town.merchant(town.shop("address"))
    merchant.open("/settings", "settings")
    for _ in range(2):
        own = merchant.frame.evaluate("[location.href, document.URL, JSON.stringify(history.state)].join(' ')")
        for place in (own, merchant.page.url):
            assert "id_token" not in place
            assert "hmac" not in place
        merchant.page.reload()
        merchant.is_at("settings")


def test_the_app_sets_no_cookie_and_works_in_a_frame_that_may_keep_nothing(town: Town) -> None:
    merchant = town.merchant(town.shop("cookies"))
    set_by: list[str] = []

    def note(answer: Response) -> None:
        if answer.url.startswith(merchant.origin) and "set-cookie" in answer.headers:
            set_by.append(answer.url)

    merchant.page.on("response", note)
    merchant.open("/settings", "settings")
    merchant.connect()
    merchant.home()
    merchant.turn_on()
    assert set_by == []
    assert merchant.page.context.cookies(merchant.origin) == []
    storage = (
        "(() => { try { return [localStorage, sessionStorage].length; } catch (refused) { return refused.name; } })()"
    )
    assert merchant.frame.evaluate(storage) == "SecurityError"


def test_the_back_button_goes_back_through_the_pages_of_the_app(town: Town) -> None:
    merchant = town.merchant(town.shop("back"))
    merchant.open("", "dashboard")
    merchant.go("Orders", "orders")
    merchant.app.locator(".filter a", has_text="Missed").click()
    expect(merchant.app.locator(".filter a[aria-current]")).to_have_text("Missed")
    merchant.go("Facebook integration", "settings")
    merchant.page.go_back()
    merchant.is_at("orders")
    expect(merchant.app.locator(".filter a[aria-current]")).to_have_text("Missed")
    assert merchant.page.url.endswith("/orders?outcome=missed")
    merchant.page.go_back()
    expect(merchant.app.locator(".filter a[aria-current]")).to_have_text("All")
    merchant.page.go_back()
    merchant.is_at("dashboard")
    merchant.page.go_forward()
    merchant.is_at("orders")
