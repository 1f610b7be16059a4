"""Connecting by Facebook's login, as far as it happens in the admin: begun here, and ended by choosing a dataset."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from plugin.language import N_, _
from plugin.meta import login
from plugin.meta.probe import DATASET_ID, ConnectRefused
from plugin.pages import connection, settings
from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.pages.stopped import SHOP_HAS_LEFT, stopped
from plugin.storage import logins, reading
from plugin.storage.connections import ByLogin
from plugin.storage.logins import Granted

log = logging.getLogger(__name__)

CHOOSE_ONE: Final = N_("Choose a dataset from the list.")
LOGIN_OVER: Final = N_("This login is over, and nothing was connected. Please log in with Facebook again.")


@merchant_only
def start_login(visit: Visit) -> ResponseReturnValue:
    """Begin a login: answer with the address that a window of its own is to open."""
    if not visit.given.settings.offers_login:
        raise NotFound
    with visit.given.database.transaction() as conn:
        ticket = logins.start(conn, visit.shop, visit.user_id, visit.now) if reading.hold(conn, visit.shop) else None
    if ticket is None:
        return stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)
    log.info("login begun", extra={"shop_id": visit.shop.id})
    return jsonify(url=visit.given.settings.url + url_for("facebook.ask_leave", ticket=ticket))


@merchant_only
def login_state(visit: Visit) -> ResponseReturnValue:
    """Say how far this staff user's login has come, and where their page goes on once it has ended."""
    with visit.given.database.transaction() as conn:
        state, problem = logins.latest(conn, visit.shop, visit.user_id, visit.now)
    note = f"login_{problem}" if problem else None
    return jsonify(state=state, go=url_for("pages.settings", note=note))


@merchant_only
def find_dataset(visit: Visit) -> ResponseReturnValue:
    """Show the settings with those datasets that fit a search."""
    return settings.show(visit, typed={"find": request.form.get("find", "")})


@merchant_only
def choose_dataset(visit: Visit) -> ResponseReturnValue:
    """Connect the dataset that was chosen, once Meta has taken the login's token for it, and place the pixel."""
    with visit.given.database.transaction() as conn:
        granted = logins.granted(conn, visit.shop, visit.user_id, visit.now)
    if granted is None:
        return settings.show(visit, errors={"facebook": _(LOGIN_OVER)})
    dataset = request.form.get("dataset", "").strip()
    if not DATASET_ID.fullmatch(dataset):
        return settings.show(visit, errors={"facebook": _(CHOOSE_ONE)})
    try:
        visit.given.meta.probe(dataset, granted.token, visit.now, of_app=True)
    except ConnectRefused as fault:
        log.warning("dataset not connected", extra={"shop_id": visit.shop.id, "error": type(fault).__name__})
        return settings.show(visit, errors={"facebook": _(fault.after_login or fault.sentence)})
    done = connection.connected(visit, dataset, _token(visit, granted, dataset), login_id=granted.id)
    return settings.show(visit, errors={"facebook": _(LOGIN_OVER)}) if done is None else done


@merchant_only
def cancel_login(visit: Visit) -> ResponseReturnValue:
    """Forget a login that was not used, its token with it."""
    with visit.given.database.transaction() as conn:
        logins.drop(conn, visit.shop.id, visit.user_id)
    return go_on("pages.settings", "login_cancelled")


def _token(visit: Visit, granted: Granted, dataset: str) -> ByLogin:
    found = login.dataset_of(visit.given.graph, granted.token, dataset)
    name = None if found is None else found.name
    return ByLogin(granted.token, name, granted.business, granted.expires_at, granted.user_hash)
