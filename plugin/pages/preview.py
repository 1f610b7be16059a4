"""GET /settings/preview: the request that an order of this shop would be sent with, by the choices as they are."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, cast

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.language import N_, _
from plugin.meta.conversions import PARTNER_AGENT
from plugin.pages.door import Visit, merchant_only
from plugin.pages.identifiers import IDENTIFIERS, Identifier
from plugin.recovery.dial import HIDDEN, as_text, masked
from plugin.recovery.order import Receipt
from plugin.recovery.purchase import Browser, limited, purchase_event, with_browser
from plugin.storage import meta_test_code, previewing
from plugin.storage.previewing import Waiting
from plugin.storage.shops import Shop

log = logging.getLogger(__name__)

NOT_CHOSEN: Final = N_("Not chosen")
NOT_KNOWN: Final = N_("This order has none")
SHOWN_TO_META_ONLY: Final = N_("Sent as it is; not shown here")
_ADDRESS: Final[Mapping[str, Any]] = {
    "first_name": "Alex",
    "last_name": "Example",
    "city": "Springfield",
    "zip": "62701",
    "province_code": "IL",
    "province": "Illinois",
    "country_code": "US",
}
EXAMPLE: Final[Mapping[str, Any]] = {
    "id": 1001,
    "name": "#1001",
    "source_name": "web",
    "checkout_token": "example",
    "currency": "USD",
    "total_price": "64.90",
    "email": "alex@example.com",
    "phone": "+1 202-555-0143",
    "customer": {"id": 7001},
    "billing_address": _ADDRESS,
    "line_items": [{"product_id": 8001, "variant_id": 9001, "quantity": 1, "price": "64.90"}],
}
"""An order that nobody placed, of somebody who does not exist."""
EXAMPLE_BROWSER: Final = Browser(fbp="fb.1.0.0", fbc="fb.1.0.0", ip="1.1.1.1", user_agent="Example")
"""Stands for values that are never shown; the addresses that are kept for examples do not pass as a buyer's."""


@dataclass(frozen=True, slots=True)
class Line:
    """One identifier, and what of it would be sent."""

    identifier: Identifier
    shown: str
    is_sent: bool


@merchant_only
def preview(visit: Visit) -> ResponseReturnValue:
    """Show the latest order that waits; for want of one, an example that is called one."""
    with visit.given.database.transaction() as conn:
        waiting = previewing.latest_waiting(conn, visit.shop)
        code = meta_test_code.current(conn, visit.shop.id, visit.now)
    if waiting is not None:
        _note(visit, waiting)
    shown = masked(waiting.event if waiting else example_event(visit.shop, visit.now))
    request = {"data": [shown], "partner_agent": PARTNER_AGENT, "access_token": HIDDEN}
    return render_template(
        "preview.html",
        shop=visit.shop,
        order=waiting,
        lines=list(lines_of(shown["user_data"], visit.shop.fields)),
        request_text=as_text(request | ({"test_event_code": code.code} if code else {})),
    )


def example_event(shop: Shop, now: datetime) -> bytes:
    """Return the event of the invented order, made as a real one's is."""
    at = now.replace(microsecond=0).isoformat()
    times = {"processed_at": at, "created_at": at, "updated_at": at}
    receipt = Receipt.from_payload({**EXAMPLE, **times}, paid_at=now)
    content_ids = cast("Literal['product', 'variant']", shop.content_ids)
    event = purchase_event(receipt, fields=shop.fields, shop_url=shop.url, content_ids=content_ids)
    return limited(with_browser(event, EXAMPLE_BROWSER, ldu=False), shop.fields)


def lines_of(user_data: Mapping[str, Any], fields: frozenset[str]) -> Iterator[Line]:
    """Yield every identifier with what is sent of it, shortened, or why nothing is."""
    for each in IDENTIFIERS:
        value = user_data.get(each.name)
        if value is None:
            yield Line(each, _(NOT_KNOWN if each.name in fields else NOT_CHOSEN), is_sent=False)
        elif each.is_hashed:
            yield Line(each, ", ".join(value), is_sent=True)
        else:
            yield Line(each, _(SHOWN_TO_META_ONLY), is_sent=True)


def _note(visit: Visit, waiting: Waiting) -> None:
    """Write into the access log that a buyer's data was read: by whom, of which order, and what for."""
    about = {"shop_id": visit.shop.id, "order_id": waiting.order_id, "user_id": visit.user_id}
    log.info("customer data read", extra=about | {"purpose": "preview", "count": 1})
