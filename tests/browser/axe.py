"""axe-core on a frame, whether it can be scrolled sideways, and what its cards cut off."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Frame

MODULE = Path(__file__).with_name("node_modules") / "axe-core" / "axe.min.js"
RUN = """axe.run(document, {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
  preload: false, // it would fetch styles anew, which the page's policy forbids
})"""
CUT = """[...document.querySelectorAll('s-section *, main > *')].filter((one) => {
  if (one.closest('svg, .scroll, .request, .unseen, s-modal, s-option, s-choice, s-table-header-row')) return false;
  const around = (one.closest('s-section') ?? document.body).getBoundingClientRect();
  const {left, right, width, height} = one.getBoundingClientRect();
  return width > 0 && height > 0 && (right > around.right + 1 || left < around.left - 1);
}).map(({localName, textContent}) => `${localName}: ${textContent.trim().slice(0, 40)}`)"""
"""A card cuts off what is wider than it: then nothing can be scrolled. (On narrow screens a table's head is unseen.)"""
WIDER = "document.documentElement.scrollWidth - innerWidth"


@cache
def _source() -> str:
    return MODULE.read_text("utf-8")


def barriers(frame: Frame) -> list[str]:
    """Return the rules that a document breaks, each with where; that axe looked at something is asserted."""
    frame.evaluate(_source())
    found = frame.evaluate(RUN)
    assert len(found["passes"]) > 5, f"axe found nothing to look at in {frame.url}"
    return [f"{fault['id']}: {[node['target'] for node in fault['nodes']][:4]}" for fault in found["violations"]]


def sideways(frame: Frame) -> int:
    """Return by how many pixels a document is wider than its frame; 0 or less: it is not."""
    found: int = frame.evaluate(WIDER)
    return found


def cut_off(frame: Frame) -> list[str]:
    """Return what reaches beyond the card that it is in."""
    found: list[str] = frame.evaluate(CUT)
    return found
