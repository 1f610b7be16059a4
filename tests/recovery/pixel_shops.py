"""Simulated shops, for judging how soon and how falsely a silent pixel is found.

`python -m tests.recovery.pixel_shops` takes some minutes and prints the table of docs/evidence.md.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from random import Random

from plugin.recovery.pixel_health import QUARTER, Count, Health, Quarter, examine

START = datetime(2026, 10, 1, tzinfo=UTC)
A_DAY = 96
"""Quarters of an hour."""
LOOKED_THROUGH = 19 * A_DAY
A_MONTH = 30 * A_DAY
FEW = 10.0
"""Orders of a quarter from which on chance is drawn from the normal distribution."""
SILENT_SHOPS = 100
SHOPS = {5: 300, 20: 200, 100: 150, 500: 60, 5000: 30}
"""Orders a day, and how many shops a month is simulated of."""
SHARES = (0.5, 0.7, 0.9)


def simulated(seed: int, per_day: float, share: float, days: int, falls_at: int | None = None) -> list[Quarter]:
    """A shop with nights and days, whose share wanders a little from day to day; silent from quarter `falls_at` on."""
    chance, quarters, today = Random(seed), [], share  # noqa: S311 - a simulation
    for number in range(days * A_DAY):
        if number % A_DAY == 0:
            today = min(0.99, max(0.01, chance.gauss(share, 0.02)))
        orders = _orders(chance, per_day / A_DAY * (1 + 0.8 * math.sin((number % A_DAY / 4 - 9) / 24 * 2 * math.pi)))
        works = falls_at is None or number < falls_at
        sent = _sent(chance, orders, today) if works else 0
        quarters.append(Quarter(START + number * QUARTER, Count(orders, sent, sent, 0)))
    return quarters


def alarmed(quarters: Sequence[Quarter], end: int) -> bool:
    """Whether a look at the shop after so many quarters finds trouble."""
    return examine(quarters[max(0, end - LOOKED_THROUGH) : end], in_shop=True).health is not Health.HEALTHY


def found_after(quarters: Sequence[Quarter], falls_at: int) -> tuple[int, float]:
    """Return how many orders, and hours, a silence took to be found; endless if it never was."""
    orders = 0
    for end in range(falls_at + 1, len(quarters)):
        orders += quarters[end - 1].count.orders
        if quarters[end - 1].count.orders and alarmed(quarters, end):
            return orders, (end - falls_at) / 4
    return orders, math.inf


def _orders(chance: Random, expected: float) -> int:
    if expected > FEW:
        return max(0, round(chance.gauss(expected, math.sqrt(expected))))
    most, product, orders = math.exp(-expected), chance.random(), 0
    while product > most:
        product, orders = product * chance.random(), orders + 1
    return orders


def _sent(chance: Random, orders: int, share: float) -> int:
    if orders > 10 * FEW:
        drawn = round(chance.gauss(orders * share, math.sqrt(orders * share * (1 - share))))
        return min(orders, max(0, drawn))
    return sum(chance.random() < share for _ in range(orders))


def lines() -> Iterator[str]:
    """Measure, and yield the table's lines."""
    for per_day, shops in SHOPS.items():
        for share in SHARES:
            first, last = LOOKED_THROUGH, LOOKED_THROUGH + A_MONTH
            months = [simulated(seed, per_day, share, last // A_DAY) for seed in range(shops)]
            false = sum(any(alarmed(month, end) for end in range(first, last, 12)) for month in months)
            falls = [LOOKED_THROUGH + seed % A_DAY for seed in range(SILENT_SHOPS)]
            silences = [
                found_after(simulated(seed, per_day, share, 26, falls_at), falls_at)
                for seed, falls_at in enumerate(falls)
            ]
            in_time = sum(orders <= 20 or hours <= 2 for orders, hours in silences) / SILENT_SHOPS
            orders, hours = max(silences)
            yield (f"| {per_day} | {share:.0%} | {false} of {shops} | {in_time:.0%} | {orders} ({hours:.2g}) |")


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
