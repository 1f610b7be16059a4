"""Security events: who was turned away at a door. Told in the log by closed words, and only counted in a flood.

Nothing that was shown at the door gets here: no token, signature or body, and of headers only what has a form of its
own (a store's domain) or stands on a list (a topic). Both are claims, since nobody vouches for them.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from plugin import metrics

log = logging.getLogger(__name__)

PER_MINUTE: Final = 20
"""Lines of one door and process; what a flood adds is counted, and told with the first line of a later minute."""
MINUTE: Final = 60.0
TOPICS: Final = frozenset(
    {
        "orders/paid",
        "app/uninstalled",
        "app/scopes_update",
        "customers/data_request",
        "customers/redact",
        "shop/redact",
    }
)
"""What Shopify tells us of."""


class Door(StrEnum):
    """Where somebody was turned away."""

    ID_TOKEN = "id_token"  # noqa: S105 - its name
    WEBHOOK = "webhook"
    META_MESSAGE = "meta_message"
    METRICS = "metrics"


@dataclass(slots=True)
class _Minute:
    began: float = float("-inf")
    told: int = 0
    untold: int = 0

    def admit(self, now: float) -> tuple[bool, int]:
        """Return whether a line may be written, and how many were not in the minutes before."""
        missed = 0
        if now - self.began >= MINUTE:
            missed, self.began, self.told, self.untold = self.untold, now, 0, 0
        is_told = self.told < PER_MINUTE
        self.told, self.untold = self.told + is_told, self.untold + (not is_told)
        return is_told, missed


_minutes = {door: _Minute() for door in Door}
_lock = threading.Lock()


def tell(door: Door, reason: str, *, shop: str | None = None, topic: str | None = None) -> None:
    """Note that somebody was turned away. `reason`: a constant of ours; `shop`: only if it is formed like a domain.

    A topic that is not on the list is told as `other`.
    """
    metrics.refused(door)
    with _lock:
        is_told, missed = _minutes[door].admit(time.monotonic())
    if missed:
        log.warning("more were refused than told", extra={"result": door, "count": missed})
    if is_told:
        known = topic if topic in TOPICS else topic and "other"
        log.warning("refused", extra={"result": door, "reason": reason, "shop": shop, "topic": known or None})


def forget() -> None:
    """Begin anew, as a fresh process does."""
    with _lock:
        _minutes.update({door: _Minute() for door in Door})
