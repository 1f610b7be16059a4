"""TEST USE ONLY: what the stand-in Meta tells of a dataset: counts of events, and how good they are.

Everything is counted from what it really received, by its own clock, copies included: so does Meta's overview.
"""

from __future__ import annotations

import re
import secrets
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.clock import iso
from sandbox.faults import Fault
from sandbox.meta import proof_fits, said
from sandbox.meta_rules import BAD_PROOF, BAD_TOKEN, HASHED, NO_PROOF, PLAIN, Event, GraphError, not_reachable
from sandbox.meta_store import DEFAULT_DATASET
from sandbox.world import asked, world

blueprint = Blueprint("meta_reports", __name__, url_prefix="/meta")

Json = dict[str, Any]

WINDOW = timedelta(days=7)
SOURCES = {"WEB_ONLY": ("browser",), "SERVER_ONLY": ("server",), "": ("browser", "server")}
GOAL = 75
MOST = 1000
OTHER_AGENT = "othersender_2_1"
DENIED = GraphError(403, 200, "(#200) Requires ads_read permission to read the dataset")
AWAY = GraphError(500, 2, "Service temporarily unavailable", transient=True)
NO_DATASET = GraphError(400, 100, "Invalid parameter", 2044055, "Unknown dataset")
MISSPELT = GraphError(400, 100, "(#100) Tried accessing nonexisting field (dedup_key_feedback)")
TOO_FAR_BACK = GraphError(400, 100, "(#100) start_time must lie within the last 7 days")


@blueprint.get("/<version>/<dataset>/stats")
def stats(version: str, dataset: str) -> ResponseReturnValue:  # noqa: ARG001 - any version answers alike
    """Count events: ``event_total_counts`` over the whole time, or ``event`` by the hour."""
    if (error := unreadable(dataset)) is not None:
        return said(error)
    fields, now = request.args, world().clock.now()
    start, end = moment(fields.get("start_time"), now - WINDOW), moment(fields.get("end_time"), now)
    by_hour = {"event": True, "event_total_counts": False}.get(fields.get("aggregation", "event"))
    sources = SOURCES.get(fields.get("event_source", ""))
    if start is None or end is None or by_hour is None or sources is None:
        return said(GraphError(400, 100, "Invalid parameter"))
    if start < now - WINDOW:
        return said(TOO_FAR_BACK)
    found = [one for one in received(dataset, fields.get("agent", "")) if one["source"] in sources]
    inside = [one for one in found if start <= at_of(one) <= end]
    return jsonify(data=counted(inside, start, by_hour=by_hour), paging={})


@blueprint.get("/<version>/dataset_quality")
def dataset_quality(version: str) -> ResponseReturnValue:  # noqa: ARG001
    """Mark the server events of the last 7 days, by name; ``agent_name`` keeps those of one sender."""
    dataset, fields = request.args.get("dataset_id", ""), request.args.get("fields", "")
    if (error := unreadable(dataset)) is not None:
        return said(NO_DATASET if error.subcode == not_reachable(dataset).subcode else error)
    if "dedup_key_feedback" in fields:
        return said(MISSPELT)
    since = world().clock.now() - WINDOW
    young = [one for one in received(dataset) if at_of(one) >= since]
    agent = request.args.get("agent_name", "")
    servers = [one for one in young if one["source"] == "server" and agent in ("", one["agent"])]
    names = sorted({one["event_name"] for one in servers})
    return jsonify(web=[marks(name, servers, [one for one in young if one["source"] == "browser"]) for name in names])


@blueprint.post("/other-sender")
def other_sender() -> ResponseReturnValue:
    """Let somebody else send ``purchases`` (1) to ``dataset``, as ``agent``; their event ids are their own."""
    wish, here = asked(), world()
    dataset, count = str(wish.get("dataset", DEFAULT_DATASET)), wish.get("purchases", 1)
    if not isinstance(count, int) or not 1 <= count <= MOST:
        return jsonify(error=f"purchases is 1 to {MOST}"), 400
    events = [strangers_purchase(here.clock.now()) for _ in range(count)]
    post = here.meta.open_post(dataset, None, events, time.time())
    here.meta.note(post, str(wish.get("agent", OTHER_AGENT)), None)
    here.meta.take(post, events)
    here.meta.close_post(post, "accepted")
    return jsonify(test_use_only=True, dataset=dataset, purchases=count)


