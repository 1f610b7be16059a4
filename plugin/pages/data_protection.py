"""GET /data-protection: what was asked for buyers' privacy, and for a data request the file that answers it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from plugin.pages import words
from plugin.pages.door import Visit, merchant_only
from plugin.pages.stopped import stopped
from plugin.recovery.purchase import event_id
from plugin.storage import disclosure, privacy
from plugin.storage.disclosure import Disclosure, Sent
from plugin.storage.privacy import Request

REQUEST_ID: Final = re.compile(r"[1-9][0-9]{0,17}")
NO_SUCH_FILE: Final = (
    "There is no such file here. It can be made for 90 days, from about a minute after Shopify told us of the request."
)
ABOUT: Final = (
    "What Conversion Backstop keeps of these orders, and what of each was sent to Meta from its server. It keeps no "
    "name, address, email or phone number; what is sent of those is hashed (SHA-256), and the hashes are erased when "
    "the order is decided. What the pixel sent from the buyer's browser stands in no file of ours."
)
SENT: Final[Mapping[Sent, str]] = {
    Sent.NO: "Nothing was sent.",
    Sent.YES: "Sent, and taken by Meta.",
    Sent.UNDER_WAY: "A request is under way.",
    Sent.REFUSED: "Sent, and refused by Meta.",
    Sent.UNCONFIRMED: "A request was sent and its answer never came: Meta may or may not have it.",
}


@merchant_only
def data_protection(visit: Visit) -> ResponseReturnValue:
    """Show the requests, the newest first, and what is kept and for how long."""
    with visit.given.database.transaction() as conn:
        requests = privacy.listed(conn, visit.shop.id)
    return render_template("data_protection.html", shop=visit.shop, requests=requests, now=visit.now)


@merchant_only
def data_file(visit: Visit, request_id: str) -> ResponseReturnValue:
    """Return the file of one data request of this shop, made now."""
    if not REQUEST_ID.fullmatch(request_id):
        return stopped(NO_SUCH_FILE, HTTPStatus.NOT_FOUND)
    with visit.given.database.transaction() as conn:
        request = privacy.one(conn, visit.shop.id, int(request_id))
        if request is None or not request.has_file(visit.now):
            return stopped(NO_SUCH_FILE, HTTPStatus.NOT_FOUND)
        found = disclosure.of_orders(conn, visit.shop, request.order_ids)
    body = json.dumps(_file(visit, request, found), indent=2, ensure_ascii=False)
    name = f"data-request-{request.told_as}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, mimetype="application/json", headers=headers)


def _file(visit: Visit, request: Request, found: list[Disclosure]) -> dict[str, Any]:
    known = {each.order_id for each in found}
    return {
        "about": ABOUT,
        "shop": visit.shop.domain,
        "data_request": request.told_as,
        "asked_at": _time(request.asked_at),
        "answer_due_at": _time(request.due_at),
        "made_at": _time(visit.now),
        "orders": [_order(each) for each in found],
        "orders_of_which_nothing_is_kept": [str(each) for each in request.order_ids if each not in known],
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
        "about_the_order": ["Order id", "Time placed", "Value and currency", "Items: ids, quantities, prices"],
        "on_what_basis": told.basis and words.BASES.get(told.basis, told.basis),
        "event_id": event_id(told.order_id),
        "trace_id": told.trace_id,
    }


def field_name(name: str) -> str:
    """Return what a field of an event holds, and in which form it is sent."""
    if name in words.FIELDS:
        return f"{words.FIELDS[name]} (hashed)"
    return f"{words.AS_IS.get(name, name)} (as it is)"


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
