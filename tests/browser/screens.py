"""Photographs of whole pages, for people to look at: they are compared with nothing."""

from __future__ import annotations

from playwright.sync_api import Frame, Page

from sandbox.stage import ROOT
from tests.browser.axe import barriers, sideways
from tests.browser.town import HEIGHTS

FOLDER = ROOT / "build" / "screens"
TALLEST = 6000
"""CSS pixels."""
DRAWN = """tall => new Promise((done) => {
  let left = 120; // frames; a photograph is never worth a failed test
  const look = () => {
    left -= 1;
    const isThere = Math.abs(innerHeight - tall) < 60; // the admin's title may have got a second line meanwhile
    if (isThere || left === 0) requestAnimationFrame(() => requestAnimationFrame(done));
    else requestAnimationFrame(look);
  };
  look();
})"""
"""Resolves when a frame has its new height and was drawn with it. (Its policy forbids Playwright's own wait.)"""
ROOM = "Math.ceil(Math.max(document.documentElement.scrollHeight, document.body.scrollHeight))"


def photograph(page: Page, name: str, frame: Frame | None = None) -> None:
    """Put a page into build/screens/, as tall as all that is in it (and in the frame that it is about)."""
    width = page.evaluate("innerWidth")
    tall: int = page.evaluate(ROOM)
    if frame is not None:
        beside = page.evaluate("innerHeight") - frame.evaluate("innerHeight")
        tall = max(tall, frame.evaluate(ROOM) + beside)
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": width, "height": min(tall, TALLEST)})
    if frame is not None:  # another process draws it, a little later
        frame.evaluate(DRAWN, min(tall, TALLEST) - beside)
    page.screenshot(path=FOLDER / f"{name}-{width}.png")
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})


def faults(frame: Frame) -> list[str]:
    """Return what keeps people from using a document, and whether it is wider than the screen."""
    wide = sideways(frame)
    return barriers(frame) + ([f"scrolls sideways by {wide} px"] if wide > 0 else [])
