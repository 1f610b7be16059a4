"""What a browser sees of a page: LCP, CLS and INP, under a slowed CPU, in the frame of the stand-in admin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playwright.sync_api import CDPSession

from tests.browser.merchant import Merchant

SLOWDOWN = 4
SETTLED_AFTER = 600
"""Milliseconds from the load's end until what came late was drawn."""
WATCH = """(() => {
  if (!location.hostname.startsWith('app.')) return;
  const seen = {lcp: 0, cls: 0, inp: 0};
  let first = 0, last = 0, sum = 0; // the present window of shifts: gaps below 1 s, 5 s at most
  window.vitals = seen;
  const on = (type, note, more = {}) =>
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({type, buffered: true, ...more});
  on('largest-contentful-paint', ({startTime}) => { seen.lcp = startTime; });
  on('layout-shift', ({hadRecentInput, startTime, value}) => {
    if (hadRecentInput) return;
    const goesOn = startTime - last < 1000 && startTime - first < 5000;
    [first, sum] = goesOn ? [first, sum + value] : [startTime, value];
    last = startTime;
    seen.cls = Math.max(seen.cls, sum);
  });
  const act = ({interactionId, duration}) => { if (interactionId) seen.inp = Math.max(seen.inp, duration); };
  on('event', act, {durationThreshold: 16});
  on('first-input', act);
})()"""
"""Put into every document before its own scripts."""
ADDRESS = """async ([shop, path]) => (await (await fetch(`/api/${shop}/frame`, {
  method: 'POST',
  headers: {'Content-Type': 'application/json'},
  body: JSON.stringify({path, locale: 'en'}),
})).json()).url"""
BUSY = """() => {
  const begun = performance.now();
  let sum = 0;
  for (let n = 0; n < 2e7; n += 1) sum += n % 7;
  return performance.now() - begun;
}"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one load: milliseconds, a score, milliseconds (0: faster than browsers tell, 16)."""

    lcp: float
    cls: float
    inp: float


def _dashboard(merchant: Merchant) -> None:
    merchant.app.locator("summary").first.click()
    merchant.app.get_by_role("link", name="90 days").click()


def _dashboard_off(merchant: Merchant) -> None:
    merchant.switch.click()  # opens the dialog
    merchant.page.keyboard.press("Escape")
    merchant.app.get_by_role("link", name="90 days").click()


def _settings(merchant: Merchant) -> None:
    merchant.app.locator("s-number-field[name=grace_minutes] input").press_sequentially("45")
    merchant.app.locator("s-checkbox[name=ldu] input").click()
    merchant.app.locator("s-button[commandFor=disconnect][command='--show']").click()


def _orders(merchant: Merchant) -> None:
    merchant.app.locator("s-search-field[name=number] input").press_sequentially("#1003")
    merchant.app.locator(".filter a", has_text="Missed").click()


def _order(merchant: Merchant) -> None:
    merchant.page.keyboard.press("Tab")
    merchant.app.get_by_role("link", name="Orders").first.click()


ACTS: Mapping[str, Callable[[Merchant], None]] = {
    "dashboard": _dashboard,
    "dashboard, off": _dashboard_off,
    "settings": _settings,
    "orders": _orders,
    "order": _order,
}
"""What somebody does on each page: presses, ticks, types, follows a link of ours."""


class Slow:
    """The frame's own process, slowed down, with nothing in its cache; the frame is loaded again and again in it."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        self.frame = merchant.frame
        self.at_first = self.busy()
        self.cdp: CDPSession = merchant.page.context.new_cdp_session(self.frame)
        self.cdp.send("Network.enable")
        self.cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
        self.cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})

    def busy(self) -> float:
        """Return how many milliseconds the same piece of work takes."""
        return min(float(self.frame.evaluate(BUSY)) for _ in range(3))

    def slower(self) -> float:
        """Return by what factor it is slower than at first: whether the loads were slowed down at all."""
        return self.busy() / self.at_first

    def load(self, shop: str, path: str, page_name: str) -> Seen:
        """Load a page as the admin does, let somebody act on it, and return what was seen."""
        page = self.merchant.page
        address = page.evaluate(ADDRESS, [shop, path])
        with page.expect_event("framenavigated", lambda frame: frame == self.frame):
            page.evaluate("url => { document.getElementById('app').src = url; }", address)
        self.frame.wait_for_load_state("load")
        self.merchant.is_at(page_name.partition(",")[0])
        page.wait_for_timeout(SETTLED_AFTER)
        seen = self.frame.evaluate("({...vitals})")  # an act ends what counts for LCP
        ACTS[page_name](self.merchant)
        page.wait_for_timeout(SETTLED_AFTER)
        return Seen(seen["lcp"], seen["cls"], self.frame.evaluate("vitals.inp"))
