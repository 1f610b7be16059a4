"""A real browser at the shipped processes, with stand-ins of Shopify and Meta around them.

All of it is made once for the folder, and taken down when its last test is done: a running Playwright holds an event
loop, which the tests of other folders would trip over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from sandbox.stage import Stage
from tests.browser import chromium
from tests.browser.busy import Busy, fill
from tests.browser.chromium import NONE_HERE
from tests.browser.town import Town, town_of
from tests.edges.languages import write_pseudo


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep this folder's tests together, on one worker: one stage and one browser for all of them."""
    item.add_marker(pytest.mark.xdist_group("browser"))


def find_chromium() -> str:
    """Return the machine's Chromium. Without one the tests are skipped, and where CI is set they fail."""
    found = chromium.find()
    if found is None and os.environ.get("CI"):
        pytest.fail(NONE_HERE, pytrace=False)
    return found or pytest.skip(NONE_HERE)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser that talks to nobody but the pages."""
    with chromium.started(find_chromium()) as running:
        yield running


@pytest.fixture(scope="package")
def stage(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """PostgreSQL, sandbox, web and worker; only where there is a browser to use them. It also speaks `en-XA`."""
    staged = Stage(browser=True)
    staged.env["BACKSTOP_TRANSLATIONS"] = str(write_pseudo(tmp_path_factory.mktemp("translations")).parent)
    with staged as running:
        yield running


@pytest.fixture
def town(stage: Stage, browser: Browser) -> Iterator[Town]:
    """A test's own walk."""
    with town_of(stage, browser) as walk:
        yield walk


@pytest.fixture(scope="package")
def busy(stage: Stage, browser: Browser) -> Iterator[Busy]:
    """A shop in which much has happened; its buyers' tabs are still open."""
    with town_of(stage, browser) as walk:
        yield fill(walk)
