"""The ways in which a buyer and their browser go through a checkout: what the pixel says of each, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

YES, NO, NO_SALE = "maps", "----", "map-"
"""What a choice allows: marketing, analytics, preferences, sale of data."""


@dataclass(frozen=True, slots=True)
class Said:
    """One post of the pixel. ``seconds``: its time beside the order's; ``named``: with the order's id.

    ``stray``: sent by somebody who does not know the checkout's token.
    """

    seconds: float
    stage: str
    consent: str
    word: str | None = None
    named: bool = False
    stray: bool = False

    @property
    def early(self) -> bool:
        """Whether it is sent before there is an order."""
        return self.seconds < 0


@dataclass(frozen=True, slots=True)
class Way:
    """``share``: of a thousand orders. ``at_meta``: Meta has the pixel's own Purchase."""

    name: str
    share: int
    posts: tuple[Said, ...]
    at_meta: bool = False


BEGUN = Said(-60, "checkout_started", YES)
DONE = "checkout_completed"
PENDING = Said(0, DONE, YES, "pending", named=True)


def _ended(word: Literal["sent", "blocked", "timeout"]) -> tuple[Said, ...]:
    return (BEGUN, PENDING, Said(0, DONE, YES, word, named=True))


WAYS = {
    way.name: way
    for way in (
        Way("delivered", 330, _ended("sent"), at_meta=True),
        Way("blocked", 150, _ended("blocked")),
        Way("timed_out", 30, _ended("timeout"), at_meta=True),
        Way("silent", 170, (BEGUN,)),
        Way("unheard", 60, (), at_meta=True),
        Way("unheard_unseen", 50, ()),
        Way("half_heard", 50, (BEGUN, PENDING), at_meta=True),
        Way("declined", 40, (Said(-60, "checkout_started", NO, "skipped"),)),
        Way("withdrawn", 40, (BEGUN, Said(-20, "consent_withdrawn", NO))),
        Way("no_sale", 60, (Said(-60, "checkout_started", NO_SALE),)),
        Way("forged", 20, (BEGUN, Said(0, DONE, YES, "sent", named=True, stray=True))),
    )
}
