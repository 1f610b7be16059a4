"""Connecting by a login, in a real browser: the click, the window of its own, Facebook's dialog, the choice."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.axe import barriers
from tests.browser.manifest import compare
from tests.browser.merchant import DATASET, Merchant
from tests.browser.town import Town


def begin(town: Town, name: str, language: str = "") -> tuple[Merchant, Page]:
    """Somebody at the settings of a new shop who has clicked; and the window that opened."""
    merchant = town.merchant(town.shop(name))
    merchant.locale = language
    merchant.open("/settings", "settings")
    with merchant.page.context.expect_page() as opened:
        merchant.app.locator("#facebook-begin").click()
    window = opened.value
    window.wait_for_url("**/facebook/connect?ticket=*")
    return merchant, window


def choose(merchant: Merchant, dataset: str) -> None:
    merchant.app.locator("s-select[name=dataset] select").select_option(dataset)
    merchant.app.locator("#facebook-choose s-button[type=submit]").click()


def test_a_login_connects_the_chosen_dataset(town: Town) -> None:
    merchant, window = begin(town, "loginyes")
    expect(window.locator("h1")).to_have_text("Connect Loginyes Goods to Facebook?")
    expect(merchant.app.locator("#facebook-waiting")).to_be_visible()
    window.click("button")
    window.wait_for_url("**/dialog/oauth?*")
    window.click("button[value=yes]")
    window.wait_for_url("**/facebook/ended?how=granted*")
    expect(window.locator("p")).to_contain_text("Facebook let us in")

    expect(merchant.app.locator("#facebook-choose")).to_be_visible(timeout=10_000)
    choose(merchant, DATASET)

    expect(merchant.s_page).to_have_attribute("data-connected", "yes", timeout=15_000)
    merchant.hears("Connected")
    expect(merchant.app.locator("s-section").first).to_contain_text("Lantern pixel")


def test_a_no_is_said_and_connects_nothing(town: Town) -> None:
    merchant, window = begin(town, "loginno")
    window.click("button")
    window.wait_for_url("**/dialog/oauth?*")
    window.click("button[value=no]")

    expect(merchant.app.locator("s-banner[data-problem]")).to_contain_text("was not allowed", timeout=10_000)
    expect(merchant.s_page).to_have_attribute("data-connected", "no")


def test_where_no_window_may_open_there_is_a_link(town: Town) -> None:
    merchant = town.merchant(town.shop("loginblocked"))
    merchant.open("/settings", "settings")
    merchant.frame.evaluate("window.open = () => null")
    merchant.app.locator("#facebook-begin").click()
    link = merchant.app.locator("#facebook-link")
    expect(link).to_be_visible()

    with merchant.page.context.expect_page() as opened:
        link.click()
    expect(opened.value.locator("h1")).to_have_text("Connect Loginblocked Goods to Facebook?")


def test_the_app_can_be_removed_at_facebook(town: Town) -> None:
    merchant, window = begin(town, "loginremoved")
    window.click("button")
    window.click("button[value=yes]")
    expect(merchant.app.locator("#facebook-choose")).to_be_visible(timeout=10_000)
    choose(merchant, DATASET)
    expect(merchant.s_page).to_have_attribute("data-connected", "yes", timeout=15_000)

    events = town.page()
    events.goto(f"http://meta.localhost:{town.stage.sandbox_port}/")
    events.locator("[data-act=remove]").first.click()
    expect(events.locator("#login-said")).to_have_text("The app answered 200.")

    merchant.home()
    expect(merchant.app.locator("s-banner[data-ended=removed_at_facebook]")).to_be_visible()


def test_the_page_outside_the_admin_can_be_used_by_everybody(town: Town) -> None:
    _, window = begin(town, "loginaxe")

    assert barriers(window.main_frame) == []


def test_the_choice_is_made_of_polaris_own_components(town: Town) -> None:
    merchant, window = begin(town, "logincheck")
    window.click("button")
    window.click("button[value=yes]")
    expect(merchant.app.locator("#facebook-choose")).to_be_visible(timeout=10_000)

    assert compare(merchant.html("/settings")).faults == []
    assert barriers(merchant.frame) == []
