"""app/uninstalled and app/scopes_update: a store leaves, or grants something else."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue

from plugin.recovery.order import UnreadablePayload, parse_body
from plugin.services import services
from plugin.storage import connections, locks
from webhooks.verify import Delivery, verified

log = logging.getLogger(__name__)
WAIT_FOR_FLIGHT = 3.0
"""Seconds; Shopify gives a webhook 5."""
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
