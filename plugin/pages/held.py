"""POST /orders/held and /orders/<id>/held: the merchant's word on orders that Meta might count twice."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.pages.orders import LARGEST_ID, ORDER_ID
from plugin.pages.stopped import NO_SUCH_PAGE, SHOP_HAS_LEFT, stopped
from plugin.storage import held, reading, shops
from plugin.storage.held import FINGERPRINT, Held, Said, Word
from plugin.storage.policy import Staff

log = logging.getLogger(__name__)
SHOWN = re.compile(f"[0-9a-f]{{{FINGERPRINT}}}")


@merchant_only
def say_to_held(visit: Visit, order_id: str = "") -> ResponseReturnValue:
    """Send or close (`word`) one held order, or all of them; `shown`: which ones the page showed."""
    form = request.form
    shown = form.get("shown", "")
    if form.get("word") not in set(Word) or not (order_id or SHOWN.fullmatch(shown)):
        return stopped(NO_SUCH_PAGE, HTTPStatus.UNPROCESSABLE_ENTITY)
    if order_id and not (ORDER_ID.fullmatch(order_id) and int(order_id) <= LARGEST_ID):
        raise NotFound
    said = Said(Word(form["word"]), int(order_id) if order_id else None, shown)
    staff = Staff(visit.user_id, "order" if said.order_id else "orders")
    with visit.given.database.transaction() as conn:
        shop = shops.by_domain(conn, visit.given.vault, visit.shop.domain) if reading.hold(conn, visit.shop) else None
    if shop is None:
        return stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)
    return _told(visit, said, held.say(visit.given.database, shop, staff, visit.now, said))


def _told(visit: Visit, said: Said, done: Held | None) -> ResponseReturnValue:
    count = 0 if done is None else done.count
    log.info("merchant's word on held orders", extra={"shop_id": visit.shop.id, "count": count, "result": said.word})
    code = "held_more" if done is None else f"held_{said.word}"
    if said.order_id is None:
        return go_on("pages.orders", code, count)
    return go_on("pages.order", code, count, order_id=said.order_id)
