"""The sites around the app, which the demo shows to newcomers: admin, guide, storefront, Events Manager."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.busy import OPT_IN, Busy
from tests.browser.buyer import Manner
from tests.browser.screens import faults, photograph
from tests.browser.town import HEIGHTS, Town

MARK = "TEST USE ONLY"


@pytest.mark.parametrize("width", HEIGHTS)
def test_everybody_can_use_the_storefront_and_it_fits(town: Town, busy: Busy, width: int) -> None:
    buyer = town.buyer(busy.merchant.shop, width)
    page = buyer.page

    def looks(name: str) -> None:
        expect(page.locator("body")).to_contain_text(MARK)
        expect(page.get_by_text("…", exact=True)).to_have_count(0)  # what the pixel does is shown a moment later
        photograph(page, f"store-{name}-{width}-en")
        assert faults(page.main_frame) == []

    page.goto(buyer.store)
    buyer.ready()
    looks("home")
    page.locator("a", has_text="Blue mug").click()
    page.wait_for_url("**/products/*")
    buyer.ready()
    page.locator("#consent summary").click()
    looks("product")
    page.click("#accept")
    page.click("#add")
    page.wait_for_url("**/cart")
    buyer.ready()
    looks("cart")
    page.click("#to-checkout")
    page.wait_for_url("**/information")
    buyer.ready()
    looks("checkout")
    for step in range(3):
        page.locator(".step .next").nth(step).click()
    page.click("#pay")
    page.wait_for_url("**/thank-you")
    buyer.ready()
    expect(page.locator("#log li", has_text="Purchase to Meta")).to_be_visible()
    looks("thanks")
    page.goto(f"{buyer.store}/closed")
    looks("closed")


@pytest.mark.parametrize("width", HEIGHTS)
def test_the_events_manager_names_where_each_purchase_came_from_and_everybody_can_use_it(
    town: Town, busy: Busy, width: int
) -> None:
    page = town.page(width)
    page.goto(f"http://meta.localhost:{town.stage.sandbox_port}/")
    expect(page.locator("body")).to_contain_text(MARK)
    for manner, source in ((Manner(region=OPT_IN), "browser"), (Manner(region=OPT_IN, adblock=True), "server")):
        row = page.locator(f"#events tr[data-event-id='purchase.{busy.orders[manner]}']")
        expect(row).to_have_attribute("data-source", source)
        expect(row).to_have_attribute("data-result", "counted")
    assert faults(page.main_frame) == []
    page.check("#purchases")
    expect(page.locator("#events tbody tr").first).to_have_attribute("data-event", "Purchase")
    photograph(page, f"events_manager-typical-{width}-en")


@pytest.mark.parametrize("width", HEIGHTS)
def test_everybody_can_use_the_admin_with_guide_and_menu_and_it_fits(town: Town, width: int) -> None:
    shop = town.shop(f"admin-{width}")
    merchant = town.merchant(shop, width)
    merchant.open("", "dashboard")
    page = merchant.page
    for button, panel in (("#menu-button", "menu"), ("#guide-button", "guide")):
        if page.locator(button).is_visible() and page.get_attribute(button, "aria-expanded") == "false":
            page.click(button)
        expect(page.locator(f"#{panel}")).to_be_visible()
        photograph(page, f"admin-{panel}-{width}-en")
        assert faults(page.main_frame) == []
        if page.locator(button).is_visible():
            page.click(button)
    if width > 1000:
        page.click("#uninstall")
        page.click("#question-yes")
        expect(page.locator("#install-panel")).to_be_visible()
        photograph(page, f"admin-install-{width}-en")
        assert faults(page.main_frame) == []
