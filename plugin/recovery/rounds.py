"""Reconciliation's calendar: where a round begins, how far it has seen, when the next one is due. Times are aware."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

OVERLAP: Final = timedelta(minutes=30)
"""Shopify's search lags behind its orders; so nothing younger than this counts as seen for good."""
READABLE: Final = timedelta(days=60)
"""The orders that `read_orders` shows."""
LATE: Final = timedelta(minutes=5)
"""An order paid less long ago may still be told of by its webhook."""
GAP_LASTS: Final = timedelta(minutes=70)
"""An order paid less long ago, and told of by no webhook, shows a gap; a little longer than from round to round."""
OVERDUE: Final = timedelta(minutes=10)
"""A webhook that comes this long after its event was turned away or lost before: others may have been."""
SHORTEST_HOUR: Final = 46
"""Minutes between two rounds of a shop; each shop has its own figure from here to 60, so that they spread."""
SPREAD: Final = 15
AGAIN_IN_A_GAP: Final = timedelta(minutes=5)
"""While a round finds orders that webhooks missed, the next one is near."""
SHORTEST_REST: Final = timedelta(minutes=1)
REST: Final = timedelta(minutes=10)
LONG_REST: Final = timedelta(hours=1)


def begins_at(seen_until: datetime | None, installed_at: datetime, now: datetime) -> datetime:
    """Return from which time on a round asks for changed orders: where the last one ended, else since the install."""
    return max(seen_until or installed_at, now - READABLE)


def seen_for_good(last_change: datetime, read_at: datetime) -> datetime:
    """Return up to when all is known after a page, read at ``read_at``, that ended with a change at ``last_change``.

    The overlap is kept out here, at the end, and not taken off at the next beginning: a round that was cut off in the
    middle of old orders goes on where it was, and never reads its way back.
    """
    return min(last_change, read_at - OVERLAP)


def gap_window(now: datetime) -> tuple[datetime, datetime]:
    """Return between which times of payment an order that no webhook has told of shows that webhooks do not arrive."""
    return now - GAP_LASTS, now - LATE


def is_overdue(triggered_at: datetime, now: datetime) -> bool:
    """Whether a webhook came so late that others may be missing."""
    return triggered_at <= now - OVERDUE


def moves_on(since: datetime, last_change: datetime | None) -> bool:
    """Whether the next round would begin later than this one, which asked in whole seconds."""
    return last_change is not None and last_change >= since + timedelta(seconds=1)


def next_round(shop_id: int, now: datetime, *, seen_until: datetime | None, in_gap: bool) -> datetime:
    """Return when a shop's next round is due: in an hour; soon within a gap, or if this one was cut off.

    ``seen_until``: where it was cut off, None if it was not. Old orders go on at once. Young ones are read again in any
    case, so that going on at once would only read the same ones.
    """
    if seen_until is not None and seen_until < now - OVERLAP:
        return now
    soon = in_gap or seen_until is not None
    return now + (AGAIN_IN_A_GAP if soon else timedelta(minutes=SHORTEST_HOUR + shop_id % SPREAD))


def after_trouble(now: datetime, asked_for: timedelta | None) -> datetime:
    """Return when to come back to a Shopify that was away, or asked for some time."""
    return now + (REST if asked_for is None else max(asked_for, SHORTEST_REST))
