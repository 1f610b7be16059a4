"""app/uninstalled and app/scopes_update: a store leaves, or grants something else."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue

from plugin.recovery.order import UnreadablePayload, parse_body
from plugin.services import services
from plugin.storage import connections
from webhooks.verify import Delivery, verified

log = logging.getLogger(__name__)
blueprint = Blueprint("app_lifecycle", __name__, url_prefix="/webhooks/app")


@blueprint.post("/uninstalled")
@verified
def uninstalled(delivery: Delivery) -> ResponseReturnValue:
    """Forget the store's tokens at once; from the commit on nothing starts. The sweep ends what waits."""
    try:
        parse_body(delivery.raw)
    except UnreadablePayload as fault:
        return str(fault), HTTPStatus.BAD_REQUEST
    given = services()
    with given.database.transaction() as conn:
        shop_id = connections.uninstall(conn, delivery.shop_domain, given.clock.now())
    log.info("store uninstalled", extra={"shop_id": shop_id, "webhook_id": delivery.webhook_id})
    return "", HTTPStatus.OK
