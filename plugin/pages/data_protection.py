"""GET /data-protection: what was asked for buyers' privacy, and for a data request the file that answers it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.language import N_, _
from plugin.pages import papers, words
from plugin.pages.door import Visit, merchant_only
from plugin.pages.erasing import FROM_MERCHANT
from plugin.pages.orders import typed_number
from plugin.pages.public import operator
from plugin.pages.show import field_name
from plugin.pages.stopped import stopped
from plugin.recovery.purchase import event_id
from plugin.storage import disclosure, listing, privacy
from plugin.storage.disclosure import Disclosure, Sent
from plugin.storage.listing import Wanted
from plugin.storage.privacy import Request
from plugin.translating import Translated

log = logging.getLogger(__name__)

MOST_FOUND: Final = 10
"""Orders of one number: a shop may have changed how its numbers begin."""
REQUEST_ID: Final = re.compile(r"[1-9][0-9]{0,17}")
NO_SUCH_FILE: Final = N_(
    "There is no such file here. It can be made for 90 days, from about a minute after Shopify told us of the request."
)
ABOUT: Final = N_(
    "What Conversion Backstop keeps of these orders, and what of each was sent to Meta from its server. It keeps no "
    "name, address, email or phone number; what is sent of those is hashed (SHA-256), and the hashes are erased when "
    "the order is decided. What the pixel sent from the buyer's browser stands in no file of ours."
)
_SENT: Final[Mapping[Sent, str]] = {
    Sent.NO: N_("Nothing was sent."),
    Sent.YES: N_("Sent, and taken by Meta."),
    Sent.UNDER_WAY: N_("A request is under way."),
    Sent.REFUSED: N_("Sent, and refused by Meta."),
    Sent.UNCONFIRMED: N_("A request was sent and its answer never came: Meta may or may not have it."),
}
SENT: Final = Translated(_SENT)
OF_THE_ORDER: Final = (
    N_("Order id"),
    N_("Time placed"),
    N_("Value and currency"),
    N_("Items: ids, quantities, prices"),
)
"""What of each sent order goes along, whatever is chosen."""


@merchant_only
def data_protection(visit: Visit) -> ResponseReturnValue:
    """Show the requests, the newest first, an order by its `number`, what is kept and for how long, and the papers.

    `wording`: the language of the wording for the shop's privacy policy.
    """
    number = typed_number(request.args.get("number", ""))
    shop, found = visit.shop, list[Disclosure]()
    with visit.given.database.transaction() as conn:
        requests = privacy.listed(conn, shop.id)
        if number:
            lines = listing.latest(conn, shop.id, limit=MOST_FOUND, wanted=Wanted(number=number))
            found = disclosure.of_orders(conn, shop, [line.order_id for line in lines])
    _note(visit, found, "order looked up")
    return render_template(
        "data_protection.html",
        shop=shop,
        requests=requests,
        now=visit.now,
        number=number,
        found=found,
        sent_words=SENT,
        from_merchant=FROM_MERCHANT,
        tracking_on=shop.policy.tracking_on,
        operator=operator(),
        operator_is_unknown=not visit.given.settings.operator,
        wording=papers.wording(shop, request.args.get("wording", "")),
    )


@merchant_only
def data_file(visit: Visit, request_id: str) -> ResponseReturnValue:
    """Return the file of one data request of this shop, made now."""
    if not REQUEST_ID.fullmatch(request_id):
        return stopped(NO_SUCH_FILE, HTTPStatus.NOT_FOUND)
    with visit.given.database.transaction() as conn:
        asked = privacy.one(conn, visit.shop.id, int(request_id))
        if asked is None or not asked.has_file(visit.now):
            return stopped(NO_SUCH_FILE, HTTPStatus.NOT_FOUND)
        found = disclosure.of_orders(conn, visit.shop, asked.order_ids)
    _note(visit, found, "data request")
    body = json.dumps(_file(visit, asked, found), indent=2, ensure_ascii=False)
    name = f"data-request-{asked.told_as}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, mimetype="application/json", headers=headers)


def _note(visit: Visit, found: list[Disclosure], purpose: str) -> None:
    """Write into the access log that a buyer's data was read: by whom, of which orders, and what for."""
    for each in found:
        about = {"shop_id": visit.shop.id, "order_id": each.order_id, "user_id": visit.user_id}
        log.info("customer data read", extra=about | {"purpose": purpose, "count": len(found)})


def _file(visit: Visit, asked: Request, found: list[Disclosure]) -> dict[str, Any]:
    known = {each.order_id for each in found}
    return {
        "about": _(ABOUT),
        "shop": visit.shop.domain,
        "data_request": asked.told_as,
        "asked_at": _time(asked.asked_at),
        "answer_due_at": _time(asked.due_at),
        "made_at": _time(visit.now),
        "orders": [_order(each) for each in found],
        "orders_of_which_nothing_is_kept": [str(each) for each in asked.order_ids if each not in known],
    }


def _order(told: Disclosure) -> dict[str, Any]:
    """One order: what became of it, what was sent, and what is still kept. Names of fields, never their values."""
    return {
        "order_id": str(told.order_id),
        "number": told.number,
        "placed_at": _time(told.placed_at),
        "paid_at": _time(told.paid_at),
        "total": f"{told.value} {told.currency}",
        "outcome": words.LABELS[told.outcome],
        "why": words.WHY[told.reason].full,
        "sent_to_meta": told.sent,
        "sent_to_meta_in_words": SENT[told.sent],
        "what_was_sent": None if told.sent is Sent.NO else _sent(told),
        "kept": {
            "countries_and_regions": list(told.regions),
            "choice_recorded_in_the_checkout": told.consent and asdict(told.consent),
            "hashed_until_decided": [field_name(name) for name in told.held_fields],
            "browser_ids_until_decided": told.holds_browser,
        },
    }


def _sent(told: Disclosure) -> dict[str, Any]:
    return {
        "at": told.sent_at and _time(told.sent_at),
        "to_dataset": told.dataset,
        "about_the_buyer": [field_name(name) for name in told.fields],
        "about_the_order": [_(each) for each in OF_THE_ORDER],
        "on_what_basis": told.basis and words.BASES.get(told.basis, told.basis),
        "event_id": event_id(told.order_id),
        "trace_id": told.trace_id,
    }


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
