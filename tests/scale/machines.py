"""Many machines: web and worker processes on several hosts against one PostgreSQL, and hosts that die.

`python -m tests.scale.machines`; SCALE_SEED says which host dies and when. Needs root for network namespaces.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import psycopg

from tests.scale import backlog, dying
from tests.scale.backlog import Due
from tests.scale.crowd import gathered
from tests.scale.farm import Farm, addresses
from tests.scale.network import Host, network
from tests.scale.stream import GAP
from tests.scale.tables import Table, Told
from tests.scale.town import Member, ScaleSite, by_size, populate
from tests.scale.traffic import EACH, Traffic

SHOPS = int(os.environ.get("SCALE_SHOPS", "8000"))
HOSTS = 4
CORES = float(os.environ.get("SCALE_CORES", "0.2"))
"""Of a host: small, so that this machine has room for all of them, PostgreSQL and the clients."""
ROUNDS = int(os.environ.get("SCALE_ROUNDS", "3"))
WINDOW = 8.0
"""Seconds of one measurement."""
CONNECTIONS = 24
"""Of the clients to each host."""
BEGINS_WITHIN = 40.0
PER_SHOP = 2
NOMINAL = 100.0
"""Orders a second for which the posts of an order are spaced; the clients go as fast as they are answered."""


def _intake(farm: Farm, sellers: Sequence[Member]) -> dict[int, list[float]]:
    """Return, by the count of hosts, orders a second of each round: an order has five requests."""
    found: dict[int, list[float]] = {count: [] for count in range(1, HOSTS + 1)}
    traffic = Traffic([seller.store for seller in sellers], NOMINAL)
    first = 0
    for turn in range(ROUNDS + 1):
        for count, speeds in found.items():
            clients = gathered(addresses(farm.net.hosts[:count]), traffic, first, WINDOW, CONNECTIONS)
            tally = clients.run()[0]
            first += GAP
            if turn:  # the first round warms up
                speeds.append(len(tally.good) / EACH / (tally.ended - tally.began))
    return found


def _empty(farm: Farm) -> None:
    """Take away what is in the ledger."""
    with psycopg.connect(farm.site.url, autocommit=True) as conn:
        conn.execute("TRUNCATE paid_order, evidence, attempt, day_total")


def _delivery(farm: Farm, members: Sequence[Member]) -> dict[int, float]:
    """Return, by the count of hosts with a worker, requests to Meta answered in a second: one for each shop."""
    now = datetime.now(UTC)
    count = len(members) * PER_SHOP
    dues = [Due(members[n % len(members)], backlog.FIRST + n, now, judged=True) for n in range(count)]
    backlog.write(farm.site, dues)
    found = {}
    for place, host in enumerate(farm.net.hosts, 1):
        farm.worker(host)
        _until_more(farm)
        before, began = _answered(farm), time.monotonic()
        time.sleep(WINDOW)
        found[place] = (_answered(farm) - before) / (time.monotonic() - began)
    return found


def _until_more(farm: Farm) -> None:
    """Wait until the worker that was added has its lanes: they begin with a sweep, every 15 seconds."""
    time.sleep(16)
    end, before = time.monotonic() + BEGINS_WITHIN, _answered(farm)
    while _answered(farm) == before:
        if time.monotonic() > end:
            raise TimeoutError("the workers send nothing")
        time.sleep(0.2)


def _answered(farm: Farm) -> int:
    with psycopg.connect(farm.site.url, autocommit=True) as conn:
        row = conn.execute("SELECT count(*) FROM attempt WHERE result IS NOT NULL").fetchone()
    return int(row[0]) if row else 0


def measure(site: ScaleSite) -> Told:
    """Run all of it."""
    seed = int(os.environ.get("SCALE_SEED", str(random.randrange(10**6))))  # noqa: S311 - no secret
    members = populate(site, SHOPS)
    sellers = by_size(members)
    with network(HOSTS) as net:
        farm = Farm.build(site, net, CORES)
        for host in net.hosts:
            farm.meta(host)
        farm.web(*net.hosts)
        intake = _intake(farm, sellers)
        _say(f"taken in: {intake}")
        _empty(farm)
        delivery = _delivery(farm, members)
        _say(f"sent: {delivery}")
        held = farm.connections()
        _empty(farm)
        deaths = dying.measure(farm, members, random.Random(seed))  # noqa: S311 - no secret
        about = net.about(CORES)
    told = _told(intake, delivery, about)
    told.tables += deaths.tables
    told.faults += deaths.faults
    told.figures |= deaths.figures | {"connections": held, "seed": seed}
    told.tables[0].add("Connections that a host holds (web and worker)", *_held(net.hosts, held))
    return told


def _held(hosts: Sequence[Host], held: dict[str, int]) -> list[str]:
    return [str(held.get(host.address, "")) for host in hosts]


def _told(intake: dict[int, list[float]], delivery: dict[int, float], about: str) -> Told:
    table = Table(f"One PostgreSQL, {about}", ("", *(f"{count} host{'s' * (count > 1)}" for count in intake)))
    middle = {count: statistics.median(speeds) for count, speeds in intake.items()}
    table.add("Orders a second, each with four posts (web alone)", *middle.values())
    table.add("... of one host's", *(f"{speed / middle[1]:.2f}" for speed in middle.values()))
    table.add("Requests to Meta a second (workers, nothing coming in)", *delivery.values())
    table.add("... of one host's", *(f"{speed / delivery[1]:.2f}" for speed in delivery.values()))
    return Told([table], {"intake": intake, "delivery": delivery, "hosts": about})


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    from tests.scale.__main__ import run_part

    sys.exit(run_part("machines"))
