"""Pictures of every page and state, for people to look at, in build/screens/; and everybody can use each of them.

`make screens` runs this alone. A picture is called page-state-width-language.png.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

import pytest
from playwright.sync_api import Browser, Page

from sandbox.stage import Stage
from tests.browser import busy as busy_shop
from tests.browser.busy import fill
from tests.browser.merchant import Merchant
from tests.browser.scenes import CLOSED_GUIDE, FRESH, OFF, SCENES, Scene
from tests.browser.screens import faults, photograph
from tests.browser.states import STATES, make
from tests.browser.test_login import begin
from tests.browser.town import HEIGHTS, Town, town_of

pytestmark = pytest.mark.slow
ALL: Mapping[str, Scene] = {**SCENES, **STATES}
LANGUAGES = ("en", "de", "he")
SHOTS = [
    (name, width, language)
    for name, scene in ALL.items()
    for language in LANGUAGES
    for width in HEIGHTS
    if language != "he" or scene.is_main
]
PUBLIC = {"privacy-typical": "/privacy", "popup-ended": "/facebook/ended?how=granted"}
"""Outside the admin, for everybody."""


@pytest.fixture(scope="module")
def town_of_states(browser: Browser) -> Iterator[Town]:
    """A stage of its own, since its worker is stopped."""
    with Stage(browser=True) as stage, town_of(stage, browser) as town:
        town.watch.provoke(409, 422)
        yield town


@pytest.fixture(scope="module")
def named(town_of_states: Town) -> Mapping[str, str]:
    """Every shop in its state; return the orders that scenes are about."""
    town = town_of_states
    busy = fill(town)
    orders = busy_shop.named(busy)
    town.connected(OFF)
    town.shop(FRESH)
    make(town)
    return orders


@pytest.fixture(scope="module")
def desks(town_of_states: Town) -> Callable[[int], Merchant]:
    """One admin for each width, which goes from scene to scene."""

    @cache
    def at(width: int) -> Merchant:
        merchant = town_of_states.merchant(FRESH, width)
        merchant.page.add_init_script(CLOSED_GUIDE)
        return merchant

    return at


@pytest.mark.parametrize(("name", "width", "language"), SHOTS, ids=str)
def test_a_picture_of_a_page(
    desks: Callable[[int], Merchant], named: Mapping[str, str], name: str, width: int, language: str
) -> None:
    scene, merchant = ALL[name], desks(width)
    merchant.shop, merchant.locale = scene.shop, language
    merchant.open(scene.path.format(**named), scene.name)
    scene.act(merchant)
    photograph(merchant.page, f"{name}-{width}-{language}", merchant.frame, dialog=bool(scene.dialog))
    assert faults(merchant.frame) == []


def looks(page: Page, name: str, language: str) -> list[str]:
    """Photograph a page outside the admin at both widths."""
    found: list[str] = []
    for width, height in HEIGHTS.items():
        page.set_viewport_size({"width": width, "height": height})
        photograph(page, f"{name}-{width}-{language}")
        found += faults(page.main_frame)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_pictures_of_what_is_outside_the_admin(town_of_states: Town, language: str) -> None:
    page = town_of_states.page()
    for name, path in PUBLIC.items():
        address = f"http://app.localhost:{town_of_states.stage.app_port}{path}"
        page.goto(f"{address}{'&' if '?' in path else '?'}locale={language}")
        assert looks(page, name, language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_pictures_of_a_login(town_of_states: Town, language: str) -> None:
    merchant, window = begin(town_of_states, f"login{language}", language)
    assert looks(window, "popup-login", language) == []
    photograph(merchant.page, f"settings-login_waits-1280-{language}", merchant.frame)
    window.click("button")
    window.wait_for_url("**/dialog/oauth?*")
    window.click("button[value=yes]")
    merchant.app.locator("#facebook-choose").wait_for(timeout=10_000)
    photograph(merchant.page, f"settings-login_chooses-1280-{language}", merchant.frame)
    assert faults(merchant.frame) == []
