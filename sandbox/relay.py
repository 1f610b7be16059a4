"""TEST USE ONLY: the way of the pixel's evidence posts to the app, so that a test can lose them on it."""

from __future__ import annotations

import json
from typing import Any

import requests
from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from sandbox.faults import Fault
from sandbox.history import hang_up
from sandbox.reach import call
from sandbox.visit import Visit
from sandbox.world import world

blueprint = Blueprint("relay", __name__, url_prefix="/relay")

TIMEOUT = (3.0, 30.0)
PASSED_ON = ("Content-Type", "Origin", "User-Agent", "Access-Control-Request-Method", "Access-Control-Request-Headers")
HOP_BY_HOP = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding", "keep-alive"})


@blueprint.route("/<name>/<path:path>", methods=["GET", "POST", "OPTIONS"], provide_automatic_options=False)
def forward(name: str, path: str) -> ResponseReturnValue:
    """Pass one request of a visit on to the app, as from the buyer's browser, and its answer back."""
    visit: Visit | None = world().visits.get(name)
    if visit is None:
        abort(404, "no such visit")
    if is_lost(visit):
        return hang_up()
    headers = {key: request.headers[key] for key in PASSED_ON if key in request.headers}
    if visit.sale.buyer.browser_ip:
        headers["X-Forwarded-For"] = visit.sale.buyer.browser_ip
    url = f"{visit.collector}/{path}"
    try:
        answer = call(request.method, url, headers, data=request.get_data(), timeout=TIMEOUT)
    except requests.RequestException:
        return hang_up()  # the browser learns no more either
    kept = [(key, value) for key, value in answer.headers.items() if key.lower() not in HOP_BY_HOP]
    return Response(answer.content, answer.status_code, kept)


def is_lost(visit: Visit) -> bool:
    """Whether this post is to get lost on the way."""
    if visit.strikes(Fault.EVIDENCE_LOST):
        return True
    return stage() == "checkout_completed" and visit.strikes(Fault.EVIDENCE_LOST_PURCHASE)


def stage() -> Any:
    """Which stage the post is about; None if it does not say."""
    try:
        body = json.loads(request.get_data())
    except ValueError:
        return None
    return body.get("stage") if isinstance(body, dict) else None
