"""A buyer in the storefront, with a browser of their own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from playwright.sync_api import Page


class Choice(StrEnum):
    """What the buyer says to the consent banner."""

    NONE = "none"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    """Accepts, and takes it back in the checkout."""
    OPT_OUT = "opt_out"
    """Only of the sale of their data."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody buys."""

    choice: Choice = Choice.ACCEPT
    region: str = ""
    adblock: bool = False
    close_tab: bool = False


class Buyer:
    """Walks from the first page to the order, no slower than the pages allow."""

    def __init__(self, page: Page, store: str) -> None:
        self.page, self.store = page, store

    def buy(self, manner: Manner) -> str:
        """Buy a mug; return the order's id."""
        self.arrive(manner)
        self.choose(manner.choice)
        self.page.click("#add")
        self.page.wait_for_url("**/cart")
        self.ready()
        self.page.click("#to-checkout")
        self.page.wait_for_url("**/information")
        self.ready()
        return self.check_out(manner)

    def ready(self) -> None:
        """Wait until the page's script runs."""
        self.page.wait_for_selector("html[data-ready]")

    def arrive(self, manner: Manner) -> None:
        """Come to a product by an ad, and set the browser up."""
        self.page.goto(f"{self.store}/products/blue-mug?fbclid=IwAR123")
        self.ready()
        if manner.region not in {"", self.page.input_value("[name=region]")}:
            with self.page.expect_navigation():
                self.page.select_option("[name=region]", manner.region)
            self.ready()
        self.page.set_checked("[name=adblock]", manner.adblock)
        self.page.set_checked("#close-tab", manner.close_tab)

    def choose(self, choice: Choice) -> None:
        """Answer the banner."""
        if choice is Choice.NONE:
            return
        if choice is Choice.OPT_OUT and self.page.locator("#opt-out").count():
            self.page.click("#opt-out")
            return
        if not self.page.locator("#consent").is_visible():
            self.page.click("#open-choices")
        if choice is Choice.OPT_OUT:
            self.page.locator("#consent summary").click()
            for purpose in ("marketing", "analytics", "preferences"):
                self.page.check(f"#choices [name={purpose}]")
            self.page.uncheck("#choices [name=sale_of_data]")
            self.page.locator("#choices button").click()
        else:
            self.page.click("#decline" if choice is Choice.DECLINE else "#accept")

    def check_out(self, manner: Manner) -> str:
        """Go through the checkout and pay."""
        for step in range(3):
            self.page.locator(".step .next").nth(step).click()
        if manner.choice is Choice.WITHDRAW:
            self.page.click("#open-choices")
            self.page.click("#decline")
        self.page.click("#pay")
        self.page.wait_for_selector("#order")
        order = self.page.get_attribute("#order", "data-order")
        assert order
        return order
