"""How the switch stands: what both pages that show it need to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugin.pages.words import WARNING_VERSION
from plugin.storage import reading
from plugin.storage.database import Conn
from plugin.storage.shops import OtherPixel, Shop

PLACES = ("dashboard", "settings")
"""Where the switch is; recorded with what happens there."""


@dataclass(frozen=True, slots=True)
class Tracking:
    """The switch of one shop as a page shows it; `since` and `by` (a staff user's id): its last change, if any."""

    place: str
    is_on: bool
    can_be_on: bool
    since: datetime | None
    by: str
    other_pixel: OtherPixel | None = None
    warning: str = WARNING_VERSION

    @property
    def word(self) -> str:
        """`on` or `off`."""
        return "on" if self.is_on else "off"

    @property
    def other_pixel_open(self) -> bool:
        """Whether another pixel may make purchases count twice: it is not known, or one is known to run."""
        return self.can_be_on and self.other_pixel in {None, OtherPixel.RUNNING}


def tracking_of(conn: Conn, shop: Shop, place: str) -> Tracking:
    """Return how the switch stands."""
    at, user_id = reading.last_switch(conn, shop.id) or (None, "")
    return Tracking(place, shop.policy.tracking_on, shop.connection is not None, at, user_id, shop.other_pixel)
