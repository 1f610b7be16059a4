"""A host that dies under load: what was acknowledged is there, and what it held is sent by others."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.bench.bodies import FIRST_ORDER
from tests.scale import backlog
from tests.scale.backlog import Due
from tests.scale.crowd import gathered
from tests.scale.farm import DOUBT_SECONDS, LEASE_SECONDS, Farm, addresses
from tests.scale.network import Host
from tests.scale.stream import in_ledger
from tests.scale.tables import Table, Told
from tests.scale.town import Member, by_size
from tests.scale.traffic import EACH, Role, Traffic

DEATHS = int(os.environ.get("SCALE_DEATHS", "4"))
LOAD = 10.0
"""Seconds of clients at all hosts; a host dies in the middle of it."""
SHOPS = 200
DUE = 600
"""Orders that come due meanwhile."""
SENT_WITHIN = 180.0
FIRST = 100_000_000
"""The first request's number; those of the throughput are below."""
CONNECTIONS = 16
NOMINAL = 100.0


@dataclass(frozen=True, slots=True)
class Death:
    """One of them. `sent_after`: seconds from the death until everything due was sent; None: it was not."""

    host: int
    cable: bool
    acknowledged: int
    lost: int
    due: int
    sent: int
    sent_after: float | None
    unanswered: int


def _due(farm: Farm, sellers: Sequence[Member], first: int) -> None:
    """Let orders come due over the time of the load."""
    begin = datetime.now(UTC) + timedelta(seconds=1)
    step = timedelta(seconds=LOAD / DUE)
    dues = [Due(sellers[n % len(sellers)], first + n, begin + n * step, judged=True) for n in range(DUE)]
    backlog.write(farm.site, dues)


def _until_sent(farm: Farm, first: int, since: float) -> float | None:
    while time.monotonic() < since + SENT_WITHIN:
        if backlog.outcomes(farm.site, first, first + DUE - 1).get("recovered", 0) == DUE:
            return time.monotonic() - since
        time.sleep(0.5)
    return None


def _death(farm: Farm, sellers: Sequence[Member], turn: int, dice: random.Random) -> Death:
    host, cable = dice.choice(farm.net.hosts), bool(turn % 2) and farm.net.is_apart
    first = backlog.FIRST + 10_000_000 + turn * DUE
    _due(farm, sellers, first)
    traffic = Traffic([seller.store for seller in sellers], NOMINAL)
    clients = gathered(addresses(farm.net.hosts), traffic, FIRST + turn * 1_000_000, LOAD, CONNECTIONS)
    clients.go()
    time.sleep(LOAD * dice.uniform(0.3, 0.7))
    host.vanish(cable=cable)
    since = time.monotonic()
    tally = clients.wait()[0]
    places = (traffic.plan.place(number) for number in tally.good if number % EACH == Role.WEBHOOK)
    told = {FIRST_ORDER + place.order for place in places}
    sent_after = _until_sent(farm, first, since)
    sent = backlog.outcomes(farm.site, first, first + DUE - 1).get("recovered", 0)
    lost = len(told) - in_ledger(farm.site, told)
    _back(farm, host)
    return Death(host.number, cable, len(told), lost, DUE, sent, sent_after, tally.failed)


def _back(farm: Farm, host: Host) -> None:
    """Let the host come back as a fresh one."""
    host.return_()
    farm.meta(host)
    farm.web(host)
    farm.worker(host)


def measure(farm: Farm, members: Sequence[Member], dice: random.Random) -> Told:
    """Let hosts die, one after the other, while some of the shops sell."""
    sellers = by_size(members[:SHOPS])
    deaths = []
    for turn in range(DEATHS):
        deaths.append(_death(farm, sellers, turn, dice))
        print(deaths[-1], file=sys.stderr, flush=True)  # noqa: T201 - a command
    title = f"A host dies under load, chosen at random (lease {LEASE_SECONDS} s, in doubt for {DOUBT_SECONDS} s)"
    head = ("", "orders acknowledged", "of them lost", "came due / sent", "all sent after (s)", "requests cut off")
    table, faults = Table(title, head), []
    for death in deaths:
        how = f"host {death.host}, {'cable cut, then ' * death.cable}kill -9"
        come = f"{death.due:,} / {death.sent:,}"
        table.add(how, death.acknowledged, death.lost, come, death.sent_after, death.unanswered)
        if death.lost:
            faults.append(f"{death.lost} acknowledged orders are not in the ledger ({how}).")
        if death.sent < death.due:
            faults.append(
                f"{death.due - death.sent} orders that were due were not sent within {SENT_WITHIN:g} s ({how})."
            )
    figures = {"acknowledged": sum(d.acknowledged for d in deaths), "lost": sum(d.lost for d in deaths)}
    return Told([table], figures, faults)
