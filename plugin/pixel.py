"""POST /pixel/evidence: what our web pixel saw in one checkout. Public, and nobody vouches for it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from plugin.flood import RECOUNT, Gate, NoPlace, TooMany
from plugin.recovery.evidence import Post, UnreadablePost
from plugin.recovery.outcomes import Outcome
from plugin.recovery.post import MAX_POST_BYTES
from plugin.recovery.purchase import Browser
from plugin.services import Services, services
from plugin.shortcut import Answer, Door
from plugin.storage import cart_ids, evidence, ledger, shops
from plugin.storage.database import DatabaseAway
from plugin.storage.evidence import Arrival, Kept, day_of
from plugin.storage.grouping import Alone
from plugin.storage.posts import Incoming, keep_all
from plugin.storage.shops import Shop

PATH = "/pixel/evidence"
ANYONE = {"Access-Control-Allow-Origin": "*"}
MOST_OF_A_USER_AGENT = 1024

blueprint = Blueprint("pixel", __name__)


def take(given: Services, raw: bytes, *, ip: str | None, user_agent: str | None) -> None:
    """Keep one post, however it came here, and settle the order that it speaks of.

    A post that names no shop of ours is dropped without a word: a stranger learns nothing.

    Raises:
        UnreadablePost: it is none of our pixel's.
        TooMany: nothing was written; there are too many posts, or too many new checkouts, of its shop.
        DatabaseAway: nothing was written.
    """
    post = Post.from_json(raw)
    settles = evidence.settles(post)
    given.gate.admit_key(post.key, settling=settles)
    arrival = Arrival(post, given.clock.now(), Browser(post.fbp, post.fbc, ip, user_agent, post.url))
    kept = _kept(given, arrival, settles=settles)
    if kept is not None:
        _count(given, kept[0].id, day_of(arrival.at), kept[1])


def _kept(given: Services, arrival: Arrival, *, settles: bool) -> tuple[Shop, Kept] | None:
    """Keep a post together with others of this moment, where nothing stands against it."""

    def has_room(shop_id: int) -> bool:
        return given.gate.room.is_open(shop_id, day_of(arrival.at), settling=settles)

    if not evidence.refuses(arrival.post):
        one = Incoming(given.vault, arrival, has_room)
        with suppress(Alone):
            ended = given.evidence_database.grouped(keep_all, one.made)
            if not isinstance(ended, Alone):
                return ended
    return _kept_alone(given, arrival, has_room, settles=settles)


def _kept_alone(
    given: Services, arrival: Arrival, has_room: Callable[[int], bool], *, settles: bool
) -> tuple[Shop, Kept] | None:
    """Keep a post by itself, and settle the orders that it speaks of."""
    post = arrival.post
    with given.evidence_database.transaction() as conn:
        shop = shops.by_ingest_key(conn, given.vault, post.key)
        if shop is None:
            return None
        orders = ledger.of_checkout(conn, shop.id, shop.key.lookup_hash(post.token))
        waits = not orders or any(order.outcome is Outcome.WAITING for order in orders)
        known = replace(arrival, browser=arrival.browser if waits else None, has_room=bool(orders) or has_room(shop.id))
        kept = evidence.keep(conn, shop, known)
        if settles and orders:
            ledger.settle_by_evidence(conn, shop, orders, arrival.at)
        if evidence.refuses(post):
            cart_ids.forget(conn, shop, orders)
    return shop, kept


def _count(given: Services, shop_id: int, day: date, kept: Kept) -> None:
    """Count a checkout that was added, and from time to time all of them, after the post is safe."""
    room = given.gate.room
    if kept is Kept.ADDED:
        room.add(shop_id, day)
    if room.claims_count(shop_id, day, given.gate.clock()):
        with given.evidence_database.transaction() as conn:
            room.counted(shop_id, day, **evidence.count(conn, shop_id, day))
    if kept is Kept.NO_ROOM:
        raise TooMany(RECOUNT)


@contextmanager
def _place(gate: Gate) -> Iterator[None]:
    """Hold one of the gate's places, from before the body is read: it may come slowly, or never."""
    try:
        with gate.place():
            yield
    except NoPlace as full:
        if gate.is_away():  # those who hold the places wait for the database
            raise DatabaseAway("no place") from full
        raise
    except DatabaseAway:
        gate.note_away()
        raise


def answer(given: Services, environ: Mapping[str, Any], body: Callable[[], bytes]) -> Answer:
    """Answer 204 to every well-formed post, known shop or not; 400, 415 or 429 to anything else."""
    address = environ.get("REMOTE_ADDR")
    try:
        given.gate.admit_address(address)
        if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in {"", "identity"}:
            return "A post is not compressed.", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, ANYONE
        with _place(given.gate):
            take(given, body(), ip=_public_ip(address), user_agent=_user_agent(environ))
    except UnreadablePost as fault:
        return str(fault), HTTPStatus.BAD_REQUEST, ANYONE
    except TooMany as fault:
        return str(fault), HTTPStatus.TOO_MANY_REQUESTS, ANYONE | {"Retry-After": str(fault.retry_after)}
    return "", HTTPStatus.NO_CONTENT, ANYONE


DOOR = Door(answer, MAX_POST_BYTES)
"""The same ahead of Flask."""


@blueprint.post(PATH, provide_automatic_options=False)
def take_evidence() -> ResponseReturnValue:
    """The view: see `answer`. 413 to what is larger than a post."""
    try:
        return answer(services(), request.environ, _body)
    except RequestEntityTooLarge:
        return "The post is larger than 16 KiB.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@blueprint.route(PATH, methods=["OPTIONS"])
def preflight() -> ResponseReturnValue:
    """Our pixel's posts need no preflight; a browser that sends one all the same is let through."""
    headers = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type"}
    return "", HTTPStatus.NO_CONTENT, headers


@blueprint.after_app_request
def answer_anyone(response: Response) -> Response:
    """Let every page read the answer, whatever it is; one that no view of ours gave (405, 503) too."""
    if request.path == PATH:
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _body() -> bytes:
    """Read the body. One byte more than may be is read: a stream without a stated length is cut there unseen."""
    request.max_content_length = MAX_POST_BYTES + 1
    raw = request.get_data(cache=False)
    if len(raw) > MAX_POST_BYTES:
        raise RequestEntityTooLarge
    return raw


def _public_ip(text: str | None) -> str | None:
    """The buyer's address: never that of a machine of ours, which would match the wrong person."""
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    return str(address) if address.is_global else None


def _user_agent(environ: Mapping[str, Any]) -> str | None:
    text: str = environ.get("HTTP_USER_AGENT", "")
    return text if 0 < len(text) <= MOST_OF_A_USER_AGENT and text.isprintable() else None
