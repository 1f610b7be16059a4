"""Photographs of whole pages, for people to look at: they are compared with nothing."""

from __future__ import annotations

from playwright.sync_api import Frame, Page

from sandbox.stage import ROOT
from tests.browser.axe import barriers, cut_off, sideways
from tests.browser.png import joined
from tests.browser.town import HEIGHTS

FOLDER = ROOT / "build" / "screens"
TILE = 1500
"""CSS pixels of a frame that are drawn at once: of a much taller one the browser leaves the lower part blank."""
MOST_TILES = 12
DRAWN = """tall => new Promise((done) => {
  let left = 120; // frames; a photograph is never worth a failed test
  const drawn = () => requestAnimationFrame(() => requestAnimationFrame(done));
  const look = () => {
    left -= 1;
    const isThere = Math.abs(innerHeight - tall) < 60; // the admin's title may have got a second line meanwhile
    if (isThere || left === 0) document.fonts.ready.then(drawn);
    else requestAnimationFrame(look);
  };
  look();
})"""
"""Resolves when a frame has its new height and was drawn with it. (Its policy forbids Playwright's own wait.)"""
SCROLLED = """y => new Promise((done) => {
  scrollTo(0, y);
  requestAnimationFrame(() => requestAnimationFrame(() => done(scrollY)));
})"""
HIDDEN = """isHidden => {
  for (const beside of ['menu', 'guide']) document.getElementById(beside).style.visibility = isHidden ? 'hidden' : '';
}"""
"""Below its first tile a page has neither menu nor guide beside it."""
ROOM = "Math.ceil(Math.max(document.documentElement.scrollHeight, document.body.scrollHeight))"


def photograph(page: Page, name: str, frame: Frame | None = None, *, dialog: bool = False) -> None:
    """Put a page into build/screens/, as tall as all that is in it, or in the frame that it is about.

    `dialog`: one is open, which would be in the way of everything below; the page behind it is cut off.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    width: int = page.evaluate("innerWidth")
    file = FOLDER / f"{name}.png"
    if frame is None:
        page.screenshot(path=file, full_page=True)
    else:
        file.write_bytes(joined(_tiles(page, frame, width, most=1 if dialog else MOST_TILES)))
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})


def _tiles(page: Page, frame: Frame, width: int, *, most: int) -> list[bytes]:
    """Photograph a frame from its top to its end; the first picture has the admin around it."""
    tall: int = frame.evaluate(ROOM)
    beside: int = page.evaluate("innerHeight") - frame.evaluate("innerHeight")
    shown = min(tall, TILE)
    page.set_viewport_size({"width": width, "height": shown + beside})
    frame.evaluate(DRAWN, shown)
    top: int = frame.evaluate(SCROLLED, 0)
    found, end = [page.screenshot()], shown
    tall = frame.evaluate(ROOM)
    page.evaluate(HIDDEN, arg=True)
    while end < tall and len(found) < most:
        top = frame.evaluate(SCROLLED, end)
        rest = min(TILE, tall - end)
        clip = {"x": 0, "y": beside + end - top, "width": width, "height": rest}
        found.append(page.screenshot(clip=clip))  # type: ignore[arg-type]  # a dict will do
        end += rest
    page.evaluate(HIDDEN, arg=False)
    frame.evaluate(SCROLLED, 0)
    return found


def faults(frame: Frame) -> list[str]:
    """Return what keeps people from using a document, and whether it is wider than the screen."""
    return barriers(frame) + misfits(frame)


def misfits(frame: Frame) -> list[str]:
    """Return what of a document does not fit: all of it, or the contents of a card."""
    wide = sideways(frame)
    return [f"cut off: {one}" for one in cut_off(frame)] + ([f"scrolls sideways by {wide} px"] if wide > 0 else [])
