"""A public door under a flood: whom to let in, counted in memory before any other work is done.

All of it is per process, bounded in size and safe between threads. `now` is in seconds of a clock that never runs back.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

BURST: Final = 10
"""Seconds' worth of posts that may come at once after a rest."""
MOST_NAMES: Final = 16_384
"""Names that are remembered at a time, about 3 MB; the one that was longest silent is forgotten first."""
IPV6_NETWORK: Final = 64
"""Bits of an IPv6 address that name a household; it may use all addresses below them."""
AT_ONCE: Final = 64
"""Posts being read or worked on: half of a process's threads, so that webhooks and pages always find one."""
AWAY: Final = 5.0
"""Seconds for which a database that did not answer is taken to be still away."""
ORDERS_WORTH: Final = 10
"""Checkouts without an order that each checkout with an order makes room for."""
SHARES: Final = 64
"""A process counts a shop's rows anew after adding this part of the bound."""
SETTLING: Final = "!"
"""Added to a shop's key, in which it cannot be, names what is counted apart."""
RECOUNT: Final = 60.0
"""Seconds between two counts while there is no room."""


class TooMany(Exception):
    """Not now. `retry_after`: whole seconds, at least one."""

    def __init__(self, wait: float) -> None:
        super().__init__("Too many posts; try again later.")
        self.retry_after = max(1, math.ceil(wait))


class NoPlace(TooMany):
    """As many posts as may be are being read or worked on."""


class Buckets:
    """A token bucket for each name, of which no more is kept than when it will be full again.

    A name that is forgotten comes back with a full bucket: a flood of invented names takes nothing from a real one, and
    gives nothing to one that is knocking all the while, since it is never the longest silent.
    """

    def __init__(self, per_second: float, most: int = MOST_NAMES) -> None:
        self._interval = 1 / per_second
        self._most = most
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, name: str, now: float) -> float:
        """Take a token and return 0, or take none and return the seconds until there is one."""
        with self._lock:
            full_at = max(self._full_at.pop(name, now), now)
            wait = full_at + self._interval - now - BURST
            if wait <= self._interval / 1000:  # what adding up many intervals loses in the last digits
                full_at, wait = full_at + self._interval, 0
            self._full_at[name] = full_at
            if len(self._full_at) > self._most:
                self._full_at.popitem(last=False)
        return wait


@dataclass(slots=True)
class _Tally:
    day: date
    left: int
    added: int = 0
    claimed_at: float = -math.inf


class DayRoom:
    """Room for the checkouts of a shop and UTC day that came to no order, counted roughly.

    A process knows what it added itself, and has the rest counted in the database now and then; so n processes
    overshoot the bound by at most n shares of it. One entry for each shop that exists.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._tallies: dict[int, _Tally] = {}
        self._lock = threading.Lock()

    def is_open(self, shop_id: int, day: date, *, settling: bool) -> bool:
        """Whether a checkout may be added. One whose post refuses or delivers finds room for as many again."""
        with self._lock:
            tally = self._of(shop_id, day)
            return tally.left - tally.added > (-self._most if settling else 0)

    def add(self, shop_id: int, day: date) -> None:
        """Note that a checkout was added."""
        with self._lock:
            self._of(shop_id, day).added += 1

    def claims_count(self, shop_id: int, day: date, now: float) -> bool:
        """Whether the caller is to count in the database and tell `counted`; no other is asked at the same time."""
        with self._lock:
            tally = self._of(shop_id, day)
            is_full = tally.left <= tally.added and now - tally.claimed_at >= RECOUNT
            if not is_full and tally.added <= self._most // SHARES:
                return False
            tally.left, tally.added, tally.claimed_at = tally.left - tally.added, 0, now
            return True

    def counted(self, shop_id: int, day: date, *, without_order: int, with_order: int) -> None:
        """Take over what the database says."""
        with self._lock:
            self._of(shop_id, day).left = self._most + ORDERS_WORTH * with_order - without_order

    def _of(self, shop_id: int, day: date) -> _Tally:
        tally = self._tallies.get(shop_id)
        if tally is None or tally.day != day:
            tally = self._tallies[shop_id] = _Tally(day, self._most)
        return tally


class Gate:
    """What a post passes on its way in."""

    def __init__(
        self, *, per_address: float, per_shop: float, checkouts: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`per_address`, `per_shop`: posts a second. `checkouts`: of a shop and day, without an order."""
        self.clock = clock
        self.room = DayRoom(checkouts)
        self._addresses = Buckets(per_address)
        self._keys = Buckets(per_shop)
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._away_until = -math.inf

    def admit_address(self, address: str | None) -> None:
        """Let a post of this client's address in. Raises TooMany."""
        name = network_of(address)
        if name is not None and (wait := self._addresses.take(name, self.clock())):
            raise TooMany(wait)

    def admit_key(self, key: str, *, settling: bool = False) -> None:
        """Let a post that names this shop in, whether there is such a shop or not. Raises TooMany.

        `settling`: it refuses or delivers. Those have as much room again, so that no flood of others loses a refusal.
        """
        if wait := self._keys.take(key + SETTLING if settling else key, self.clock()):
            raise TooMany(wait)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the few places for posts being read or worked on. Raises NoPlace at once where none is free."""
        if not self._places.acquire(blocking=False):
            raise NoPlace(1)
        try:
            yield
        finally:
            self._places.release()

    def note_away(self) -> None:
        """The database did not answer: until it may be back, places are taken by those who wait for it."""
        self._away_until = self.clock() + AWAY

    def is_away(self) -> bool:
        """Whether the database did not answer a moment ago."""
        return self.clock() < self._away_until


def network_of(address: str | None) -> str | None:
    """Return what an address is limited by: itself, or its /64. None: no client's, but a machine's of our own.

    Where the proxies in front are not made known to us, all posts seem to come from such a machine.
    """
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found
    if not found.is_global:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, IPV6_NETWORK), strict=False))
    return str(found)
