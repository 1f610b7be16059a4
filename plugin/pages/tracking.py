"""How the switch stands: what both pages that show it need to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from plugin.pages.reports import Watch
from plugin.pages.words import WARNING_VERSION
from plugin.services import services
from plugin.storage import again, open_orders, overview
from plugin.storage.again import Recovery, Result
from plugin.storage.database import Conn
from plugin.storage.open_orders import Preview
from plugin.storage.overview import Overview
from plugin.storage.shops import OtherPixel, Shop

PLACES = ("dashboard", "settings")
"""Where the switch is; recorded with what happens there."""
TOLD_FOR = timedelta(days=7)
"""How long the pages tell how the last recovery ended."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far recovering the last 7 days is: orders read again, of how many, how many of them wait; its end, if any."""

    looked_at: int
    of: int
    to_send: int
    result: Result | None


@dataclass(frozen=True, slots=True)
class Tracking:
    """The switch of one shop as a page shows it; `since` and `by` (a staff user's id): its last change, if any."""

    place: str
    is_on: bool
    can_be_on: bool
    since: datetime | None
    by: str
    other_pixel: OtherPixel | None = None
    offered: Preview | None = None
    """What could be recovered of the last 7 days, while the switch is off; None if that is nothing."""
    recovery: Progress | None = None
    watch: Watch = field(default_factory=Watch)
    """What Meta counts in the connected dataset."""
    warning: str = WARNING_VERSION

    @property
    def word(self) -> str:
        """`on` or `off`."""
        return "on" if self.is_on else "off"

    @property
    def other_pixel_open(self) -> bool:
        """Whether another pixel may make purchases count twice: it is not known, or one is known to run."""
        return self.can_be_on and self.other_pixel in {None, OtherPixel.RUNNING}


def tracking_of(conn: Conn, shop: Shop, place: str, known: Overview | None = None) -> Tracking:
    """Return how the switch stands, what recovering the last 7 days would do, or how the last recovery goes.

    `known`: how the shop stands, where the caller has read it.
    """
    stands = known or overview.of(conn, shop.id)
    at, user_id = stands.switched or (None, "")
    can_be_on, now = shop.connection is not None, services().clock.now()
    offered = None
    if can_be_on and not shop.policy.tracking_on:
        offered = open_orders.preview(conn, shop, now)
    return Tracking(
        place,
        shop.policy.tracking_on,
        can_be_on,
        at,
        user_id,
        shop.other_pixel,
        offered=offered if offered and offered.total else None,
        recovery=_progress(conn, shop, stands.recovery, now),
        watch=Watch(*stands.report) if stands.report else Watch(),
    )


def _progress(conn: Conn, shop: Shop, recovery: Recovery | None, now: datetime) -> Progress | None:
    if recovery is None or (recovery.ended_at is not None and now - recovery.ended_at > TOLD_FOR):
        return None
    stopped = not again.holds_for(recovery, shop)
    result = recovery.result or (Result.STOPPED if stopped else None)
    left = open_orders.left(conn, shop, now, after=recovery.after_order) if result is None else 0
    return Progress(recovery.looked_at, recovery.looked_at + left, recovery.to_send, result)
