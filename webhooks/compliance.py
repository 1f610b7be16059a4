"""customers/data_request, customers/redact and shop/redact: what Shopify asks for somebody's privacy."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue

from plugin.recovery.order import UnreadablePayload, parse_body
from plugin.recovery.privacy import PrivacyAsk
from plugin.services import services
from plugin.storage import privacy
from webhooks.verify import Delivery, verified

log = logging.getLogger(__name__)
blueprint = Blueprint("compliance", __name__, url_prefix="/webhooks")


@blueprint.post("/compliance")
@verified
def compliance(delivery: Delivery) -> ResponseReturnValue:
    """Write the request down and answer; upkeep does what it asks for.

    A shop of which nothing is kept gets 200 too: there is nothing to tell, nothing to erase, and nothing is written.
    """
    try:
        ask = PrivacyAsk.from_payload(delivery.topic, delivery.shop_domain, parse_body(delivery.raw))
    except UnreadablePayload as fault:
        log.warning("unreadable privacy request refused", extra={"webhook_id": delivery.webhook_id})
        return str(fault), HTTPStatus.BAD_REQUEST
    given = services()
    told = privacy.Told(delivery.shop_domain, ask.told_as or delivery.webhook_id, delivery.triggered_at)
    with given.database.transaction() as conn:
        shop_id = privacy.keep(conn, given.vault, told, ask, given.clock.now())
    said = {"shop_id": shop_id, "webhook_id": delivery.webhook_id, "topic": ask.topic}
    log.info("privacy request taken", extra=said)
    return "", HTTPStatus.OK
