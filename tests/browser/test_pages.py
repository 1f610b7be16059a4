"""Every page at both widths: everybody can use it, it fits, and it is written in Polaris' own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

import pytest
from playwright.sync_api import Browser, expect

from sandbox.stage import Stage
from tests.browser import busy as busy_shop
from tests.browser.axe import barriers
from tests.browser.busy import SHOP, Busy
from tests.browser.manifest import compare
from tests.browser.merchant import Merchant
from tests.browser.scenes import CLOSED_GUIDE, FRESH, OFF, SCENES
from tests.browser.screens import faults, misfits
from tests.browser.tongues import GERMAN, HEBREW, PSEUDO, turn
from tests.browser.town import HEIGHTS, Town, town_of

NARROW = min(HEIGHTS)


@pytest.fixture(scope="module")
def named(busy: Busy) -> Mapping[str, str]:
    """The orders that a scene can be about; the waiting one is new, for other tests move the clock."""
    return busy_shop.named(busy)


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
    frame = merchant.frame
    assert faults(frame) == []
    if width == NARROW and looked_at.stays:
        for tag in (PSEUDO, HEBREW):
            turn(frame, tag, looked_at.dialog)
            assert misfits(frame) == [], tag
    if looked_at.is_main:
        turn(frame, HEBREW if width == NARROW else GERMAN, looked_at.dialog)
        assert barriers(frame) == []


def test_a_document_of_another_language_stays_in_it(town: Town) -> None:
    merchant = town.merchant(town.shop("hebrew"), NARROW)
    merchant.locale = "he-IL"
    merchant.open("/settings", "settings")
    expect(merchant.app.locator("html[lang=he-IL][dir=rtl]")).to_have_count(1)
    title = merchant.s_page.get_attribute("heading")
    merchant.page.click("#menu-button")
    merchant.page.locator("#app-menu a").nth(1).click()
    merchant.is_at("orders")
    assert merchant.s_page.get_attribute("heading") == "הזמנות"
    assert title != "Facebook integration"


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
