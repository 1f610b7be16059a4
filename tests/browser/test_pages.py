"""Every page at both widths: everybody can use it, it fits, and it is written in Polaris' own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pytest
from playwright.sync_api import Browser, expect

from sandbox.stage import Stage
from tests.browser.busy import CASES, SHOP, SILENT, Busy
from tests.browser.buyer import Manner
from tests.browser.manifest import compare
from tests.browser.merchant import SOMETHING, Merchant
from tests.browser.screens import faults, photograph
from tests.browser.town import HEIGHTS, Town, town_of

FRESH = "fresh"
"""A shop in which nothing has happened."""
OFF = "calm"
"""A shop that is connected, with the switch off."""
CLOSED_GUIDE = "if (location.hostname === 'admin.localhost') localStorage.guide = 'no'"


def asked(merchant: Merchant) -> None:
    merchant.ask_for_on()


def refused(merchant: Merchant) -> None:
    merchant.ask_for_on()
    merchant.confirm()
    expect(merchant.app.locator("#privacy-warning s-checkbox")).to_have_attribute("error", SOMETHING)


def out_of_range(merchant: Merchant) -> None:
    grace = merchant.app.locator("s-number-field[name=grace_minutes]")
    grace.locator("input").fill("3")
    merchant.page.click("#save")
    expect(grace).to_have_attribute("error", SOMETHING)


def too_late(merchant: Merchant) -> None:
    shown = merchant.app.locator("input[name=seen]")
    shown.evaluate("input => { input.value = input.value.replace('\"30\"', '\"31\"'); }")
    merchant.app.locator("s-number-field[name=grace_minutes] input").fill("45")
    merchant.page.click("#save")
    expect(merchant.app.locator("s-banner[data-meanwhile]")).to_be_visible()


def about_to_leave(merchant: Merchant) -> None:
    merchant.app.get_by_role("button", name="Disconnect").first.click()
    expect(merchant.app.locator("#disconnect").get_by_role("dialog")).to_be_visible()


@dataclass(frozen=True, slots=True)
class Scene:
    """A page of a shop, and what is done there before it is looked at."""

    shop: str
    path: str
    name: str
    act: Callable[[Merchant], None] = lambda _: None


SCENES: Mapping[str, Scene] = {
    "dashboard": Scene(SHOP, "", "dashboard"),
    "settings": Scene(SHOP, "/settings", "settings"),
    "preview": Scene(SHOP, "/settings/preview", "preview"),
    "preview-example": Scene(OFF, "/settings/preview", "preview"),
    "orders": Scene(SHOP, "/orders", "orders"),
    "order-recovered": Scene(SHOP, "/orders/{recovered}", "order"),
    "order-waiting": Scene(SHOP, "/orders/{waiting}", "order"),
    "switch-log": Scene(SHOP, "/switch-log", "switch-log"),
    "switch-log-text": Scene(SHOP, "/switch-log?text=2026-11", "switch-log"),
    "data-protection": Scene(SHOP, "/data-protection", "data-protection"),
    "look-up": Scene(SHOP, "/data-protection?number=1001", "data-protection"),
    "dashboard-90": Scene(SHOP, "/?days=90", "dashboard"),
    "dashboard-off": Scene(OFF, "", "dashboard"),
    "orders-found": Scene(SHOP, "/orders?outcome=withheld&reason=consent_declined", "orders"),
    "orders-none": Scene(SHOP, "/orders?number=none&day=2026-11-24", "orders"),
    "dashboard-fresh": Scene(FRESH, "", "dashboard"),
    "settings-fresh": Scene(FRESH, "/settings", "settings"),
    "orders-fresh": Scene(FRESH, "/orders", "orders"),
    "switch-log-fresh": Scene(FRESH, "/switch-log", "switch-log"),
    "warning": Scene(OFF, "", "dashboard", asked),
    "warning-refused": Scene(OFF, "/settings", "settings", refused),
    "settings-refused": Scene(OFF, "/settings", "settings", out_of_range),
    "settings-late": Scene(OFF, "/settings", "settings", too_late),
    "disconnect": Scene(OFF, "/settings", "settings", about_to_leave),
}


@pytest.fixture(scope="module")
def named(busy: Busy) -> Mapping[str, str]:
    """The orders that a scene can be about; the waiting one is new, for other tests move the clock."""
    found = {outcome: busy.orders[manner] for manner, outcome in CASES.items()}
    waiting = busy.town.buy(SHOP, Manner(adblock=True))
    busy.merchant.sees(waiting, "waiting")
    return {"recovered": found[SILENT], "waiting": waiting, "missed": busy.missed}


@pytest.fixture(scope="module")
def calm(busy: Busy) -> str:
    """The shop with the switch off."""
    busy.town.connected(OFF)
    return OFF


@pytest.fixture(scope="module")
def desks(stage: Stage, browser: Browser) -> Iterator[Callable[[int], Merchant]]:
    """One admin for each width, which goes from scene to scene."""
    with town_of(stage, browser) as town:
        town.shop(FRESH)
        town.watch.provoke(409, 422)

        @cache
        def at(width: int) -> Merchant:
            merchant = town.merchant(FRESH, width)
            merchant.page.add_init_script(CLOSED_GUIDE)
            return merchant

        yield at


@pytest.mark.parametrize("width", HEIGHTS)
@pytest.mark.parametrize("scene", SCENES)
def test_everybody_can_use_a_page_and_it_fits(
    desks: Callable[[int], Merchant], named: Mapping[str, str], calm: str, scene: str, width: int
) -> None:
    looked_at, merchant = SCENES[scene], desks(width)
    merchant.shop = looked_at.shop
    merchant.open(looked_at.path.format(**named), looked_at.name)
    looked_at.act(merchant)
    photograph(merchant.page, scene, merchant.frame)
    assert faults(merchant.frame) == []


@pytest.mark.parametrize("shop", [FRESH, OFF, SHOP])
def test_pages_are_written_in_polaris_own_words(
    town: Town, busy: Busy, named: Mapping[str, str], calm: str, shop: str
) -> None:
    town.shop(FRESH)
    town.watch.provoke(404, 409, 422)
    merchant = town.merchant(shop)
    merchant.open("", "dashboard")
    paths = ["/", "/settings", "/orders", "/orders?outcome=failed", "/switch-log", "/data-protection", "/orders/1"]
    paths += ["/?days=7", "/?days=90", "/orders?reason=held&number=1001&day=2026-11-24", "/data-protection?number=1001"]
    paths += [
        "/switch-log?text=2026-11",
        "/?note=off&n=2",
        "/settings?note=pixel_refused",
        "/settings/preview",
        "/settings?note=saved_one_out",
    ]
    if shop == SHOP:
        paths += [f"/orders/{order}" for order in (*named.values(), *busy.orders.values())]
    pages = {path: merchant.html(path) for path in paths}
    forms = {"place=settings&on=1": "/offline-tracking", "place=dashboard&on=7": "/offline-tracking"}
    forms |= {"dataset=x&token=": "/connect", "grace_minutes=3": "/settings"}
    late = "grace_minutes=31&consent_mode=recorded&content_ids=product&fields=em&seen="
    forms |= {late: "/settings", f"{late}%7B%7D": "/settings", "test_code=x": "/test-code"}
    pages |= {f"{path} {form}": merchant.html(path, form) for form, path in forms.items()}
    for path, html in pages.items():
        report = compare(html)
        assert report.seen > 3, path
        assert report.faults == [], path
        assert "/sandbox/" not in html, path
        assert "127.0.0.1" not in html, path
