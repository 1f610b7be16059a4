"""What comes in: for each order four evidence posts and the webhook, seconds apart, one after the other in one stream.

Requests are made when they are asked for, since those of ten minutes do not fit in memory; it costs the clients 30 us
each. Of an order that the pixel misses, no post tells of the end of its checkout. Of the others the last post, which
says that Meta was told, comes before the webhook half of the time, and after it otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import cast, overload

from tests.bench.bodies import FIRST_ORDER, Orders, Store, token

EACH = 5
"""Requests of an order."""
MISSED = 3
"""Of ten orders."""
START = 1_000_000
"""The first order's number: there is room before it for those whose posts came before the run."""
EARLY, LATE = 0.5, 1.0
"""Seconds: how long before or after the webhook the last post comes."""


class Role(IntEnum):
    """Which of an order's requests; in this order they take turns in the stream."""

    STARTED = 0
    CONTACT = 1
    PAYMENT = 2
    WEBHOOK = 3
    LAST = 4


SECONDS = {Role.STARTED: 0.0, Role.CONTACT: 1.0, Role.PAYMENT: 2.0, Role.WEBHOOK: 4.0}
STAGES = {
    Role.STARTED: "checkout_started",
    Role.CONTACT: "checkout_contact_info_submitted",
    Role.PAYMENT: "payment_info_submitted",
}


@dataclass(frozen=True, slots=True)
class Place:
    """What the request with a number is: of which order, and which of its five."""

    order: int
    role: Role


class Plan:
    """Which request comes when, at a rate of orders."""

    def __init__(self, orders_per_second: float) -> None:
        self.rate = orders_per_second
        self._behind = {role: round(seconds * orders_per_second) for role, seconds in SECONDS.items()}
        webhook = SECONDS[Role.WEBHOOK]
        # both even, so that each order has exactly one last post
        self._last = tuple(2 * round((webhook + at) * orders_per_second / 2) for at in (-EARLY, LATE))

    def place(self, number: int) -> Place:
        """Return what the request of this number is."""
        turn, role = divmod(number, EACH)
        behind = self._last[turn % 2] if role == Role.LAST else self._behind[Role(role)]
        return Place(START + turn - behind, Role(role))


def is_missed(order: int) -> bool:
    """Whether the pixel misses the order."""
    return order // 2 % 10 < MISSED


class Lazy(Sequence[bytes]):
    """Requests that are made one by one, as they are read."""

    def __init__(self, traffic: Traffic, first: int, count: int) -> None:
        self._traffic, self._first, self._count = traffic, first, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(self._count))]
        if not 0 <= place < self._count:
            raise IndexError(place)
        return self._traffic.request(self._first + place)


class Traffic:
    """Makes the stream for these shops, chosen order after order."""

    def __init__(self, stores: Sequence[Store], orders_per_second: float) -> None:
        self.plan = Plan(orders_per_second)
        self._stores = stores
        self._orders = Orders(stores)
        self._now = datetime.now(UTC)

    def requests(self, first: int, count: int) -> list[bytes]:
        """Return the requests numbered from `first` on. They are of the moment at which this is called."""
        self._orders = Orders(self._stores)
        self._now = datetime.now(UTC)
        return cast("list[bytes]", Lazy(self, first, count))

    def request(self, number: int) -> bytes:
        """Return the whole request."""
        place = self.plan.place(number)
        return self._orders.request(place.order) if place.role is Role.WEBHOOK else self._post(place)

    def _post(self, place: Place) -> bytes:
        order, role = place.order, place.role
        stage, ends = STAGES.get(role, "checkout_completed"), role is Role.LAST and not is_missed(order)
        if role is Role.LAST and not ends:
            stage = "checkout_address_info_submitted"
        told = f'"{FIRST_ORDER + order}","eid":"purchase.{FIRST_ORDER + order}"' if ends else 'null,"eid":null'
        at = (self._now + timedelta(seconds=SECONDS.get(role, 4))).isoformat(timespec="milliseconds")
        raw = (
            f'{{"v":1,"key":"{self._stores[order % len(self._stores)].ingest_key}","stage":"{stage}",'
            f'"token":"{token(order)}","order":{told},"ts":"{at}",'
            f'"consent":{{"m":true,"a":true,"p":true,"s":true}},"tr":{chr(34) + "sent" + chr(34) if ends else "null"},'
            f'"url":"https://store.example/checkouts/cn/information","fbp":"fb.1.1764000000000.{10**9 + order}",'
            f'"fbc":"fb.1.1764000000000.AbCdEf{order}"}}'
        )
        return (
            "POST /pixel/evidence HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\n"
            "Content-Type: text/plain;charset=UTF-8\r\nOrigin: https://store.example\r\n"
            "Referer: https://store.example/\r\nAccept-Language: en\r\nSec-Fetch-Mode: cors\r\n"
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
            f"Content-Length: {len(raw)}\r\n\r\n{raw}"
        ).encode()
