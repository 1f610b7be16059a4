"""The field dial with the save bar, and two of the staff at once."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.merchant import SOMETHING, Merchant
from tests.browser.town import Town


def identifier(merchant: Merchant, label: str) -> Locator:
    return merchant.app.locator("s-choice-list[name=fields]").get_by_label(re.compile(f"^{label} "))


def save(merchant: Merchant) -> None:
    merchant.page.click("#save")


def test_an_unticked_identifier_is_sent_no_more(town: Town) -> None:
    merchant = town.connected("dial")
    merchant.open("/settings", "settings")
    expect(identifier(merchant, "Phone")).to_be_checked()
    identifier(merchant, "Phone").uncheck()
    save(merchant)
    merchant.hears("Settings saved")
    expect(identifier(merchant, "Phone")).not_to_be_checked()
    expect(merchant.app.locator("s-table-row[data-identifier=ph]")).to_have_attribute("data-sent", "no")
    merchant.app.get_by_role("link", name="Preview what is sent").click()
    merchant.is_at("preview")
    expect(merchant.app.locator("s-table-row[data-identifier=ph]")).to_have_attribute("data-sent", "no")
    expect(merchant.app.locator("s-table-row[data-identifier=em]")).to_have_attribute("data-sent", "yes")


def test_what_could_be_anybody_is_refused_where_it_was_chosen(town: Town) -> None:
    town.watch.provoke(422)
    merchant = town.connected("anybody")
    merchant.open("/settings", "settings")
    for label in ("Email", "Phone", "First name", "Last name", "Customer id"):
        identifier(merchant, label).uncheck()
    save(merchant)
    expect(merchant.app.locator("s-choice-list[name=fields]")).to_have_attribute("error", SOMETHING)
    expect(identifier(merchant, "Email")).not_to_be_checked()
    expect(identifier(merchant, "City")).to_be_checked()
    identifier(merchant, "Email").check()
    save(merchant)
    merchant.hears("Settings saved")


def test_the_second_of_two_is_told_what_the_first_one_changed(town: Town) -> None:
    town.watch.provoke(409)
    first = town.connected("quarrel")
    second = town.merchant("quarrel")
    first.open("/settings", "settings")
    second.open("/settings", "settings")
    identifier(first, "Phone").uncheck()
    save(first)
    first.hears("Settings saved")
    second.app.locator("s-number-field[name=grace_minutes] input").fill("60")
    save(second)
    banner = second.app.locator("s-banner[data-meanwhile]")
    expect(banner).to_have_attribute("data-meanwhile", "fields")
    expect(second.app.locator("s-number-field[name=grace_minutes] input")).to_have_value("60")
    expect(identifier(second, "Phone")).to_be_checked()
    banner.get_by_role("button", name="Save what I typed").click()
    second.hears("Settings saved")
    expect(identifier(second, "Phone")).to_be_checked()
    expect(second.app.locator("s-number-field[name=grace_minutes] input")).to_have_value("60")
