"""POST /data-protection/erase: the merchant has one order erased. It goes the way that Shopify's own requests go."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from flask import request
from flask.typing import ResponseReturnValue

from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.pages.orders import LARGEST_ID, ORDER_ID
from plugin.pages.stopped import NO_SUCH_ORDER, NO_SUCH_PAGE, SHOP_HAS_LEFT, stopped
from plugin.recovery.privacy import PrivacyAsk, Topic
from plugin.storage import erasure, policy, privacy, reading
from plugin.storage.policy import Staff
from plugin.storage.privacy import Told

log = logging.getLogger(__name__)
PLACE: Final = "data-protection"
WHAT: Final = "order_erasure"
"""How the switch log names it. Which order it was is not written down: it is to be forgotten."""
FROM_MERCHANT: Final = "merchant-"
"""How the name of such a request begins, by which it is told once."""


@merchant_only
def erase_order(visit: Visit) -> ResponseReturnValue:
    """Write down that an order (`order`, an id; `sure`: yes) is to be erased; a worker does it within a minute.

    Its tombstone is put up at once: no webhook and no reconciliation brings it back, whatever becomes of this process.
    """
    given, shop, asked = visit.given, visit.shop, request.form.get("order", "")
    if request.form.get("sure") != "yes" or not ORDER_ID.fullmatch(asked) or int(asked) > LARGEST_ID:
        return stopped(NO_SUCH_PAGE, HTTPStatus.UNPROCESSABLE_ENTITY)
    ask = PrivacyAsk(Topic.CUSTOMER_REDACT, (int(asked),))
    told = Told(shop.domain, f"{FROM_MERCHANT}{uuid4()}", visit.now)
    with given.database.transaction() as conn:
        is_here = reading.hold(conn, shop)
        is_known = is_here and privacy.known(conn, shop.id, ask.order_ids) > 0
        if is_known:
            privacy.keep(conn, given.vault, told, ask, visit.now)
            erasure.bury(conn, shop, ask.order_ids)
            policy.record(conn, shop.id, Staff(visit.user_id, PLACE), visit.now, (WHAT, "kept", "to be erased", None))
    if not is_here:
        return stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)
    if not is_known:
        return stopped(NO_SUCH_ORDER, HTTPStatus.NOT_FOUND)
    log.info("order to be erased", extra={"shop_id": shop.id, "count": 1})
    return go_on("pages.data_protection", "erasing")
