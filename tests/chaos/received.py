"""What Meta received: each server event with the request that brought it, and that request's way through a proxy."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.chaos.places import Outage, Place
from tests.chaos.proxy import HARMLESS, Line

SETTLE = 1.0
"""Seconds from an answer to its commit, in which a kill may part the two; as many as a run saw, if those are more."""
CLOSE = 0.05
"""Seconds: times of PostgreSQL and of a proxy, told in different digits."""
AFTER = 4.0
"""Seconds after an outage in which much has to be caught up with."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One server event in one request. ``began``: unix time at which its connection was opened."""

    order_id: int
    event_id: str
    dataset: str
    token: str
    counted: bool
    digest: str
    payload: Mapping[str, Any]
    request: int
    began: float
    at: float
    """When it came, by the world's clock."""


@dataclass(slots=True)
class Requests:
    """Requests to Meta by number, and what became of each on its way."""

    posts: Mapping[int, Mapping[str, Any]]
    lines: Mapping[int, Line]
    places: Mapping[str, Place]
    outages: Sequence[Outage]
    lags: Sequence[float] = ()
    """Seconds from answers to their commits, as `lags` finds them."""

    @property
    def settle(self) -> float:
        """The longest that it took in this run while PostgreSQL was there."""
        return max([SETTLE, *self.lags])

    def began(self, n: int) -> float:
        """When the app began it."""
        line = self.lines.get(n)
        return line.opened if line else float(self.posts[n]["real_at"])

    def unanswered(self, n: int) -> str:
        """Why the app cannot know how it ended; empty: it can."""
        result, line = str(self.posts[n]["result"]), self.lines.get(n)
        if result.startswith("accepted, ") and result not in {"accepted, meta_slow", "accepted, meta_drip"}:
            return result
        if line is None:
            return ""
        if line.fault not in HARMLESS:
            return line.fault
        until = line.ended + self.settle
        for outage in self.outages:
            if outage.began <= until and line.opened <= outage.ended:
                until = max(until, outage.ended + self.settle)
        kills = self.places[line.proxy].kills
        return "kill" if any(line.opened - 0.5 <= at <= until for at in kills) else ""

    def story(self, n: int) -> str:
        """What was about while a request was under way, for whoever looks into it."""
        line = self.lines.get(n)
        if line is None:
            return str(self.posts[n]["result"])
        kills = [round(at - line.opened, 1) for at in self.places[line.proxy].kills if -20 < at - line.opened < 60]
        stops = [
            (round(one.began - line.opened, 1), round(one.ended - line.opened, 1))
            for one in self.outages
            if -60 < one.began - line.opened < 60
        ]
        took = round(line.ended - line.opened, 2)
        return f"{line.proxy} at {line.opened:.1f}, {took} s, {line.fault or 'no fault'}; kills {kills}, stops {stops}"


def requests_of(
    posts: Sequence[Mapping[str, Any]],
    lines: Iterable[Line],
    places: Mapping[str, Place],
    outages: Sequence[Outage],
) -> Requests:
    """Find each request's way: the same port at the same time."""
    by_port: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        by_port[line.port].append(line)
    found = {}
    for post in posts:
        near = [one for one in by_port.get(int(post["peer"] or 0), []) if one.opened <= post["real_at"] + 0.1]
        if near:
            found[int(post["n"])] = max(near, key=lambda one: one.opened)
    return Requests({int(post["n"]): post for post in posts}, found, places, outages)


def lags(sent: Iterable[Sent], attempts: Iterable[Mapping[str, Any]], requests: Requests) -> list[float]:
    """Return the seconds from Meta's answers to their commits, sorted; `attempts`: order_id, began, ended (unix times).

    Answers of the time around an outage are left out: they waited for PostgreSQL.
    """
    of_order: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for attempt in attempts:
        of_order[attempt["order_id"]].append(attempt)
    found = dict[int, float]()
    for one in sent:
        line = requests.lines.get(one.request)
        own = [tried for tried in of_order[one.order_id] if float(tried["began"]) <= one.began + CLOSE]
        if line is None or not own or requests.unanswered(one.request):
            continue
        ended = float(max(own, key=lambda tried: float(tried["began"]))["ended"])
        if not any(outage.began <= ended and line.ended <= outage.ended + AFTER for outage in requests.outages):
            found[one.request] = max(0.0, ended - line.ended)
    return sorted(found.values())


def sent_of(events: Iterable[Mapping[str, Any]], requests: Requests) -> list[Sent]:
    """Return the server's Purchases in the order in which they came."""
    return [_sent(event, requests) for event in events if event["source"] == "server"]


def _sent(event: Mapping[str, Any], requests: Requests) -> Sent:
    payload = event["payload"]
    named = str(payload.get("custom_data", {}).get("order_id", ""))
    return Sent(
        order_id=int(named) if named.isdigit() else 0,
        event_id=str(event["event_id"]),
        dataset=str(event["dataset"]),
        token=str(event["token"]),
        counted=not event["deduplicated"],
        digest=hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest(),
        payload=payload,
        request=int(event["request"]),
        began=requests.began(int(event["request"])),
        at=datetime.fromisoformat(str(event["received_at"])).timestamp(),
    )
