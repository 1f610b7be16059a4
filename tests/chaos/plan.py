"""What shall happen: everything that is drawn by lot is drawn here, from one seed, before anything runs.

The same seed and size give the same plan. How the processes' threads then interleave is the machine's affair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Any

from tests.chaos.ways import WAYS, Way

SHOPS_FOR = 200
"""Orders for each shop, up to MOST_SHOPS."""
FEWEST_SHOPS, MOST_SHOPS = 12, 500
KINDS = (("web", 945), ("test", 15), ("pos", 10), ("draft", 10), ("renewal", 10), ("cancelled", 10))
REGIONS = ("DE", "DE", "US-CA", "JP", "US")
GRACES = (10, 30, 20)
META_FAULTS: tuple[dict[str, Any], ...] = (
    {"name": "meta_500", "probability": 0.015},
    {"name": "meta_503_html", "probability": 0.01},
    {"name": "meta_reset_before", "probability": 0.005},
    {"name": "meta_reset_after", "probability": 0.005},
    {"name": "meta_200_html", "probability": 0.004},
    {"name": "meta_short", "probability": 0.004},
    {"name": "meta_slow", "probability": 0.005, "delay": 2},
    {"name": "meta_throttle", "probability": 0.002, "minutes": 1},
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything; ``seconds``: of the part in which things go wrong."""

    orders: int
    seed: int
    seconds: float
    kills: int
    database_stops: int
    flips: int
    leaving: int
    rotate_every: float
    drain: float = 150.0
    calm_steps: int = 20
    """Steps of ``step`` seconds that pass at least once all is calm: each shop has looked for lost webhooks by then."""
    step: float = 600.0
    faulty: float = 0.05
    """Share of connections to Meta with bad luck."""
    probes: bool = True
    erased: float = 0.004
    """Share of buyers who ask to be erased."""
    rare: int = 1
    """How many times as often as usual the rare ways are gone."""
    away: tuple[float, float] = (0.2, 2.5)
    """Seconds that PostgreSQL is away at least and at most; a webhook waits four for it before it is told so."""

    @property
    def shops(self) -> int:
        return max(FEWEST_SHOPS, min(MOST_SHOPS, self.orders // SHOPS_FOR))

    @property
    def speed(self) -> float:
        """How many seconds pass in one: an hour at least goes by, with grace periods, repeats and rounds in it."""
        return min(60.0, max(10.0, 3600 / self.seconds))


@dataclass(frozen=True, slots=True)
class ShopPlan:
    """One shop. ``tracks``: the merchant ever switches offline tracking on."""

    n: int
    mode: str
    ldu: bool
    grace: int
    tracks: bool

    @property
    def domain(self) -> str:
        return f"chaos-{self.n}.myshopify.com"

    @property
    def dataset(self) -> str:
        return str(5_550_000_000_000_000 + self.n)

    @property
    def token(self) -> str:
        return f"EAAchaosCanaryToken{self.n}x"


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """One order. ``at``: seconds from the start; ``tell``: when its webhooks go, in the world's seconds after it."""

    n: int
    at: float
    shop: int
    kind: str
    way: Way
    region: str
    tell: tuple[float, ...]
    erased: bool
    cancelled_later: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that goes wrong at a time. ``what``: kill, kill_child, database, flip, leave, rotate."""

    at: float
    what: str
    which: int
    lasts: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    size: Size
    shops: tuple[ShopPlan, ...]
    orders: tuple[OrderPlan, ...]
    troubles: tuple[Trouble, ...]


def plan_for(size: Size) -> Plan:
    """Draw it all."""
    lot = Random(size.seed)  # noqa: S311 - to be drawn again
    shops = tuple(_shop(n) for n in range(size.shops))
    orders = tuple(_orders(size, lot))
    return Plan(size, shops, orders, tuple(sorted(_troubles(size, lot), key=lambda one: one.at)))


def _shop(n: int) -> ShopPlan:
    tracks = n % 10 != 9
    mode = "store_policy" if n % 2 and tracks else "recorded"  # the mode is chosen as the switch is put on
    return ShopPlan(n, mode, ldu=n % 3 == 1, grace=GRACES[n % 3], tracks=tracks)


def flipping(size: Size) -> list[int]:
    """The shops whose merchants move the switch."""
    return [n for n in range(size.shops) if n % 10 in {3, 5}]


def leaving(size: Size) -> list[int]:
    """The shops that uninstall; every second one comes back."""
    return [n for n in range(size.shops) if n % 10 == 7]


def _orders(size: Size, lot: Random) -> Iterator[OrderPlan]:
    zipf = list(accumulate(1 / (n + 3) ** 0.9 for n in range(size.shops)))
    names, kinds = list(WAYS), list(accumulate(share for _, share in KINDS))
    shares = list(accumulate(WAYS[name].share * (size.rare if WAYS[name].share < 100 else 1) for name in names))
    for n in range(size.orders):
        yield OrderPlan(
            n=n,
            at=size.seconds * n / size.orders,
            shop=lot.choices(range(size.shops), cum_weights=zipf)[0],
            kind=lot.choices([kind for kind, _ in KINDS], cum_weights=kinds)[0],
            way=WAYS[lot.choices(names, cum_weights=shares)[0]],
            region=lot.choice(REGIONS),
            tell=_tell(lot),
            erased=lot.random() < size.erased,
            cancelled_later=lot.random() < 0.01,
        )


def _tell(lot: Random) -> tuple[float, ...]:
    """None for one in fifty; else early or late, and three times in ten once more, with the same ids or new ones."""
    if lot.random() < 0.02:
        return ()
    first = lot.choice((0.0, 0.0, 0.0, lot.uniform(1, 400)))
    again = (first,) if lot.random() < 0.15 else (first + lot.uniform(5, 900),) if lot.random() < 0.18 else ()
    return (first, *again)


def _troubles(size: Size, lot: Random) -> Iterator[Trouble]:
    span = (0.05 * size.seconds, 0.98 * size.seconds)
    for _ in range(size.kills):
        yield Trouble(lot.uniform(*span), "kill_child" if lot.random() < 0.1 else "kill", lot.randrange(4))
    for n in range(size.database_stops):
        at = span[0] + (span[1] - span[0]) * (n + lot.random()) / size.database_stops
        yield Trouble(at, "database", 0, lot.uniform(*size.away))
    flips, gone = flipping(size), leaving(size)
    for n in range(size.flips):
        yield Trouble(lot.uniform(*span), "flip", flips[n % len(flips)], lot.uniform(0.2, 3.0))
    for n in range(min(size.leaving, len(gone))):
        yield Trouble(lot.uniform(0.3, 0.7) * size.seconds, "leave", gone[n], lot.uniform(3, 8))
    turns = int(size.seconds / size.rotate_every)
    for n in range(turns):
        yield Trouble(size.rotate_every * (n + 0.5), "rotate", n)
