"""What each figure is to be. Ratios are promises; absolute figures stand beside them and promise nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.bench.figures import Aim, Sense

MORE, LESS = Sense.MORE, Sense.LESS
SIZES = ("insert", "evidence", "look-up", "list", "dashboard", "claim", "settle")

AIMS: Final[Mapping[str, Aim]] = MappingProxyType(
    {
        "P1": Aim("Orders taken in a second / bare Flask + HMAC, 64 connections", MORE, 0.35, 0.55),
        "P1 cpu": Aim("CPU of bare Flask + HMAC / CPU of an order taken in", MORE, 0.35, 0.55),
        "P2": Aim("Orders taken in a second / stock gunicorn + ORM, 16 connections", MORE, 4, 7),
        "P2 cpu": Aim("CPU of stock gunicorn + ORM / CPU of an order taken in", MORE, 4, 7),
        "P3": Aim("CPU of an order (app and PostgreSQL) / floor", LESS, 9, 5),
        "count us": Aim("Counting one webhook (CPU us)", LESS, 5, 2),
        "P4": Aim("Evidence posts a second / bare Flask POST, 16 connections", MORE, 0.5, 0.9),
        "P4 cpu": Aim("CPU of a bare Flask POST / CPU of an evidence post", MORE, 0.5, 0.9),
        "P4 c=64": Aim("Evidence posts a second / bare Flask POST, 64 connections", MORE, 0.5, 0.9),
        "P5": Aim("Building 1000 events: CPU of facebook_business / ours", MORE, 2, 4),
        "P6": Aim("Delivering 1000 events: CPU of ours / facebook_business", LESS, 1 / 40, 1 / 80),
        "P7 k=1": Aim("Events a second at 100 ms / 10,000, one connection", MORE, 0.9, 0.95),
        "P7 k=4": Aim("Events a second at 100 ms / 40,000, four connections", MORE, 0.9, 0.95),
        "P9 commits": Aim("Commits for each order taken in, 64 connections", LESS, 0.15, 0.05),
        "P9 durable": Aim("Orders a second, durable / commits not waited for", MORE, 0.85, 0.95),
        "P10": Aim("Bytes of WAL for each order taken in", LESS, 1500, 900),
        "P11 jobs": Aim("Jobs for 1000 orders sent", LESS, 10, 1),
        "P11 settings page": Aim("Settings page / its template", LESS, 3, 2),
        "P12 lost": Aim("Acknowledged webhooks lost after kill -9 of app and PostgreSQL", LESS, 0, 0),
        "P12 app s": Aim("Seconds from kill -9 of the app to serving", LESS, 3, 1),
        "P12 postgres s": Aim("Seconds from kill -9 of PostgreSQL to the next order taken in", LESS, 3, 1),
        "start s": Aim("Seconds from the command to serving", LESS, 3, 1),
    }
)
"""Figures with an aim. Those of P8 share one: see `aim_of`."""

THREADS: Final = (
    "each waits in a thread of its own for its group's commit: twice as many changes of threads as the bare answer has"
)
SHARES: Final = (
    "of an order's CPU a quarter is the server's HTTP, a sixth PostgreSQL's, a sixth reading, a seventh hashing,"
    " sealing and the driver; the rest, not measured by itself, we take for threads: " + THREADS
)
CAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "P1": SHARES,
        "P1 cpu": "the same",
        "P2": "stock reads nothing of the order, hashes and seals nothing; at 16 connections groups are of eight",
        "P2 cpu": "the same",
        "P3": "the floor has no server, no database and no rules; see P1",
        "count us": "locks and a file in shared memory, of the library for it; one in a hundred of an order",
        "P4": THREADS,
        "P4 cpu": THREADS,
        "P4 c=64": THREADS,
        "P5": "rules for some 25 fields, nearly all of them asked by one pattern each: ADR 16 has what was tried",
        "P10": "1,451 to 1,502 in the runs of a day: at the bound",
        "P7 k=4": "four threads of one interpreter send 1.6 MB each; a much cheaper stand-in changed nothing",
    }
)
"""Why a figure is not what it is to be, where it is not."""

READ_ONLY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "floor us": "Floor: signature, JSON, ten hashes, JSON (us)",
        "P4 refused": "Share of evidence posts turned away at 64 connections",
        "hot keys": "Evidence posts a second, 12 at once of each checkout / each of its own",
        "hot keys cpu": "CPU of evidence posts, 12 at once of each checkout / each of its own",
        "of orders cpu": "CPU of an evidence post whose order is there already and waits / of one without",
        "P7 k=16": "Events a second at 100 ms / 160,000, sixteen connections",
        "P10 evidence": "Bytes of WAL for each evidence post",
        "P11 dashboard page": "Dashboard / its template",
        "P12 acknowledged": "Webhooks that were acknowledged around the kills",
        "event us": "Building one event (CPU us)",
        "delivery ms": "Delivering 1000 events (CPU ms)",
        "worker us": "A shipped worker sends one order, all its work counted (CPU us)",
        "open intake per second": "Open loop: orders a second, 80 % of the closed loop",
        "open intake p50 ms": "... latency from when it was due, median (ms)",
        "open intake p99 ms": "... of 99 % (ms)",
        "open evidence per second": "Open loop: evidence posts a second, 80 % of the closed loop",
        "open evidence p50 ms": "... latency from when it was due, median (ms)",
        "open evidence p99 ms": "... of 99 % (ms)",
        "start cpu s": "CPU of a start, all processes (s)",
        "import app cpu s": "CPU of `import app` (s)",
        "import plugin.cli cpu s": "CPU of importing the command line (s)",
        "idle web %": "20,000 shops at rest: web, % of a core",
        "idle worker %": "... worker",
        "idle postgres %": "... PostgreSQL",
        "memory web MB": "Memory of a web process at work (MB resident)",
        "memory web private MB": "Memory of all web processes, shared pages left out (MB)",
        "memory worker MB": "Memory of a worker (MB resident)",
        "memory worker private MB": "... shared pages left out (MB)",
        "settings page us": "Settings page (CPU us)",
        "dashboard page us": "Dashboard (CPU us)",
    }
)


def aim_of(key: str) -> Aim | None:
    """Return a figure's aim; None if it has none."""
    if key.startswith("P8 "):
        _, name, rows = key.split(" ")
        return Aim(f"Cost with {int(rows):,} orders / with 10,000: {name}", LESS, 1.3, 1.15)
    return AIMS.get(key)


def words_of(key: str) -> str:
    """Say what a figure is."""
    aim = aim_of(key)
    if aim is not None:
        return aim.words
    if key in READ_ONLY:
        return READ_ONLY[key]
    return f"{key.removesuffix(' us')}: an order's cost with 10,000 orders (CPU us)"
