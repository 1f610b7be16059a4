"""orders/paid: a paid order comes in."""

from __future__ import annotations

import logging
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue

from plugin.recovery import rounds
from plugin.recovery.order import Receipt, UnreadablePayload, parse_body
from plugin.services import Services, services
from plugin.storage import orders, reconciling
from webhooks.verify import Delivery, verified

OLDEST = timedelta(days=1)
"""Shopify tells a webhook again for 4 hours."""
log = logging.getLogger(__name__)
blueprint = Blueprint("orders_paid", __name__, url_prefix="/webhooks/orders")


def take(given: Services, delivery: Delivery) -> int | None:
    """Write the order of a verified delivery into the ledger, however it came here; return the shop's id.

    One that comes long after its event was lost or turned away before: others may still be missing, and are looked for.

    Raises:
        UnreadablePayload: the body is no order.
        DatabaseAway: nothing was written.
    """
    now = given.clock.now()
    told = delivery.triggered_at or now  # in a header, which the signature does not cover: believed within reason
    paid_at = told if now - OLDEST <= told <= now else now
    receipt = Receipt.from_payload(parse_body(delivery.raw), paid_at=paid_at)
    with given.database.transaction() as conn:
        shop_id = orders.record_paid(conn, given.vault, delivery.shop_domain, receipt, now)
        if shop_id is not None and delivery.triggered_at and rounds.is_overdue(delivery.triggered_at, now):
            reconciling.suspect_gap(conn, shop_id, now)
    return shop_id


@blueprint.post("/paid")
@verified
def orders_paid(delivery: Delivery) -> ResponseReturnValue:
    """Keep the order and answer (Shopify gives up after 5 s); judging it is the sweep's work.

    A shop that has left meanwhile gets 200 too: nothing to keep, nothing to repeat.
    """
    try:
        shop_id = take(services(), delivery)
    except UnreadablePayload as fault:
        log.warning("unreadable order refused", extra={"webhook_id": delivery.webhook_id})
        return str(fault), HTTPStatus.BAD_REQUEST
    log.info("paid order recorded", extra={"shop_id": shop_id, "webhook_id": delivery.webhook_id})
    return "", HTTPStatus.OK
