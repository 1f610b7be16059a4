"""Everything that is known at the end of a run, in one place, for the checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.received import Requests, Sent
from tests.chaos.truth import Acked, Bought, Merchant, Truth

Row = Mapping[str, Any]


@dataclass(slots=True)
class Case:
    """Everything that is known at the end. ``rows``: the ledger by shop's domain and order id."""

    truth: Truth
    rows: Mapping[tuple[str, int], Row]
    sent: Sequence[Sent]
    pixel_counted: Mapping[str, int]
    requests: Requests
    tokens: Mapping[str, str]
    """Dataset of each of Meta's tokens, by the token's id."""
    probes: frozenset[int] = frozenset()
    by_order: dict[int, list[Sent]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[int, Bought] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.sent:
            self.by_order[one.order_id].append(one)
        self.orders = {order.order_id: order for order in self.truth.orders if order.order_id}

    def merchant(self, order: Bought) -> Merchant:
        return self.truth.merchants[order.plan.shop]

    def acks(self, order: Bought) -> Acked:
        return self.truth.acks.get(order.order_id, Acked())

    def row(self, order: Bought) -> Row | None:
        return self.rows.get((order.shop.domain, order.order_id))

    def known(self) -> Iterator[tuple[Sent, Bought]]:
        """Each server event with its order; those of no order are `strangers`."""
        for one in self.sent:
            if one.order_id in self.orders:
                yield one, self.orders[one.order_id]
