"""TEST USE ONLY: the stand-in Meta over HTTP: Graph's ``/events``, and what a test may ask of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.faults import Fault
from sandbox.history import hang_up
from sandbox.meta_answers import HTML, accepted, early_fault, late_fault, said
from sandbox.meta_rules import BAD_PROOF, BAD_TOKEN, NO_PROOF, Event, GraphError, invalid, not_reachable, refusal_of
from sandbox.world import asked, world

__all__ = ["HTML", "blueprint", "proof_fits", "said"]

blueprint = Blueprint("meta", __name__, url_prefix="/meta")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to ``/events``, read but not judged. ``events`` is None if it could not be read."""

    dataset: str
    token: str | None
    proof: str | None
    events: list[Event] | None
    partner_agent: str | None = None
    test_event_code: str | None = None


@blueprint.post("/<version>/<dataset>/events")
def events(version: str, dataset: str) -> ResponseReturnValue:
    """Take a batch of server events, whole or not at all."""
    began = time.time()
    if world().faults.hit(Fault.META_RESET_EARLY, dataset=dataset) is not None:
        return hang_up()
    if not re.fullmatch(r"v\d+\.\d+", version):
        return said(GraphError(400, 2500, "Unknown path components"))
    store, call = world().meta, read_call(dataset)
    token = store.token(call.token)
    post = store.open_post(dataset, token.id if token else None, call.events or [], began)
    store.note(post, call.partner_agent, call.test_event_code, request.environ.get("REMOTE_PORT"))
    if (early := early_fault(post)) is not None:
        return early
    if (error := judge(call)) is not None:
        store.close_post(post, f"refused {error.code}/{error.subcode}")
        return said(error)
    store.take(post, call.events or [])
    if (late := late_fault(post)) is not None:
        return late
    store.close_post(post, "accepted")
    return accepted(post, len(post.event_ids))


def read_call(dataset: str) -> Call:
    """Read the four places a token may stand in, and the three forms of ``data``."""
    body = request.get_json(silent=True) if request.is_json else None
    fields: Mapping[str, Any] = body if isinstance(body, dict) else request.form
    bearer = request.headers.get("Authorization", "")
    token = bearer.removeprefix("Bearer ") if bearer.startswith("Bearer ") else None
    return Call(
        dataset,
        token or request.args.get("access_token") or fields.get("access_token"),
        request.args.get("appsecret_proof") or fields.get("appsecret_proof"),
        read_events(fields.get("data", request.args.get("data"))),
        fields.get("partner_agent"),
        fields.get("test_event_code"),
    )


def read_events(data: Any) -> list[Event] | None:
    """Read an array of objects, an array of JSON strings, or a JSON string of either; None if it is none of them."""
    try:
        items = json.loads(data) if isinstance(data, str) else data
        read = [json.loads(item) if isinstance(item, str) else item for item in items]
    except (TypeError, ValueError):
        return None
    return read if all(isinstance(event, dict) for event in read) else None


def judge(call: Call) -> GraphError | None:
    """Judge token, then dataset, then events: a stale event proves that the first two are good."""
    store = world().meta
    token = store.token(call.token)
    if token is None:
        return BAD_TOKEN
    if call.proof is None and token.secret is not None:
        return NO_PROOF
    if call.proof is not None and not proof_fits(call.proof, token.text, token.secret):
        return BAD_PROOF
    if not store.reaches(token, call.dataset):
        return not_reachable(call.dataset)
    if call.events is None:
        return invalid(None, "", "Invalid parameter: data must be an array of events")
    return refusal_of(call.events, world().clock.now()) or planted_refusal(call)


def proof_fits(proof: str, token: str, secret: str | None) -> bool:
    """Check ``appsecret_proof``; with a token that was not minted by an app, none fits."""
    wanted = hmac.new((secret or "").encode(), token.encode(), hashlib.sha256).hexdigest()
    return secret is not None and hmac.compare_digest(proof.encode(), wanted.encode())


def planted_refusal(call: Call) -> GraphError | None:
    """Refuse a batch with a certain order in it, if a test asked for that."""
    plan = world().faults.peek(Fault.META_REJECT, dataset=call.dataset)
    if plan is None:
        return None
    poison = {str(order) for order in [plan.get("order"), *plan.get("orders", [])] if order is not None}
    ending = str(plan.get("ending", ""))
    bad = (n for n, event in enumerate(call.events or []) if is_about(event, poison) and ends_with(event, ending))
    index = next(bad, None)
    if index is None or world().faults.hit(Fault.META_REJECT, dataset=call.dataset) is None:
        return None
    refusal = invalid(int(plan.get("subcode", 2804007)), "Refused as the test asked")
    named = (("data", str(index + int(plan.get("off_by", 0))), "event_id"),) if plan.get("blame") else ()
    return replace(refusal, code=int(plan.get("code", 100)), blamed=named)


def is_about(event: Event, orders: set[str]) -> bool:
    """Whether the event is about one of the orders; no order named: any event is."""
    custom = event.get("custom_data")
    order_id = str(custom.get("order_id")) if isinstance(custom, dict) else ""
    event_id = str(event.get("event_id", ""))
    return not orders or order_id in orders or event_id.rpartition(".")[2] in orders


def ends_with(event: Event, ending: str) -> bool:
    """Whether the event's id ends with these digits; every event's does with none."""
    return str(event.get("event_id", "")).endswith(ending)


@blueprint.get("/received.json")
def received() -> ResponseReturnValue:
    """Every event and every request; ``?after=N`` gives only later events, ``?requests_after=N`` later requests.

    ``?limit=N``: the first of them, for who reads page by page.
    """
    store, limit = world().meta, request.args.get("limit", None, int)
    after, later = request.args.get("after", 0, int), request.args.get("requests_after", 0, int)
    return jsonify(test_use_only=True, events=store.events_json(after, limit), requests=store.posts_json(later, limit))


@blueprint.get("/datasets")
def datasets() -> ResponseReturnValue:
    """Every pair of dataset and token."""
    return jsonify(test_use_only=True, datasets=world().meta.datasets_json())


@blueprint.post("/datasets")
def change_datasets() -> ResponseReturnValue:
    """Register ``{"dataset", "token"}``; or ``"revoke": true`` the token, or ``"remove": true`` the dataset."""
    wish, store = asked(), world().meta
    dataset, token = wish.get("dataset"), wish.get("token")
    if wish.get("revoke"):
        return jsonify(revoked=store.revoke(dataset, token))
    if wish.get("remove"):
        store.remove(str(dataset))
        return jsonify(removed=dataset)
    if not (isinstance(dataset, str) and dataset.isdigit() and isinstance(token, str) and token):
        return jsonify(error="dataset is a string of digits, token a non-empty string"), 400
    known = store.register(dataset, token, label=str(wish.get("label", "")), secret=wish.get("app_secret"))
    return jsonify(dataset=dataset, token_id=known.id)
