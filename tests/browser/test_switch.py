from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.merchant import SOMETHING, Merchant
from tests.browser.town import Town

PLACES = {"dashboard": "/", "settings": "/settings"}
STAFF = "42"
MODES = ("recorded", "store_policy")


def goes_to(merchant: Merchant, place: str) -> None:
    if place == "dashboard":
        merchant.home()
    else:
        merchant.go("Facebook integration", "settings")


@pytest.mark.parametrize("place", PLACES)
def test_the_switch_takes_a_tick_to_go_on_and_nothing_to_go_off_again_on_the_other_page(town: Town, place: str) -> None:
    merchant = town.connected(f"switch-{place}")
    goes_to(merchant, place)
    merchant.finds_tracking("off")
    merchant.ask_for_on()

    town.watch.provoke(422)
    with merchant.page.expect_response("**/offline-tracking") as answer:
        merchant.confirm()
    assert answer.value.status == 422
    box = merchant.app.locator("#privacy-warning s-checkbox[name=ack]")
    expect(box).to_have_attribute("error", SOMETHING)
    expect(merchant.warning).to_be_visible()
    expect(box.get_by_role("checkbox")).to_be_focused()
    expect(merchant.s_page).to_have_attribute("data-tracking", "off")

    merchant.tick()
    merchant.confirm()
    merchant.finds_tracking("on")
    merchant.is_at(place)
    merchant.hears("is on")

    other = next(name for name in PLACES if name != place)
    goes_to(merchant, other)
    merchant.finds_tracking("on")
    merchant.turn_off()
    merchant.is_at(other)

    merchant.open("/switch-log", "switch-log")
    rows = merchant.app.locator("s-table-row[data-what=offline_tracking]").evaluate_all(
        "rows => rows.map(({dataset: {new: to, user, place, warning}}) => [to, user, place, warning !== ''])"
    )
    assert rows == [["off", STAFF, other, False], ["on", STAFF, place, True]]


def test_the_dialog_asks_for_the_consent_mode_and_a_refused_one_loses_nothing(town: Town) -> None:
    merchant = town.connected("switch-mode")
    merchant.ask_for_on()
    dialog = merchant.app.locator("#privacy-warning")
    recorded, policy = (dialog.locator(f"s-choice-list[name=mode] input[value={mode}]") for mode in MODES)
    expect(recorded).to_be_checked()
    policy.check()

    town.watch.provoke(422)
    merchant.confirm()
    expect(dialog.locator("s-checkbox[name=ack]")).to_have_attribute("error", SOMETHING)
    expect(policy).to_be_checked()

    town.watch.provoke(409)
    other = town.merchant(merchant.shop)  # somebody else of the staff
    other.open("/settings", "settings")
    other.app.locator("form#settings s-choice-list[name=consent_mode] input[value=store_policy]").check()
    other.page.click("#save")
    other.hears("saved")
    recorded.check()
    merchant.tick()
    merchant.confirm()
    expect(dialog.locator("s-choice-list[name=mode]")).to_have_attribute("error", SOMETHING)
    expect(merchant.warning).to_be_visible()
    expect(recorded).to_be_checked()
    expect(merchant.app.locator("#privacy-warning s-checkbox[name=ack] input")).to_be_checked()

    merchant.confirm()
    merchant.finds_tracking("on")
    merchant.go("Facebook integration", "settings")
    expect(merchant.app.locator("form#settings s-choice-list[name=consent_mode] input[value=recorded]")).to_be_checked()


def test_a_dialog_that_is_closed_leaves_the_switch_off(town: Town) -> None:
    merchant = town.connected("second-thoughts")
    merchant.ask_for_on()
    merchant.app.get_by_role("button", name="Keep it off").click()
    expect(merchant.warning).to_be_hidden()
    merchant.ask_for_on()
    merchant.page.keyboard.press("Escape")
    expect(merchant.warning).to_be_hidden()
    merchant.finds_tracking("off")
    merchant.home()
    merchant.finds_tracking("off")


def test_before_facebook_is_connected_the_switch_cannot_be_pressed(town: Town) -> None:
    merchant = town.merchant(town.shop("unconnected"))
    for place, path in PLACES.items():
        merchant.open(path, place)
        expect(merchant.switch).to_be_disabled()
        expect(merchant.s_page).to_have_attribute("data-tracking", "off")


def test_unsaved_settings_are_not_lost_without_a_question(town: Town) -> None:
    merchant = town.merchant(town.shop("unsaved"))
    merchant.open("/settings", "settings")
    grace = merchant.app.locator("s-number-field[name=grace_minutes] input")
    before = grace.input_value()
    grace.fill("45")
    expect(merchant.page.locator("#save-bar")).to_be_visible()
    merchant.page.locator("#app-menu a", has_text="Orders").click()
    merchant.page.click("#question button[value=no]")
    merchant.is_at("settings")
    expect(grace).to_have_value("45")
    merchant.page.click("#discard")
    expect(merchant.page.locator("#save-bar")).to_be_hidden()
    expect(grace).to_have_value(before)

    town.watch.provoke(422)
    grace.fill("3")
    merchant.page.click("#save")
    expect(merchant.app.locator("s-number-field[name=grace_minutes]")).to_have_attribute("error", SOMETHING)
    grace.fill("45")
    merchant.page.click("#save")
    merchant.hears("saved")
    merchant.page.reload()
    merchant.is_at("settings")
    expect(grace).to_have_value("45")
