"""The pages in the states that a merchant can find them in: whose shop, which address, what is done there first.

A scene is called after its page and its state; so is its picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playwright.sync_api import expect

from tests.browser.busy import SHOP
from tests.browser.merchant import SOMETHING, Merchant

FRESH = "fresh"
"""A shop in which nothing has happened."""
OFF = "calm"
"""A shop that is connected, with the switch off."""
CLOSED_GUIDE = "if (location.hostname === 'admin.localhost') localStorage.guide = 'no'"
WARNING = "privacy-warning"


def asked(merchant: Merchant) -> None:
    """Press the switch."""
    merchant.ask_for_on()


def refused(merchant: Merchant) -> None:
    """Confirm without a tick."""
    merchant.ask_for_on()
    merchant.confirm()
    expect(merchant.app.locator("#privacy-warning s-checkbox[name=ack]")).to_have_attribute("error", SOMETHING)


def out_of_range(merchant: Merchant) -> None:
    """Save a grace period that is too short."""
    grace = merchant.app.locator("s-number-field[name=grace_minutes]")
    grace.locator("input").fill("3")
    merchant.page.click("#save")
    expect(grace).to_have_attribute("error", SOMETHING)


def too_late(merchant: Merchant) -> None:
    """Save what somebody else has changed meanwhile."""
    shown = merchant.app.locator("input[name=seen]")
    shown.evaluate("input => { input.value = input.value.replace('\"30\"', '\"31\"'); }")
    merchant.app.locator("s-number-field[name=grace_minutes] input").fill("45")
    merchant.page.click("#save")
    expect(merchant.app.locator("s-banner[data-meanwhile]")).to_be_visible()


def opened(modal: str) -> Callable[[Merchant], None]:
    """Open a dialog by its button."""

    def act(merchant: Merchant) -> None:
        merchant.app.locator(f"s-button[commandFor={modal}][command='--show']").first.click()
        expect(merchant.app.locator(f"#{modal}").get_by_role("dialog")).to_be_visible()

    return act


def nothing(_: Merchant) -> None:
    """Only look."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A page of a shop, and what is done there before it is looked at. `dialog`: the id of the one that is open then.

    `is_main`: also looked at where axe takes long, and in pictures from right to left.
    """

    shop: str
    path: str
    name: str
    act: Callable[[Merchant], None] = nothing
    dialog: str = ""
    is_main: bool = False

    @property
    def stays(self) -> bool:
        """Whether the page comes again as it is when it is asked for once more."""
        return self.act is nothing or bool(self.dialog and self.act is not refused)


SCENES: Mapping[str, Scene] = {
    "dashboard-typical": Scene(SHOP, "", "dashboard", is_main=True),
    "settings-typical": Scene(SHOP, "/settings", "settings", is_main=True),
    "preview-typical": Scene(SHOP, "/settings/preview", "preview", is_main=True),
    "preview-example": Scene(OFF, "/settings/preview", "preview"),
    "orders-typical": Scene(SHOP, "/orders", "orders", is_main=True),
    "order-recovered": Scene(SHOP, "/orders/{recovered}", "order", is_main=True),
    "order-waiting": Scene(SHOP, "/orders/{waiting}", "order"),
    "switch_log-typical": Scene(SHOP, "/switch-log", "switch-log", is_main=True),
    "switch_log-text": Scene(SHOP, "/switch-log?text=2026-11", "switch-log"),
    "data_protection-typical": Scene(SHOP, "/data-protection", "data-protection", is_main=True),
    "data_protection-found": Scene(SHOP, "/data-protection?number=1001", "data-protection"),
    "dashboard-90_days": Scene(SHOP, "/?days=90", "dashboard"),
    "dashboard-off": Scene(OFF, "", "dashboard"),
    "orders-found": Scene(SHOP, "/orders?outcome=withheld&reason=consent_declined", "orders"),
    "orders-none": Scene(SHOP, "/orders?number=none&day=2026-11-24", "orders"),
    "dashboard-empty": Scene(FRESH, "", "dashboard"),
    "settings-empty": Scene(FRESH, "/settings", "settings"),
    "orders-empty": Scene(FRESH, "/orders", "orders"),
    "switch_log-empty": Scene(FRESH, "/switch-log", "switch-log"),
    "dashboard-dialog": Scene(OFF, "", "dashboard", asked, WARNING, is_main=True),
    "settings-dialog_422": Scene(OFF, "/settings", "settings", refused, WARNING),
    "settings-422": Scene(OFF, "/settings", "settings", out_of_range),
    "settings-conflict": Scene(OFF, "/settings", "settings", too_late),
    "settings-disconnect": Scene(OFF, "/settings", "settings", opened("disconnect"), "disconnect"),
}
