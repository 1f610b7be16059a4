"""A member of the shop's staff at the admin, with the app in its frame."""

from __future__ import annotations

import re
import time
from typing import Any

from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect

from sandbox.stage import Stage

DATASET = "1234567890123456"
TOKEN = "EAAsandboxDefaultToken"
PATIENCE = 30.0
"""Seconds for the worker to do what is due."""
SOMETHING = re.compile(".+")
FETCH = """([path, form]) => fetch(path, {
  method: form === null ? 'GET' : 'POST',
  body: form === null ? undefined : new URLSearchParams(form),
  headers: {Accept: 'text/html'},
}).then(answer => answer.text())"""


class Merchant:
    """Acts on the pages as a person does: by what can be seen and clicked."""

    def __init__(self, page: Page, stage: Stage, shop: str) -> None:
        self.page, self.stage, self.shop = page, stage, shop
        self.locale = ""
        """The language of the admin: `de`; empty is the admin's own, English."""
        self.app: FrameLocator = page.frame_locator("#app")
        self.s_page: Locator = self.app.locator("s-page")

    @property
    def frame(self) -> Frame:
        """The app's frame as it is now; a reload makes a new one."""
        return next(frame for frame in self.page.frames if frame.url.startswith(self.origin))

    @property
    def origin(self) -> str:
        """The app's, as browsers see it."""
        return f"http://app.localhost:{self.stage.app_port}"

    def enter(self, path: str = "") -> None:
        """Open the admin by its address; the app follows when it is installed."""
        said = f"{'&' if '?' in path else '?'}locale={self.locale}" if self.locale else ""
        self.page.goto(f"{self.stage.admin}/store/{self.shop}{path}{said}")
        self.page.wait_for_selector("html[data-ready]")

    def open(self, path: str, name: str) -> None:
        """Open a page of the app by the admin's address."""
        self.enter(path)
        self.is_at(name)

    def is_at(self, name: str) -> None:
        """Wait for a page of the app, `dashboard`, `settings` ..., and for its script to have run."""
        expect(self.s_page).to_have_attribute("data-page", name, timeout=10_000)
        self.frame.wait_for_load_state("domcontentloaded")
        expect(self.page.locator("#loading")).to_be_hidden()

    def go(self, entry: str, name: str) -> None:
        """Follow an entry of the app's menu."""
        self.page.locator("#app-menu a", has_text=entry).click()
        self.is_at(name)

    def home(self) -> None:
        """Follow the menu to the dashboard."""
        self.page.click("#app-home")
        self.is_at("dashboard")

    def connect(self) -> None:
        """Connect Facebook, on the settings page."""
        self.app.locator("s-text-field[name=dataset] input").fill(DATASET)
        self.app.locator("s-password-field[name=token] input").fill(TOKEN)
        self.app.locator("form#connect s-button[type=submit]").click()
        expect(self.s_page).to_have_attribute("data-connected", "yes", timeout=15_000)
        self.hears("Connected")

    def hears(self, sentence: str) -> None:
        """Wait for a toast."""
        expect(self.page.locator("#toasts")).to_contain_text(sentence)

    # --- The switch

    @property
    def switch(self) -> Locator:
        return self.app.locator("s-switch#offline-tracking").get_by_role("switch")

    @property
    def warning(self) -> Locator:
        """The dialog with the privacy warning."""
        return self.app.locator("#privacy-warning").get_by_role("dialog")

    def ask_for_on(self) -> None:
        """Press the switch; the warning opens, and nothing is on yet."""
        self.switch.click()
        expect(self.warning).to_be_visible()
        expect(self.switch).not_to_be_checked()

    def confirm(self) -> None:
        """Press the warning's own button."""
        self.app.locator("#offline-tracking-on s-button[type=submit]").click()

    def tick(self) -> None:
        """Tick the box that stands for having checked."""
        self.app.locator("#privacy-warning s-checkbox[name=ack] input").check()

    def turn_on(self) -> None:
        """Turn offline conversion tracking on, with the tick that it takes."""
        self.ask_for_on()
        self.tick()
        self.confirm()
        self.finds_tracking("on")
        self.hears("is on")

    def turn_off(self) -> None:
        """Turn it off, which takes nothing."""
        self.switch.click()
        self.finds_tracking("off")
        self.hears("is off")

    def finds_tracking(self, word: str) -> None:
        """See how the switch stands, in the page's word and in the switch itself."""
        expect(self.s_page).to_have_attribute("data-tracking", word)
        expect(self.switch).to_be_checked(checked=word == "on")

    # --- Orders

    def forward(self) -> None:
        """Press the guide's button that moves the clock over the grace period."""
        self.page.click("#forward")
        expect(self.page.locator("#clock-said")).to_contain_text("later")

    def outcomes(self) -> dict[str, tuple[str, str]]:
        """Read the list of orders: order to outcome and reason."""
        self.go("Orders", "orders")
        rows: list[dict[str, Any]] = self.app.locator("s-table-row[data-order]").evaluate_all(
            "rows => rows.map(({dataset}) => ({...dataset}))"
        )
        return {row["order"]: (row["outcome"], row["reason"]) for row in rows}

    def sees(self, order: str, outcome: str) -> None:
        """Look at the list of orders until one has its outcome."""
        end = time.monotonic() + PATIENCE
        while (found := self.outcomes().get(order, ("none", "")))[0] != outcome:
            assert time.monotonic() < end, f"order {order} should be {outcome} and is {found}"
            self.page.wait_for_timeout(400)

    def html(self, path: str, form: str | None = None) -> str:
        """Fetch a page, or send a form, as the app's script does; return the page as the server made it."""
        found: str = self.frame.evaluate(FETCH, [path, form])
        return found

    # --- The guide

    def steps(self) -> list[str]:
        """Return the steps of the guide that are ticked."""
        found: list[str] = self.page.locator("#steps li[data-done=yes]").evaluate_all(
            "items => items.map(item => item.dataset.step)"
        )
        return found
