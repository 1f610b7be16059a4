"""POST /connect, /disconnect and /place-pixel: the shop's dataset at Meta, and the pixel that comes with it."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import request
from flask.typing import ResponseReturnValue

from plugin.meta.probe import BadToken, ConnectRefused, MalformedToken, MetaAway, NoPermission, UnexpectedAnswer
from plugin.pages import placing, settings
from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.pages.stopped import SHOP_HAS_LEFT, stopped
from plugin.storage import connections, installs, policy, reading, shops
from plugin.storage.policy import Staff, SwitchedOff
from plugin.storage.shops import Shop

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
        return settings.show(visit, errors={where: fault.sentence}, typed={"dataset": dataset})
    shop = _keep(visit, dataset, token)
    if shop is None:
        return stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)
    log.info("dataset connected", extra={"shop_id": shop.id})
    done = "connected" if shop.other_pixel is None else "renewed"
    return go_on(SETTINGS, placing.place(visit, shop) or done)


@merchant_only
def place_pixel(visit: Visit) -> ResponseReturnValue:
    """Try once more to place the pixel of a connected shop."""
    if visit.shop.connection is None:
        return settings.show(visit, errors={"dataset": "Connect a dataset first: the pixel reports to it."})
    return go_on(SETTINGS, placing.place(visit, visit.shop) or "pixel_placed")


@merchant_only
def disconnect(visit: Visit) -> ResponseReturnValue:
    """Switch off, close the connection, drop what waits, and take the pixel out of the shop."""
    ended = _close(visit)
    if ended is None:
        return stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)
    log.info("dataset disconnected", extra={"shop_id": visit.shop.id, "count": ended.dropped})
    if not placing.remove(visit, visit.shop):
        return go_on(SETTINGS, "disconnected_pixel_left")
    return go_on(SETTINGS, "disconnected_one_out" if ended.still_out else "disconnected", ended.dropped)


def _keep(visit: Visit, dataset: str, token: str) -> Shop | None:
    """Store the connection; return the shop with it, None if it has left meanwhile.

    The pixel counts as not placed until it reports to this dataset.
    """
    with visit.given.database.transaction() as conn:
        if not reading.hold(conn, visit.shop):
            return None
        shop = shops.by_domain(conn, visit.given.vault, visit.shop.domain)
        assert shop is not None  # noqa: S101 - held a line above
        connections.connect(conn, shop, dataset, token, user_id=visit.user_id, now=visit.now)
        installs.keep_web_pixel(conn, shop.id, None)
        return shops.by_domain(conn, visit.given.vault, shop.domain)


def _close(visit: Visit) -> SwitchedOff | None:
    """Close the connection with the switch off; return how switching off ended, None if the shop has left.

    Off comes first, for it waits until no request is under way. Should someone have put the switch on in between, it is
    put off again: a later connection must not find it on.
    """
    given, shop, staff = visit.given, visit.shop, Staff(visit.user_id, settings.PLACE)
    ended = policy.switch_off(given.database, given.vault, shop.id, staff, visit.now)
    with given.database.transaction() as conn:
        current = shops.by_domain(conn, given.vault, shop.domain) if reading.hold(conn, shop) else None
        if current is None:
            return None
        connections.close(conn, shop.id, visit.now)
    if current.policy.tracking_on:
        policy.switch_off(given.database, given.vault, shop.id, staff, visit.now)
    return ended
