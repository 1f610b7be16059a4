"""The optional scope: the admin asks, and the settings page shows the answer without being loaded anew."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.merchant import Merchant
from tests.browser.town import Town


def finds(merchant: Merchant, word: str) -> None:
    expect(merchant.app.locator("#opt-outs")).to_have_attribute("data-reads-customers", word)


def test_customers_may_be_read_once_the_staff_say_so_and_no_longer_than_they_like(town: Town) -> None:
    merchant = town.connected("scopes")
    merchant.go("Facebook integration", "settings")
    finds(merchant, "no")
    merchant.frame.evaluate("window.isTheSame = true")
    button = merchant.app.locator("#opt-outs s-button[data-scope]")

    button.click()
    expect(merchant.page.locator("#question-text")).to_contain_text("read_customers")
    merchant.page.click("#question button[value=no]")
    merchant.hears("Nothing has changed")
    finds(merchant, "no")

    button.click()
    merchant.page.click("#question-yes")
    merchant.hears("is asked for your customers")
    finds(merchant, "yes")

    button.click()  # taking it back asks nobody
    merchant.hears("no longer asked")
    finds(merchant, "no")
    assert merchant.frame.evaluate("window.isTheSame") is True


def test_where_shopify_cannot_ask_the_page_says_so(town: Town) -> None:
    merchant = town.connected("no-scopes")
    merchant.go("Facebook integration", "settings")
    merchant.app.locator("#opt-outs s-button[data-scope]").evaluate("b => { b.dataset.scope = 'read_files'; }")
    merchant.app.locator("#opt-outs s-button[data-scope]").click()

    expect(merchant.app.locator("s-banner[data-problem]")).to_contain_text("could not ask you")
    finds(merchant, "no")
