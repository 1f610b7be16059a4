"""orders/paid: a paid order comes in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from plugin.recovery import rounds
from plugin.recovery.order import Receipt, UnreadablePayload, parse_body
from plugin.services import Services, services
from plugin.shortcut import Answer, Door
from plugin.storage import orders, reconciling
from plugin.storage.connections import CLOCKS_DIFFER
from plugin.storage.grouping import Alone
from plugin.storage.intake import Incoming, record_all
from webhooks.verify import BODY_LIMIT, Delivery, admitted, verified

OLDEST = timedelta(days=1)
"""Shopify tells a webhook again for 4 hours."""
PATH = "/webhooks/orders/paid"
log = logging.getLogger(__name__)
blueprint = Blueprint("orders_paid", __name__, url_prefix="/webhooks/orders")


def take(given: Services, delivery: Delivery) -> int | None:
    """Write the order of a verified delivery into the ledger, however it came here; return the shop's id.

    One that comes long after its event was lost or turned away before: others may still be missing, and are looked for.

    Raises:
        UnreadablePayload: the body is no order.
        DatabaseAway: nothing was written.
    """
    try:
        return given.database.grouped(record_all, lambda: read(given, delivery).made())
    except Alone:
        return _take_alone(given, read(given, delivery))


def read(given: Services, delivery: Delivery) -> Incoming:
    """Read the order of a verified delivery.

    Raises:
        UnreadablePayload: the body is no order.
    """
    now = given.clock.now()
    told = delivery.triggered_at or now  # in a header, which the signature does not cover: believed within reason
    # with our own clock, where it is late, the grace period would begin before the order was paid
    paid_at = told if now - OLDEST <= told <= now + CLOCKS_DIFFER else now
    receipt = Receipt.from_payload(parse_body(delivery.raw), paid_at=paid_at)
    overdue = delivery.triggered_at is not None and rounds.is_overdue(delivery.triggered_at, now)
    return Incoming(given.vault, delivery.shop_domain, receipt, now, overdue=overdue)


def _take_alone(given: Services, one: Incoming) -> int | None:
    with given.database.transaction() as conn:
        shop_id = orders.record_paid(conn, given.vault, one.domain, one.receipt, one.now)
        if shop_id is not None and one.overdue:
            reconciling.suspect_gap(conn, shop_id, one.now)
    return shop_id


def answer(given: Services, delivery: Delivery) -> Answer:
    """Keep the order and answer (Shopify gives up after 5 s); judging it is the sweep's work.

    A shop that has left meanwhile gets 200 too: nothing to keep, nothing to repeat.
    """
    try:
        shop_id = take(given, delivery)
    except UnreadablePayload as fault:
        log.warning("unreadable order refused", extra={"webhook_id": delivery.webhook_id})
        return str(fault), HTTPStatus.BAD_REQUEST, {}
    log.debug("paid order recorded", extra={"shop_id": shop_id, "webhook_id": delivery.webhook_id})
    return "", HTTPStatus.OK, {}


@blueprint.post("/paid")
@verified
def orders_paid(delivery: Delivery) -> ResponseReturnValue:
    """The view: see `answer`."""
    return answer(services(), delivery)


def at_the_door(given: Services, environ: Mapping[str, Any], body: Callable[[], bytes]) -> Answer:
    """The same ahead of Flask: the signature first, everything else after."""
    return admitted(body(), environ, given.settings.shopify_secrets, partial(answer, given))


DOOR = Door(at_the_door, BODY_LIMIT)
