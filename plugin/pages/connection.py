"""POST /connect, /disconnect and /place-pixel: the shop's dataset at Meta, and the pixel that comes with it."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import request
from flask.typing import ResponseReturnValue

from plugin.jobs import revoking
from plugin.language import _
from plugin.meta.probe import BadToken, ConnectRefused, MalformedToken, MetaAway, NoPermission, UnexpectedAnswer
from plugin.pages import placing, settings
from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.pages.stopped import SHOP_HAS_LEFT, stopped
from plugin.storage import connections, installs, locks, logins, meta_users, policy, reading, shops
from plugin.storage.connections import ByLogin
from plugin.storage.database import Conn
from plugin.storage.policy import Staff, SwitchedOff
from plugin.storage.shops import Shop
from plugin.storage.vault import Unsealable

log = logging.getLogger(__name__)

SETTINGS = "pages.settings"
ABOUT_THE_TOKEN = (MalformedToken, BadToken, NoPermission, MetaAway, UnexpectedAnswer)
"""Refusals that are shown at the token's field, the rest at the dataset's."""


@merchant_only
def connect(visit: Visit) -> ResponseReturnValue:
    """Connect a dataset by a pasted token, once Meta has taken it, and place the pixel.

    Switches nothing on: until the merchant does, tracking is the pixel's alone.
    """
    dataset, token = (request.form.get(name, "").strip() for name in ("dataset", "token"))
    try:
        visit.given.meta.probe(dataset, token, visit.now)
    except ConnectRefused as fault:
        where = "token" if isinstance(fault, ABOUT_THE_TOKEN) else "dataset"
        return settings.show(visit, errors={where: _(fault.sentence)}, typed={"dataset": dataset})
    return connected(visit, dataset, token) or stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)


def connected(
    visit: Visit, dataset: str, token: str | ByLogin, *, login_id: int | None = None
) -> ResponseReturnValue | None:
    """Keep a connection that Meta has taken the token of, place the pixel, and lead to the settings.

    Where another dataset takes the place of one, this answers when no request to the old one is under way, and none
    can start; or it says that one still is. `login_id`: the login that is used up by it; None if that was done
    meanwhile: then nothing is connected.
    """
    kept = _keep(visit, dataset, token, login_id)
    if kept is None:
        return None
    shop, has_moved = kept
    log.info("dataset connected", extra={"shop_id": shop.id, "result": shop.connection and shop.connection.kind})
    problem = placing.place(visit, shop)
    if has_moved and not _nothing_is_out(visit, shop):
        return go_on(SETTINGS, "connected_one_out")
    return go_on(SETTINGS, problem or ("connected" if shop.other_pixel is None else "renewed"))


@merchant_only
def place_pixel(visit: Visit) -> ResponseReturnValue:
    """Try once more to place the pixel of a connected shop."""
    if visit.shop.connection is None:
        return settings.show(visit, errors={"dataset": _("Connect a dataset first: the pixel reports to it.")})
    return go_on(SETTINGS, placing.place(visit, visit.shop) or "pixel_placed")


@merchant_only
def disconnect(visit: Visit) -> ResponseReturnValue:
    """Switch off, close the connection, drop what waits, take the pixel out of the shop, and give a login back."""
    closed = _close(visit)
    if closed is None:
        return stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)
    ended, by_login = closed
    log.info("dataset disconnected", extra={"shop_id": visit.shop.id, "count": ended.dropped})
    note = "disconnected_one_out" if ended.still_out else "disconnected"
    if not placing.remove(visit, visit.shop):
        note = "disconnected_pixel_left"
    if by_login is not None:
        note += _give_back(visit, by_login)
    return go_on(SETTINGS, note, ended.dropped)


def _give_back(visit: Visit, by_login: ByLogin) -> str:
    """Give a closed connection's login back; return what the notice then adds. One that is in use by now is kept."""
    with visit.given.database.transaction() as conn:
        if meta_users.in_use(conn, by_login.user_hash):
            return "_shared"
    return "" if revoking.revoke(visit.given, visit.shop.id, by_login.token) else "_not_revoked"


def _login_of(conn: Conn, shop: Shop) -> ByLogin | None:
    """The login of a shop's open connection; None if it has none, or its token does not open."""
    known = meta_users.details(conn, shop.id)
    if shop.connection is None or known is None or known.kind != connections.LOGIN:
        return None
    try:
        return ByLogin(connections.token_of(shop, shop.connection), user_hash=known.user_hash)
    except Unsealable:
        return None


def _keep(visit: Visit, dataset: str, token: str | ByLogin, login_id: int | None) -> tuple[Shop, bool] | None:
    """Store the connection; return the shop with it, and whether another dataset was connected before.

    None if the shop has left meanwhile, or the login is over. The pixel counts as not placed until it reports to this
    dataset.
    """
    with visit.given.database.transaction() as conn:
        if not reading.hold(conn, visit.shop):
            return None
        if login_id is not None and not logins.use(conn, visit.shop.id, login_id):
            return None
        shop = shops.by_domain(conn, visit.given.vault, visit.shop.domain)
        assert shop is not None  # noqa: S101 - held a line above
        has_moved = shop.connection is not None and shop.connection.dataset != dataset
        connections.connect(conn, shop, dataset, token, user_id=visit.user_id, now=visit.now)
        installs.keep_web_pixel(conn, shop.id, None)
        after = shops.by_domain(conn, visit.given.vault, shop.domain)
        assert after is not None  # noqa: S101 - held above
        return after, has_moved


def _nothing_is_out(visit: Visit, shop: Shop) -> bool:
    """Wait for a request to the dataset before, as switching off does."""
    try:
        with locks.nothing_in_flight(visit.given.database, shop.id, policy.WAIT_FOR_FLIGHT):
            return True
    except locks.LockTimeout:
        return False


def _close(visit: Visit) -> tuple[SwitchedOff, ByLogin | None] | None:
    """Close the connection with the switch off; return how switching off ended, and the login that is not needed now.

    None if the shop has left.

    Off comes first, for it waits until no request is under way. Should someone have put the switch on in between, it is
    put off again: a later connection must not find it on.
    """
    given, shop, staff = visit.given, visit.shop, Staff(visit.user_id, settings.PLACE)
    ended = policy.switch_off(given.database, given.vault, shop.id, staff, visit.now)
    with given.database.transaction() as conn:
        current = shops.by_domain(conn, given.vault, shop.domain) if reading.hold(conn, shop) else None
        if current is None:
            return None
        by_login = _login_of(conn, current)
        logins.drop(conn, shop.id)
        connections.close(conn, shop.id, visit.now)
    if current.policy.tracking_on:
        policy.switch_off(given.database, given.vault, shop.id, staff, visit.now)
    return ended, by_login
