"""P8: what an order costs in a large ledger, beside a small one: taken in, found, claimed, settled, shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import jwt

from plugin.jobs import deliver
from plugin.services import Services
from plugin.storage import claiming
from sandbox.ports import free_port
from tests.bench import events
from tests.bench.bodies import SECRET, Orders, Posts, Store
from tests.bench.clients import Load
from tests.bench.figures import Figure, median_of
from tests.bench.ledger_rows import FIRST_ID, fill, make_due
from tests.bench.machine import cpu_seconds
from tests.bench.rounds import Contender, interleave
from tests.bench.site import API_KEY, Site

SMALL = 10_000
STORES = 50
CLAIMS = 20
FIRST_DUE = 3_000_000_000_000


class Pages:
    """Makes requests for a page as the admin's frame does; `orders`: for the pages of single orders."""

    def __init__(self, stores: Sequence[Store], path: str, *, orders: int = 0) -> None:
        self._path = path
        self._stores = stores
        self._orders = orders

    def requests(self, first: int, count: int) -> list[bytes]:
        """Return requests; the tokens that they show live for a minute."""
        tokens = [id_token(store.domain) for store in self._stores]
        made = []
        for number in range(first, first + count):
            place = number % len(self._stores)
            path = self._path if not self._orders else f"{self._path}{self._order(number, place)}"
            made.append(
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {tokens[place]}\r\n\r\n".encode()
            )
        return made

    def _order(self, number: int, place: int) -> int:
        """Return an order of the store at this place, another one each time."""
        turns = self._orders // len(self._stores)
        return FIRST_ID + (number * 7919 % (turns - 1)) * len(self._stores) + (place or len(self._stores))


def id_token(domain: str) -> str:
    """Return an id token as Shopify's admin makes it."""
    now = int(time.time())
    claims = {
        "iss": f"https://{domain}/admin",
        "dest": f"https://{domain}",
        "aud": API_KEY,
        "sub": "42",
        "exp": now + 60,
        "nbf": now - 1,
        "iat": now - 1,
        "jti": f"{now}",
        "sid": "session",
    }
    return jwt.encode(claims, SECRET, "HS256")


@dataclass(slots=True)
class Town:
    """One ledger, the server on it, and the services for a worker's functions."""

    site: Site
    rows: int
    stores: list[Store]
    pid: int
    port: int
    services: Services
    due_shops: list[int] = field(default_factory=list)


def build(site: Site, rows: int, meta: str, turns: int) -> Town:
    """Make a ledger with `rows` orders; `turns`: how many batches of one shop are to be sent in all."""
    own = site.sibling(f"ledger_{rows}")
    stores = own.install(STORES)
    fill(own, rows)
    port = free_port()
    town = Town(own, rows, stores, own.web(port).pid, port, own.services(META_GRAPH_URL=f"{meta}/v26.0"))
    count = (turns + 1) * claiming.BATCH
    town.due_shops = [make_due(town.services, store, count, FIRST_DUE) for store in stores[:1]]
    return town


def _contenders(town: Town, seconds: float) -> list[Contender]:
    kinds: dict[str, tuple[Callable[[int, int], list[bytes]], int]] = {
        "insert": (Orders(town.stores).requests, 16),
        "evidence": (Posts(town.stores).requests, 16),
        "look-up": (Pages(town.stores, "/orders/", orders=town.rows).requests, 4),
        "list": (Pages(town.stores, "/orders").requests, 4),
        "dashboard": (Pages(town.stores, "/").requests, 4),
    }
    made = []
    for place, (name, (make, connections)) in enumerate(kinds.items()):
        load = Load(town.port, make, connections, seconds, int(4000 * seconds), place * 200_000)
        made.append(Contender(f"{name} {town.rows}", town.pid, load))
    return made


def _cost(town: Town, work: Callable[[], object]) -> float:
    """Return the CPU seconds of this process and PostgreSQL for a piece of work."""
    base, own = cpu_seconds([town.site.postmaster]), time.process_time()
    work()
    return time.process_time() - own + cpu_seconds([town.site.postmaster]) - base


def _claims(town: Town) -> None:
    """Claim a batch and let it go again, some times over."""
    given = town.services
    for _ in range(CLAIMS):
        with given.database.transaction() as conn:
            held = claiming.claim(conn, town.due_shops[0], datetime.now(UTC), lease=timedelta(seconds=90))
            assert held is not None
            conn.rollback()


def _turns(town: Town) -> None:
    assert deliver.deliver(town.services, town.due_shops[0])


def _by_hand(towns: Sequence[Town], rounds: int) -> dict[str, list[list[float]]]:
    """Return for claim and settle, by round, the microseconds of an order in each ledger."""
    found: dict[str, list[list[float]]] = {"claim": [], "settle": []}
    for _ in range(rounds):
        claims = [_cost(town, lambda town=town: _claims(town)) / CLAIMS for town in towns]  # type: ignore[misc]
        found["claim"].append([seconds / claiming.BATCH * 1e6 for seconds in claims])
        turns = [_cost(town, lambda town=town: _turns(town)) for town in towns]  # type: ignore[misc]
        found["settle"].append([seconds / claiming.BATCH * 1e6 for seconds in turns])
    return found


def measure(site: Site, *, large: Sequence[int], rounds: int, seconds: float) -> list[Figure]:
    """Compare ledgers of these sizes with a small one. `settle` is a whole turn: claim, last check, POST, answer."""
    with events.sink(0) as meta:
        towns = [build(site, rows, meta, rounds) for rows in (SMALL, *large)]
        try:
            hands = _by_hand(towns, rounds)
            contenders = [_contenders(town, seconds) for town in towns]
            in_turn = [one for kind in zip(*contenders, strict=True) for one in kind]
            found = interleave(site, in_turn, rounds)
        finally:
            for town in towns:
                town.services.close()
                town.site.stop_servers()
    costs = {name: [sample.server_us for sample in samples] for name, samples in found.items()}
    for name, by_round in hands.items():
        costs |= {f"{name} {town.rows}": [one[place] for one in by_round] for place, town in enumerate(towns)}
    return _figures(costs, large)


def _figures(costs: dict[str, list[float]], large: Sequence[int]) -> list[Figure]:
    figures = []
    for name in ("insert", "evidence", "look-up", "list", "dashboard", "claim", "settle"):
        small = costs[f"{name} {SMALL}"]
        figures.append(median_of(f"{name} us", small))
        for rows in large:
            ratios = [big / little for big, little in zip(costs[f"{name} {rows}"], small, strict=True)]
            figures.append(median_of(f"P8 {name} {rows}", ratios))
    return figures