def unreadable(dataset: str) -> GraphError | None:
    """Why this request may not read the dataset, or None."""
    here, bearer = world(), request.headers.get("Authorization", "")
    text = bearer.removeprefix("Bearer ") if bearer.startswith("Bearer ") else request.args.get("access_token")
    token, proof = here.meta.token(text), request.args.get("appsecret_proof")
    if here.faults.hit(Fault.REPORTS_500, dataset=dataset) is not None:
        return AWAY
    if token is None:
        return BAD_TOKEN
    if proof is None and token.secret is not None:
        return NO_PROOF
    if proof is not None and not proof_fits(proof, token.text, token.secret):
        return BAD_PROOF
    if not here.meta.reaches(token, dataset):
        return not_reachable(dataset)
    return DENIED if here.faults.hit(Fault.REPORTS_DENIED, dataset=dataset) is not None else None


def received(dataset: str, agent: str = "") -> list[Json]:
    """The dataset's events with their ``agent``; of one agent only, if it is named. None, if a test asked for that."""
    here = world()
    if here.faults.hit(Fault.REPORTS_EMPTY, dataset=dataset) is not None:
        return []
    agents = {post["n"]: agent_name(post["partner_agent"]) for post in here.meta.posts_json(dataset=dataset)}
    events = [one | {"agent": agents.get(one["request"], "")} for one in here.meta.events_json(dataset=dataset)]
    return [one for one in events if agent in ("", one["agent"])]


def agent_name(partner_agent: str | None) -> str:
    """A ``partner_agent`` as figures are filtered by it: in lower case, without the version."""
    return re.sub(r"(_\d+){1,2}$", "", (partner_agent or "").lower())


def moment(text: str | None, default: datetime) -> datetime | None:
    """Read unix seconds or an ISO time; None if it is neither."""
    if not text:
        return default
    try:
        return datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None


def at_of(event: Json) -> datetime:
    """When it came, by the sandbox's clock."""
    return datetime.fromisoformat(event["received_at"])


def counted(events: Iterable[Json], start: datetime, *, by_hour: bool) -> list[Json]:
    """Graph's buckets: one for the whole time, or one an hour; none without events."""
    buckets: dict[datetime, Counter[str]] = {}
    for one in events:
        hour = at_of(one).replace(minute=0, second=0, microsecond=0) if by_hour else start
        buckets.setdefault(hour, Counter())[one["event_name"]] += 1
    return [
        {
            "start_time": hour.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "aggregation": "event" if by_hour else "event_total_counts",
            "data": [{"value": name, "count": count} for name, count in sorted(names.items())],
        }
        for hour, names in sorted(buckets.items())
    ]


def marks(name: str, servers: list[Json], browsers: list[Json]) -> Json:
    """The marks of one event's name: Meta's own formula for the score is unknown, this one grows with what is sent."""
    ours = [one for one in servers if one["event_name"] == name]
    theirs = [one for one in browsers if one["event_name"] == name]
    shared = {one["event_id"] for one in ours if one["event_id"]}
    covered = percent([one["event_id"] in shared for one in theirs])
    sent = Counter(key for one in ours for key in one["payload"].get("user_data", {}) if key in HASHED | PLAIN)
    score = min(10.0, round(sum(sent.values()) / len(ours), 1))
    key = {
        "dedupe_key": "event_id",
        "browser_events_with_dedupe_key": {"percentage": percent([bool(one["event_id"]) for one in theirs])},
        "server_events_with_dedupe_key": {"percentage": percent([bool(one["event_id"]) for one in ours])},
        "overall_browser_coverage_from_dedupe_key": {"percentage": covered},
    }
    feedback = [{"identifier": key, "coverage": {"percentage": 100 * n / len(ours)}} for key, n in sorted(sent.items())]
    return {
        "event_name": name,
        "event_match_quality": {"composite_score": score, "match_key_feedback": feedback},
        "event_coverage": {"percentage": covered, "goal_percentage": GOAL},
        "dedupe_key_feedback": [key],
    }


def percent(held: list[bool]) -> float:
    """The share of those that hold; of none, 0."""
    return round(100 * sum(held) / len(held), 1) if held else 0.0


def strangers_purchase(now: datetime) -> Event:
    """A good purchase that another program sends."""
    return {
        "event_name": "Purchase",
        "event_time": int(now.timestamp()),
        "event_id": secrets.token_hex(12),
        "action_source": "website",
        "event_source_url": "https://lantern.example/",
        "user_data": {"external_id": [secrets.token_hex(32)], "client_user_agent": f"Sender/2 ({iso(now)})"},
        "custom_data": {"value": 20, "currency": "EUR"},
    }
