"""Connecting: once a day each connection is tried without an order, so that its end is known before orders wait for it.

The trial is the stale event that Meta refuses for its age; of a login's token Meta is also asked what it is good for.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import procrastinate

from plugin.jobs import each, revoking
from plugin.meta import login
from plugin.meta.errors import Cause, MetaDisconnected, MetaError
from plugin.meta.graph import TokenState
from plugin.meta.probe import CAUSES, ConnectRefused
from plugin.recovery import rounds
from plugin.services import Services
from plugin.storage import connections, logins, meta_users, shops
from plugin.storage.shops import MetaConnection, Shop
from plugin.storage.vault import Unsealable

log = logging.getLogger(__name__)

EXPIRED: Final = "token_expired"
"""Beside the causes that an answer of Meta's can name: a login's token has come to the end that was told with it."""
EXPIRED_SUBCODE: Final = 463
NEEDED: Final = frozenset({"ads_read", "ads_management"})
"""One of these lets a token of our app send events (Meta, "Conversions API integration template")."""


LANES: Final = 2
"""Checks at once: the other slots of a worker are left to judging and sending."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found: a cause if Meta turns the connection down; `known` False if it did not say."""

    cause: str | None = None
    known: bool = True
    state: TokenState | None = None


def due(given: Services) -> list[int]:
    """Return the shops whose connection is to be checked."""
    with given.database.transaction() as conn:
        return meta_users.to_check(conn, given.clock.now())


def check(given: Services, shop_id: int) -> None:
    """Try a shop's connection; break it with its cause, or mend it where Meta takes it again."""
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, shop_id)
    if shop is None or shop.connection is None:
        return
    found = _try(given, shop, shop.connection)
    now = given.clock.now()
    with given.database.transaction() as conn:
        if not meta_users.is_unchanged(conn, shop.id, shop.connection):
            return  # it has another token by now, or is closed: nothing that was found is true of it
        if found.state is not None:
            secret = given.settings.meta_app_secret
            user_hash = login.user_hash(secret, found.state.user_id) if found.state.user_id else None
            meta_users.keep_told(conn, shop.id, shop.connection.id, found.state.expires_at, user_hash)
        if not found.known:
            meta_users.look_again(conn, shop.id, shop.connection.id, now + rounds.LONG_REST)
        elif found.cause is None:
            connections.works(conn, shop.id, shop.connection.id, now)
        else:
            connections.turned_down(conn, shop.id, shop.connection.id, found.cause, now)
    log.info("connection checked", extra={"shop_id": shop.id, "result": found.cause or _word(found)})


def tidy(given: Services) -> None:
    """Forget logins that are over by time, and give back those of shops that have left."""
    revoking.give_back(given)
    with given.database.transaction() as conn:
        forgotten = logins.drop_old(conn, given.clock.now())
    if forgotten:
        log.info("logins forgotten", extra={"count": forgotten})


def _try(given: Services, shop: Shop, connection: MetaConnection) -> Found:
    try:
        token = connections.token_of(shop, connection)
    except Unsealable:
        return Found(Cause.TOKEN_REVOKED)
    by_login = connection.kind == connections.LOGIN
    state = _inspect(given, shop, token) if by_login else None
    now = given.clock.now()
    if state is not None and (cause := _cause(state, now)):
        return Found(cause, state=state)
    try:
        given.meta.probe(connection.dataset, token, now, of_app=by_login)
    except ConnectRefused as fault:
        cause = CAUSES.get(type(fault))
        return Found(cause, known=cause is not None, state=state)
    return Found(state=state)


def _inspect(given: Services, shop: Shop, token: str) -> TokenState | None:
    """What Meta says of a login's token; None if it does not: then the trial alone decides."""
    if not given.settings.offers_login:
        return None
    try:
        return given.graph.inspect(token)
    except MetaError as fault:
        is_ours = isinstance(fault, MetaDisconnected)  # our app's own secret is wrong: every shop's check would say so
        level = logging.ERROR if is_ours else logging.WARNING
        log.log(level, "token not inspected", extra={"shop_id": shop.id, "code": fault.code, "subcode": fault.subcode})
        return None


def _cause(state: TokenState, now: datetime) -> str | None:
    if not state.is_valid:
        is_over = state.subcode == EXPIRED_SUBCODE or (state.expires_at is not None and state.expires_at <= now)
        return EXPIRED if is_over else Cause.TOKEN_REVOKED
    return Cause.PERMISSION_LOST if state.scopes and not state.scopes & NEEDED else None


def _word(found: Found) -> str:
    return "works" if found.known else "not known"


def register(queue: procrastinate.App, given: Services) -> None:
    """Add the tasks: each connection's check as a job of its own, and the tidying."""

    @queue.periodic(cron="*/10 * * * *")
    @queue.task(name="connections", queue="sweep", queueing_lock="connections")
    async def check_all(timestamp: int) -> None:  # noqa: ARG001 - the queue's own argument
        await each.wake(given, due, check_one, lambda shop_id: f"connection-{shop_id % LANES}")

    @queue.task(name="check_connection", queue="meta")
    def check_one(shop_id: int) -> None:
        check(given, shop_id)

    @queue.periodic(cron="* * * * *")
    @queue.task(name="tidy_logins", queue="sweep", queueing_lock="tidy_logins", lock="tidy_logins")
    def tidy_logins(timestamp: int) -> None:  # noqa: ARG001 - the queue's own argument
        tidy(given)
