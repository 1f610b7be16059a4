"""Forms that only look for something: they lead to an address, so that it can be reloaded, and go back."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.busy import SHOP, Busy
from tests.browser.merchant import SOMETHING
from tests.browser.town import Town


def test_an_order_is_found_by_its_number_and_the_way_back_shows_all(town: Town, busy: Busy) -> None:
    merchant = town.merchant(SHOP)
    merchant.open("/orders", "orders")
    rows = merchant.app.locator("s-table-row[data-order]")
    all_of_them = rows.count()

    merchant.app.locator("s-search-field[name=number] input").fill("1003")
    merchant.app.locator("#find s-button[type=submit]").click()
    expect(merchant.s_page).to_have_attribute("data-filtered", "yes")

    expect(rows).to_have_count(1)
    assert "number=1003" in merchant.frame.url
    assert "reason" not in merchant.frame.url  # what was left empty stands in no address
    merchant.app.locator("#everything").click()
    expect(rows).to_have_count(all_of_them)


def test_an_order_is_looked_up_and_erased_by_its_number(town: Town, busy: Busy) -> None:
    merchant = town.merchant(SHOP)
    merchant.open("/data-protection", "data-protection")
    merchant.app.locator("s-search-field[name=number] input").fill("#1002")
    merchant.app.locator("#look-up-form s-button[type=submit]").click()
    found = merchant.app.locator("[data-looked-up]")
    expect(found).to_have_attribute("data-sent", SOMETHING)

    merchant.app.get_by_role("button", name="Erase").first.click()
    dialog = merchant.app.locator("s-modal[id^=erase-]").get_by_role("dialog")
    expect(dialog).to_be_visible()
    merchant.app.locator("s-modal[id^=erase-] s-button", has_text="Keep it").click()
    expect(dialog).to_be_hidden()


def test_the_switch_log_is_downloaded_as_a_file(town: Town, busy: Busy) -> None:
    merchant = town.merchant(SHOP)
    merchant.open("/switch-log", "switch-log")

    with merchant.page.expect_download() as download:
        merchant.app.locator("a[download='switch-log.csv']").click()

    assert download.value.suggested_filename == "switch-log.csv"
    assert "Offline conversion tracking" in download.value.path().read_text("utf-8-sig")


def test_days_are_chosen_on_the_dashboard_without_losing_the_place(town: Town, busy: Busy) -> None:
    merchant = town.merchant(SHOP)
    merchant.open("", "dashboard")

    merchant.app.get_by_role("link", name="90 days").click()

    expect(merchant.app.locator("#figures")).to_have_attribute("heading", "Last 90 days")
    expect(merchant.app.locator("#figures")).to_be_focused()
