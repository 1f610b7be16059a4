"""Reading what is there at the end: ledger, Meta, Shopify's deliveries; by SQL and HTTP, with nothing of the app's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.chaos.case import Case
from tests.chaos.places import Outage
from tests.chaos.proxy import Line
from tests.chaos.received import lags, requests_of, sent_of
from tests.chaos.truth import Acked, Truth
from tests.chaos.world import World

PAGE = 2000
_ROWS = """
SELECT s.domain, o.order_id, count(*) AS copies, min(o.outcome) AS outcome, min(o.reason) AS reason,
    min(o.told_by) AS told_by, max(o.reposts) AS reposts, bool_or(o.sealed_event IS NOT NULL) AS sealed,
    min(o.attempt::text) AS attempt, min(o.look_at) AS look_at,
    extract(epoch FROM min(o.paid_at)) AS paid_at
FROM paid_order o JOIN shop s ON s.id = o.shop_id GROUP BY 1, 2
"""
_ATTEMPTS = """
SELECT o.order_id, extract(epoch FROM a.post_started) AS began, extract(epoch FROM a.ended_at) AS ended
FROM paid_order o JOIN attempt a ON a.shop_id = o.shop_id AND a.attempt = ANY(o.attempts)
WHERE a.post_started IS NOT NULL AND a.result IN ('accepted', 'refused', 'split', 'disconnected')
"""
_OUT = """
SELECT 1 FROM attempt a JOIN shop s ON s.id = a.shop_id
WHERE s.domain = %s AND a.post_started IS NOT NULL AND a.result IS NULL AND a.deadline > now() LIMIT 1
"""


def select(world: World, statement: str, *given: object) -> list[dict[str, Any]]:
    """Ask the database, as whoever looks from outside."""
    with psycopg.connect(world.url, row_factory=dict_row, autocommit=True) as conn:
        found: list[dict[str, Any]] = conn.execute(statement, given or None).fetchall()
        return found


def is_sending(world: World, domain: str) -> bool:
    """Whether a request of a shop is under way; while PostgreSQL is away nobody knows: no."""
    try:
        return bool(select(world, _OUT, domain))
    except psycopg.OperationalError:
        return False


def shut_out(world: World) -> list[str]:
    """I9: shops that are installed, and of which no token is left that Shopify takes."""
    found = select(world, "SELECT * FROM shop WHERE uninstalled_at IS NULL AND reopen_needed IS NOT NULL")
    return [f"{row['domain']}: {row['reopen_why']} at {row['reopen_needed']}" for row in found]


async def pages(world: World, path: str, name: str) -> AsyncIterator[dict[str, Any]]:
    """Read a list of the sandbox's page by page."""
    at, sign = 0, "&" if "?" in path else "?"
    while True:
        found = (await world.ask("GET", f"{path}{sign}after={at}&limit={PAGE}"))[name]
        for one in found:
            yield one
        at += len(found)
        if len(found) < PAGE:
            return


async def case_of(world: World, truth: Truth, probes: frozenset[int]) -> Case:
    """Put together all that is known."""
    rows = {(row["domain"], int(row["order_id"])): row for row in select(world, _ROWS)}
    events = [one async for one in pages(world, "/meta/received.json?requests_after=999999999", "events")]
    posts = await _requests(world)
    lines: list[Line] = [line for name in ("worker-1", "worker-2") for line in world.proxies[name].lines]
    requests = requests_of(posts, lines, world.places, world.outages)
    sent = sent_of(events, requests)
    requests.lags = lags(sent, select(world, _ATTEMPTS), requests)
    pairs = (await world.ask("GET", "/meta/datasets"))["datasets"]
    await hear_of_webhooks(world, truth)
    return Case(
        truth,
        rows,
        sent,
        _counted(events),
        requests,
        {pair["token_id"]: pair["dataset"] for pair in pairs},
        probes,
    )


async def _requests(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        path = f"/meta/received.json?after=999999999&requests_after={len(found)}&limit={PAGE}"
        page = (await world.ask("GET", path))["requests"]
        found += page
        if len(page) < PAGE:
            return found


def _counted(events: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many copies of the pixel's Purchases count, by event id."""
    found: dict[str, int] = {}
    for event in events:
        if event["source"] == "browser" and not event["deduplicated"]:
            found[event["event_id"]] = found.get(event["event_id"], 0) + 1
    return found


async def hear_of_webhooks(world: World, truth: Truth) -> None:
    """Fill in what Shopify knows of its deliveries."""
    truth.acks.clear()
    truth.waits.clear()
    truth.odd_errors.clear()
    counted: dict[str, int] = {key: n for key, n in truth.statuses.items() if key.startswith("evidence")}
    async for one in pages(world, "/admin/deliveries.json", "deliveries"):
        acked = truth.acks.setdefault(int(one["about"]), Acked()) if one["about"].isdigit() else Acked()
        for attempt in one["attempts"]:
            _note(acked, attempt, truth)
            if _is_odd(attempt, world.outages):
                truth.odd_errors.append(_told(one["topic"], attempt, world.outages))
            key = f"{one['topic']} {attempt['status'] or 'unanswered'}"
            counted[key] = counted.get(key, 0) + 1
    truth.statuses = counted
    odd_posts = sum(n for key, n in counted.items() if key.startswith("evidence 5") and key != "evidence 503")
    truth.odd_errors += ["a post of the pixel"] * odd_posts + ["a page"] * truth.odd_pages


def _note(acked: Acked, attempt: Mapping[str, Any], truth: Truth) -> None:
    status, (began, ended) = attempt["status"], _span(attempt)
    acked.tries += 1
    acked.first_try = min(acked.first_try, began)
    if status is not None and status // 100 == 2:
        acked.first_good, acked.last_good = min(acked.first_good, ended), max(acked.last_good, ended)
        truth.waits.append((ended, float(attempt["ms"])))


def _span(attempt: Mapping[str, Any]) -> tuple[float, float]:
    began = float(attempt["real_at"])
    return began, began + attempt["ms"] / 1000


def _is_odd(attempt: Mapping[str, Any], outages: Sequence[Outage]) -> bool:
    """A 5xx that is no 503, or a 503 that no outage can have met."""
    status = attempt["status"]
    away = any(outage.touches(*_span(attempt)) for outage in outages)
    return status is not None and status >= 500 and not (status == 503 and away)


def _told(topic: str, attempt: Mapping[str, Any], outages: Sequence[Outage]) -> str:
    began, ended = _span(attempt)
    near = min((began - outage.ended for outage in outages), key=abs, default=0.0)
    return (
        f"{topic} {attempt['status']} at {began:.1f} for {ended - began:.1f} s, {near:.1f} s from the end of an outage"
    )


async def webhooks_open(world: World) -> int:
    """How many webhooks Shopify has not delivered yet, nor given up; a left shop's erasure comes two days later."""
    told = [one async for one in pages(world, "/admin/deliveries.json", "deliveries")]
    return sum(
        one["state"] == "retrying" or (one["state"] == "waiting" and one["topic"] != "shop/redact") for one in told
    )
