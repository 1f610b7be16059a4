"""How the switch stands: what both pages that show it need to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from plugin.pages import notice
from plugin.pages.reports import Watch
from plugin.pages.words import WARNING_VERSION
from plugin.services import services
from plugin.storage import again, open_orders
from plugin.storage.again import Recovery, Result
from plugin.storage.database import Conn
from plugin.storage.open_orders import Preview
from plugin.storage.overview import Dismissed, Out, Overview
from plugin.storage.shops import OtherPixel, Shop

PLACES = ("dashboard", "settings")
"""Where the switch is; recorded with what happens there."""
TOLD_FOR = timedelta(days=7)
"""How long the pages tell how the last recovery ended."""


PUT_AWAY_FOR = timedelta(days=30)
"""How long a warning of another sender stays away that the staff have put away."""
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far recovering the last 7 days is: orders read again, of how many, how many of them wait; its end, if any."""

    looked_at: int
    of: int
    to_send: int
    result: Result | None


@dataclass(frozen=True, slots=True)
class Dialog:
    """What the fields of the switch's dialog hold: the shop's own choice, or what was in a form that was refused."""

    mode: str
    seen_mode: str
    """The choice that holds as the page is made."""
    notice: str
    """The name of the text that is confirmed: its version, and the language that this reader is shown."""
    ticked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tracking:
    """The switch of one shop as a page shows it; `since` and `by` (a staff user's id): its last change, if any."""

    place: str
    is_on: bool
    can_be_on: bool
    since: datetime | None
    by: str
    dialog: Dialog
    other_pixel: OtherPixel | None = None
    offered: Preview | None = None
    """What could be recovered of the last 7 days, while the switch is off; None if that is nothing."""
    recovery: Progress | None = None
    watch: Watch = field(default_factory=Watch)
    """What Meta counts in the connected dataset."""
    warns_of_sender: bool = False
    """Whether another sender was found that the staff have not put away."""
    out: Out | None = None
    """A request that was still out when the switch was turned off."""
    warning: str = WARNING_VERSION

    @property
    def word(self) -> str:
        """`on` or `off`."""
        return "on" if self.is_on else "off"

    @property
    def other_pixel_open(self) -> bool:
        """Whether another pixel may make purchases count twice: it is not known, or one is known to run."""
        return self.can_be_on and self.other_pixel in {None, OtherPixel.RUNNING}


def tracking_of(conn: Conn, shop: Shop, place: str, stands: Overview, typed: Mapping[str, str] = NOTHING) -> Tracking:
    """Return how the switch stands, what recovering the last 7 days would do, or how the last recovery goes.

    `typed`: what the form of the switch's dialog had in it, where it was refused.
    """
    at, user_id = stands.switched or (None, "")
    is_on, can_be_on, now = shop.policy.tracking_on, shop.connection is not None, services().clock.now()
    offered = open_orders.preview(conn, shop, now) if can_be_on and not is_on else None
    watch = Watch(*stands.report) if stands.report else Watch()
    return Tracking(
        place,
        is_on,
        can_be_on,
        at,
        user_id,
        _dialog(shop, typed),
        shop.other_pixel,
        offered=offered if offered and offered.total else None,
        recovery=_progress(conn, shop, stands.recovery, now),
        watch=watch,
        warns_of_sender=watch.foreign > 0 and not _is_put_away(stands.dismissed, watch.foreign, now),
        out=None if is_on else stands.out,
    )


def _dialog(shop: Shop, typed: Mapping[str, str]) -> Dialog:
    holds = shop.policy.consent_mode.value
    ticked = frozenset(name for name in ("ack", "recover") if typed.get(name) == "yes")
    shown = notice.name_now()
    if typed.get("warning") != shown:  # what was confirmed is another text
        ticked -= {"ack"}
    return Dialog(typed.get("mode", holds), holds, shown, ticked)


def _is_put_away(dismissed: Dismissed | None, found: int, now: datetime) -> bool:
    """Whether what was put away is still what is found: in a week's moving count, up to twice as many."""
    return dismissed is not None and found <= 2 * dismissed.count and now - dismissed.at < PUT_AWAY_FOR


def _progress(conn: Conn, shop: Shop, recovery: Recovery | None, now: datetime) -> Progress | None:
    if recovery is None or (recovery.ended_at is not None and now - recovery.ended_at > TOLD_FOR):
        return None
    stopped = not again.holds_for(recovery, shop)
    result = recovery.result or (Result.STOPPED if stopped else None)
    left = open_orders.left(conn, shop, now, after=recovery.after_order) if result is None else 0
    return Progress(recovery.looked_at, recovery.looked_at + left, recovery.to_send, result)
