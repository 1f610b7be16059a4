"""POST /pixel/evidence: what our web pixel saw in one checkout. Public, and nobody vouches for it."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from plugin.recovery.evidence import Post, UnreadablePost
from plugin.recovery.outcomes import Outcome
from plugin.recovery.post import MAX_POST_BYTES
from plugin.recovery.purchase import Browser
from plugin.services import Services, services
from plugin.storage import evidence, ledger, shops

blueprint = Blueprint("pixel", __name__, url_prefix="/pixel")
ANYONE = {"Access-Control-Allow-Origin": "*"}
MOST_OF_A_USER_AGENT = 1024


def take(given: Services, raw: bytes, *, ip: str | None, user_agent: str | None) -> None:
    """Keep one post, however it came here, and settle the order that it speaks of.

    A post that names no shop of ours is dropped without a word: a stranger learns nothing.

    Raises:
        UnreadablePost: it is none of our pixel's.
        DatabaseAway: nothing was written.
    """
    post = Post.from_json(raw)
    now = given.clock.now()
    with given.evidence_database.transaction() as conn:
        shop = shops.by_ingest_key(conn, given.vault, post.key)
        if shop is None:
            return
        orders = ledger.of_checkout(conn, shop.id, shop.key.lookup_hash(post.token))
        waits = not orders or any(order.outcome is Outcome.WAITING for order in orders)
        browser = Browser(post.fbp, post.fbc, ip, user_agent, post.url) if waits else None
        evidence.keep(conn, shop, post, browser, now)
        if evidence.settles(post):
            ledger.settle_by_evidence(conn, shop, orders, now)


@blueprint.post("/evidence", provide_automatic_options=False)
def take_evidence() -> ResponseReturnValue:
    """Answer 204 to every well-formed post, known shop or not; 400 or 413 to anything else."""
    try:
        request.max_content_length = MAX_POST_BYTES
        raw = request.get_data(cache=False)
        take(services(), raw, ip=_public_ip(), user_agent=_user_agent())
    except RequestEntityTooLarge:
        return "The post is larger than 16 KiB.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, ANYONE
    except UnreadablePost as fault:
        return str(fault), HTTPStatus.BAD_REQUEST, ANYONE
    return "", HTTPStatus.NO_CONTENT, ANYONE


@blueprint.route("/evidence", methods=["OPTIONS"])
def preflight() -> ResponseReturnValue:
    """Our pixel's posts need no preflight; a browser that sends one all the same is let through."""
    headers = ANYONE | {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type"}
    return "", HTTPStatus.NO_CONTENT, headers


def _public_ip() -> str | None:
    """The buyer's address: never that of a machine of ours, which would match the wrong person."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return None
    return str(address) if address.is_global else None


def _user_agent() -> str | None:
    text = request.user_agent.string
    return text if 0 < len(text) <= MOST_OF_A_USER_AGENT and text.isprintable() else None
