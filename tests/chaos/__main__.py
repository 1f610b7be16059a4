"""``python -m tests.chaos``: the fault suite. CHAOS_ORDERS, CHAOS_MINUTES and CHAOS_SEED say how much and which."""

from __future__ import annotations

import os
import sys
import time

from tests.chaos.plan import Size, plan_for
from tests.chaos.report import table, written
from tests.chaos.running import begin, run

ORDERS, MINUTES = 10_000, 8.0
USUAL = {"kills": 60, "database_stops": 5, "flips": 40, "leaving": 4, "rotate_every": 30.0}
LONG = {"kills": 1000, "database_stops": 20, "flips": 200, "leaving": 20, "rotate_every": 5.0}
FROM = 50_000
"""Orders of a long run."""


def size_from(env: dict[str, str]) -> Size:
    """Read how much is wanted; what is smaller than usual has as much less of everything."""
    orders = int(env.get("CHAOS_ORDERS") or ORDERS)
    minutes = float(env.get("CHAOS_MINUTES") or min(MINUTES, 1.5 + MINUTES * orders / ORDERS))
    seed = int(env.get("CHAOS_SEED") or time.time_ns() % 1_000_000)
    usual = LONG if orders >= FROM else USUAL
    share = 1.0 if orders >= ORDERS else max(0.1, orders / ORDERS)
    drain = min(900.0, max(100.0, minutes * 60 * 0.3))
    return Size(
        orders=orders,
        seed=seed,
        seconds=max(30.0, minutes * 60 * 0.6 - 20),
        kills=max(4, round(usual["kills"] * share)),
        database_stops=max(1, round(usual["database_stops"] * share)),
        flips=max(6, round(usual["flips"] * share)),
        leaving=max(1, round(usual["leaving"] * share)),
        rotate_every=usual["rotate_every"] if share == 1.0 else 10.0,
        drain=drain,
    )


def main() -> int:
    """Run, print, write; 1 if anything was breached."""
    size = size_from(dict(os.environ))
    outcome = begin(run(plan_for(size)))
    sys.stdout.write(table(size, outcome))
    written(size, outcome)
    return 1 if any(outcome.breaches.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
