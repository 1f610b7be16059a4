"""TEST USE ONLY: how the stand-in Meta answers, and every way in which an answer can go wrong."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from sandbox.faults import Fault
from sandbox.history import hang_up
from sandbox.meta_rules import BAD_TOKEN, GraphError, trace_id
from sandbox.meta_store import Posted
from sandbox.world import world

LONGEST_DELAY = 300.0
HTML = "<!DOCTYPE html><html><body>Sorry, something went wrong. (TEST USE ONLY)</body></html>"
MEGABYTE = 1024 * 1024
Plan = Mapping[str, Any]


def accepted(post: Posted, count: int) -> Response:
    """Graph's good answer, with its word on how much more it will take."""
    answer = jsonify(events_received=count, messages=[], fbtrace_id=trace_id())
    answer.headers["x-app-usage"] = '{"call_count":1,"total_time":1,"total_cputime":1}'
    if (plan := world().faults.hit(Fault.META_USAGE, dataset=post.dataset)) is not None:
        answer.headers.update(usage(plan))
    return answer


def said(error: GraphError) -> ResponseReturnValue:
    """Graph's refusal."""
    return jsonify(error.body()), error.status


def usage(plan: Plan) -> dict[str, str]:
    """One of the three headers that say how much of a limit is used up."""
    percent, minutes = plan.get("percent", 90), int(plan.get("minutes", 0))
    counts = {"call_count": percent, "total_cputime": 3, "total_time": 5}
    name = plan.get("header", "app")
    if name == "app":
        return {"x-app-usage": json.dumps(counts)}
    if name == "account":
        full = {"acc_id_util_pct": percent, "reset_time_duration": minutes * 60, "ads_api_access_tier": "limited"}
        return {"x-ad-account-usage": json.dumps(full)}
    use = {"type": "ads_management", **counts, "estimated_time_to_regain_access": minutes}
    return {"x-business-use-case-usage": json.dumps({"1": [use]})}


def throttled(plan: Plan) -> ResponseReturnValue:
    """Too many calls; the header says for how many minutes."""
    answer = jsonify(GraphError(400, int(plan.get("code", 4)), "Application request limit reached").body())
    answer.headers.update(usage({"minutes": 1, **plan, "percent": 100, "header": "business"}))
    answer.status_code = 400
    return answer


def too_many(plan: Plan) -> ResponseReturnValue:
    """Too many calls, as what stands before Graph says it."""
    return HTML, 429, {"Retry-After": str(int(plan.get("seconds", 120)))}


EARLY: dict[Fault, Callable[[Plan], ResponseReturnValue]] = {
    Fault.META_RESET_BEFORE: lambda _plan: hang_up(),
    Fault.META_500: lambda _plan: said(GraphError(500, 2, "Service temporarily unavailable", transient=True)),
    Fault.META_503_HTML: lambda _plan: (HTML, 503),
    Fault.META_THROTTLE: throttled,
    Fault.META_429: too_many,
    Fault.META_REVOKED: lambda _plan: said(BAD_TOKEN),
    Fault.META_DENIED: lambda plan: said(GraphError(403, int(plan.get("code", 200)), "Permissions error")),
}
"""Faults that strike before anything is stored."""


def early_fault(post: Posted) -> ResponseReturnValue | None:
    """The answer of a fault that keeps the events out, or None."""
    for name, answer in EARLY.items():
        if (plan := world().faults.hit(name, dataset=post.dataset)) is not None:
            world().meta.close_post(post, name)
            return answer(plan)
    return None


def wait(plan: Plan, seconds: float) -> None:
    """Let the caller wait, in real time: its time-outs are real ones."""
    time.sleep(min(float(plan.get("delay", seconds)), LONGEST_DELAY))


def silent(plan: Plan, _post: Posted) -> ResponseReturnValue:
    """No answer until the caller has surely given up."""
    wait(plan, 35.0)
    return hang_up()


def slow(plan: Plan, post: Posted) -> ResponseReturnValue:
    """The good answer, late."""
    wait(plan, 5.0)
    return accepted(post, len(post.event_ids))


def dripping(plan: Plan, post: Posted) -> ResponseReturnValue:
    """The good answer, a byte at a time."""
    body = accepted(post, len(post.event_ids)).get_data()

    def drops() -> Iterator[bytes]:
        for byte in body:
            wait(plan, 0.5)
            yield bytes([byte])

    return Response(drops(), content_type="application/json", headers={"Content-Length": str(len(body))})


def bomb(plan: Plan, _post: Posted) -> ResponseReturnValue:
    """An answer of many megabytes: as it is, or packed to almost nothing whatever the caller says it takes."""
    blank = b" " * MEGABYTE
    count = int(plan.get("megabytes", 64))
    if plan.get("plain"):
        return Response((blank for _ in range(count)), content_type="application/json")
    packed = gzip.compress(b"".join(blank for _ in range(count)))
    return Response(packed, content_type="application/json", headers={"Content-Encoding": "gzip"})


LATE: dict[Fault, Callable[[Plan, Posted], ResponseReturnValue]] = {
    Fault.META_TIMEOUT: silent,
    Fault.META_RESET_AFTER: lambda _plan, _post: hang_up(),
    Fault.META_SLOW: slow,
    Fault.META_DRIP: dripping,
    Fault.META_BOMB: bomb,
    Fault.META_200_HTML: lambda _plan, _post: (HTML, 200),
    Fault.META_SHORT: lambda _plan, post: accepted(post, len(post.event_ids) - 1),
}
"""Faults that strike when the events are already stored: the caller is left in doubt."""


def late_fault(post: Posted) -> ResponseReturnValue | None:
    """The answer of a fault that hides a success, or None."""
    for name, answer in LATE.items():
        if (plan := world().faults.hit(name, dataset=post.dataset)) is not None:
            world().meta.close_post(post, f"accepted, {name}")
            return answer(plan, post)
    return None
