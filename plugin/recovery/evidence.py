"""Evidence: what the pixel's posts of one checkout, in whatever order they came, and the cart say together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from plugin.recovery.cart import CartChoice
from plugin.recovery.choice import Consent
from plugin.recovery.post import Delivery, Post, Stage, UnreadablePost

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
    the word on the request for its Purchase; what became of the checkout's other events is no word on that.
    ``first_at``, ``last_at``: by the browser's clock, in UTC; of the posts alone.
    ``undated``: what the posts without a readable time allow; they count among the latest whenever that was.
    ``from_cart``: what stands is what the cart told, by itself or together with posts.
    ``ids_lost``: somebody refused at some time what browser ids need; they are not used any more, whatever came after.
    """

    consent: Consent | None = None
    deliveries: frozenset[tuple[int | None, Delivery]] = frozenset()
    stages: frozenset[Stage] = frozenset()
    first_at: datetime | None = None
    last_at: datetime | None = None
    undated: Consent | None = None
    from_cart: bool = False
    ids_lost: bool = False

    @classmethod
    def of(cls, posts: Iterable[Post]) -> Self:
        """Merge the posts of one checkout (the caller matched their checkout token)."""
        seen = tuple(posts)
        times = [post.at for post in seen if post.at is not None]
        last_at = max(times, default=None)
        undated = [post.consent for post in seen if post.at is None]
        latest = [post.consent for post in seen if post.at is not None and post.at == last_at]
        return cls(
            consent=_together(undated + latest),
            deliveries=frozenset(_words_on_purchases(seen)),
            stages=frozenset(post.stage for post in seen),
            first_at=min(times, default=None),
            last_at=last_at,
            undated=_together(undated),
            ids_lost=not all(post.consent.allows_ids for post in seen),
        )

    def with_choice(self, choice: CartChoice | None) -> Self:
        """Return the evidence with the choice that the cart told, as one more record beside the posts.

        The latest by the browser's clock stands; of equally late ones what all of them allow. One at no time that could
        be true is among the latest whenever that was, as with posts. To be said once.
        """
        if choice is None:
            return self
        ids_lost = self.ids_lost or not choice.consent.allows_ids
        if self.last_at is not None and choice.at is not None and choice.at < self.last_at:
            return replace(self, ids_lost=ids_lost)
        beside = self.consent if choice.at in {None, self.last_at} else self.undated
        consent = choice.consent if beside is None else Consent.strictest((choice.consent, beside))
        return replace(self, consent=consent, from_cart=True, ids_lost=ids_lost)

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


def _words_on_purchases(posts: tuple[Post, ...]) -> Iterator[tuple[int | None, Delivery]]:
    for post in posts:
        if post.stage is Stage.CHECKOUT_COMPLETED and post.delivery is not None:
            yield post.order_id, post.delivery


def _together(choices: list[Consent]) -> Consent | None:
    """Return what all of the choices allow; None if there are none."""
    return Consent.strictest(choices) if choices else None
