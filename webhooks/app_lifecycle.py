"""app/uninstalled and app/scopes_update: a store leaves, or grants something else."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint
from flask.typing import ResponseReturnValue

from plugin.recovery.order import UnreadablePayload, parse_body
from plugin.recovery.payload import moment_at
from plugin.services import services
from plugin.storage import connections, installs, locks
from webhooks.verify import Delivery, verified

log = logging.getLogger(__name__)
WAIT_FOR_FLIGHT = 3.0
"""Seconds; Shopify gives a webhook 5."""
NO_SCOPE: Final = "none"
"""Kept where nothing at all is granted; an empty text would mean that the store has not told."""
SCOPE: Final = re.compile(r"[a-z0-9_]{1,64}")
MOST_SCOPES: Final = 200
"""Shopify has about half as many."""
blueprint = Blueprint("app_lifecycle", __name__, url_prefix="/webhooks/app")


@blueprint.post("/uninstalled")
@verified
def uninstalled(delivery: Delivery) -> ResponseReturnValue:
    """Forget the store's tokens at once, and answer when no request is under way. The sweep ends what waits."""
    try:
        parse_body(delivery.raw)
    except UnreadablePayload as fault:
        return str(fault), HTTPStatus.BAD_REQUEST
    given, domain = services(), delivery.shop_domain
    with given.database.transaction() as conn:
        shop_id = connections.uninstall(conn, domain, given.clock.now(), delivery.triggered_at)
        shop_id = connections.left(conn, domain) if shop_id is None else shop_id
    try:
        if shop_id is not None:
            with locks.nothing_in_flight(given.database, shop_id, WAIT_FOR_FLIGHT):
                pass
    except locks.LockTimeout:  # Shopify comes again, and by then the request that is out has ended
        return "One request to Meta has not ended yet.", HTTPStatus.SERVICE_UNAVAILABLE
    log.info("store uninstalled", extra={"shop_id": shop_id, "webhook_id": delivery.webhook_id})
    return "", HTTPStatus.OK


@blueprint.post("/scopes_update")
@verified
def scopes_update(delivery: Delivery) -> ResponseReturnValue:
    """Note what the store grants by now; the pages name what is missing."""
    given = services()
    now = given.clock.now()
    try:
        body = parse_body(delivery.raw)
        scopes, told_at = _scopes(body), moment_at(body, "updated_at")
    except UnreadablePayload as fault:
        return str(fault), HTTPStatus.BAD_REQUEST
    with given.database.transaction() as conn:
        shop_id = installs.scopes_told(conn, delivery.shop_domain, scopes, min(told_at or now, now))
    log.info("scopes noted", extra={"shop_id": shop_id, "webhook_id": delivery.webhook_id})
    return "", HTTPStatus.OK


def _scopes(body: Mapping[str, Any]) -> str:
    """The scopes granted now, comma-separated as in a token's answer.

    Raises:
        UnreadablePayload: there is no list of scopes.
    """
    listed = body.get("current")
    if not isinstance(listed, list) or len(listed) > MOST_SCOPES:
        raise UnreadablePayload("The field current cannot be read.")
    if not all(isinstance(name, str) and SCOPE.fullmatch(name) for name in listed):
        raise UnreadablePayload("The field current cannot be read.")
    return ",".join(sorted(set(listed))) or NO_SCOPE
