"""Figures of a run: how much of everything there was, and how long it took."""

from __future__ import annotations

from tests.chaos.case import Case
from tests.chaos.truth import Truth
from tests.chaos.world import World


def figures_of(world: World, truth: Truth, case: Case) -> dict[str, float]:
    """Counts and times of a run."""
    found = _by_kind(world, case)
    found |= {f"answers {key}": n for key, n in truth.statuses.items()}
    waits = sorted(wait for _, wait in truth.waits) or [0.0]
    lags = case.requests.lags or [0.0]
    copies = sum(len(all_of) - 1 for all_of in case.by_order.values())
    found |= {
        "broken_visits": truth.broken_visits,
        "orders_made": len(case.orders),
        "rows": len(case.rows),
        "events_at_meta": len(case.sent),
        "requests_to_meta": len(case.requests.posts),
        "wire_repeats": copies,
        "ledger_repeats": sum(row["reposts"] for row in case.rows.values()),
        "repeats_per_thousand": round(1000 * copies / max(1, len(case.by_order)), 2),
        "ack_ms_p50": waits[len(waits) // 2],
        "ack_ms_p99": waits[int(len(waits) * 0.99)],
        "ack_ms_max": waits[-1],
        "settle_ms_p50": 1000 * lags[len(lags) // 2],
        "settle_ms_p99": 1000 * lags[int(len(lags) * 0.99)],
        "settle_ms_max": 1000 * lags[-1],
        "found_by_reconciliation": sum(row["told_by"] == "reconciliation" for row in case.rows.values()),
        "unmatched_requests": sum(n not in case.requests.lines for n in case.requests.posts),
    }
    for place in world.places.values():
        for status in place.exits:
            name = f"exits of a {place.name.partition('-')[0]} with {status}"
            found[name] = found.get(name, 0) + 1
    return found


def _by_kind(world: World, case: Case) -> dict[str, float]:
    """Faults of the network and of Meta that struck, and outcomes."""
    lines = [line for proxy in world.proxies.values() for line in proxy.lines]
    found: dict[str, float] = {}
    for line in lines:
        if line.fault:
            found[f"fault_net_{line.fault}"] = found.get(f"fault_net_{line.fault}", 0) + 1
    for post in case.requests.posts.values():
        if "meta_" in str(post["result"]):
            name = f"fault_{str(post['result']).rpartition(' ')[2]}"
            found[name] = found.get(name, 0) + 1
    for row in case.rows.values():
        name = f"rows {row['outcome']} {row['reason']}"
        found[name] = found.get(name, 0) + 1
    return found
