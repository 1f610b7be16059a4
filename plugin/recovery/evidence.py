"""Pixel evidence: what the posts of one checkout, in whatever order they came, say together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from plugin.recovery.post import Consent, Delivery, Post, Stage, UnreadablePost

__all__ = ["Consent", "Delivery", "Evidence", "Post", "Stage", "UnreadablePost"]

_WEIGHT: Final = (
    Delivery.PENDING,
    Delivery.SKIPPED,
    Delivery.NO_ORDER_ID,
    Delivery.BLOCKED,
    Delivery.TIMEOUT,
    Delivery.SENT,
)
"""Of two words on one request the later one here counts: ``pending`` gives way to every answer; and where two pages
disagree, the one that makes a copy at Meta more likely is believed."""
_NOTHING_SENT: Final = frozenset({Delivery.NO_ORDER_ID, Delivery.SKIPPED})
"""Said without naming an order: the pixel sent Meta no Purchase for this checkout."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sum of a checkout's posts. The same posts give the same evidence in any order and however often they came.

    ``consent``: the latest choice by the browser's own clock. ``deliveries``: pairs of the order named (None: none) and
    the word on its request. ``first_at``, ``last_at``: by the browser's clock, in UTC.
    """

    consent: Consent | None = None
    deliveries: frozenset[tuple[int | None, Delivery]] = frozenset()
    stages: frozenset[Stage] = frozenset()
    first_at: datetime | None = None
    last_at: datetime | None = None

    @classmethod
    def of(cls, posts: Iterable[Post]) -> Self:
        """Merge the posts of one checkout (the caller matched their checkout token)."""
        seen = tuple(posts)
        times = [post.at for post in seen if post.at is not None]
        last_at = max(times, default=None)
        return cls(
            consent=_latest_consent(seen, last_at),
            deliveries=frozenset((post.order_id, post.delivery) for post in seen if post.delivery is not None),
            stages=frozenset(post.stage for post in seen),
            first_at=min(times, default=None),
            last_at=last_at,
        )

    def delivery_for(self, order_id: int) -> Delivery | None:
        """Return what became of the pixel's request for this order; None if no post says so.

        Only posts that name the order count - but for those that say why the pixel could send nothing at all.
        """
        words = {word for named, word in self.deliveries if named == order_id}
        words = words or {word for named, word in self.deliveries if named is None and word in _NOTHING_SENT}
        return max(words, key=_WEIGHT.index, default=None)

    def delivered_for(self, order_id: int) -> bool:
        """Say whether the browser reported this order's Purchase as sent and answered."""
        return self.delivery_for(order_id) is Delivery.SENT

    @property
    def refused(self) -> bool:
        """Whether the latest choice refuses marketing or analytics, the purposes the pixel declares."""
        return self.consent is not None and self.consent.refused

    @property
    def sale_opted_out(self) -> bool:
        """Whether the latest choice refuses sale or sharing of data."""
        return self.consent is not None and not self.consent.sale_of_data


def _latest_consent(posts: tuple[Post, ...], last_at: datetime | None) -> Consent | None:
    """Return the latest choice; of equally late ones, and ones without a readable time, what all of them allow."""
    latest = [post.consent for post in posts if post.at is None or post.at == last_at]
    return Consent.strictest(latest) if latest else None
