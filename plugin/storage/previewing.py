"""The event of an order that waits, as it would be sent now: for the merchant who wants to see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from plugin.recovery.consent import Basis, permission
from plugin.recovery.evidence import Evidence
from plugin.recovery.purchase import limited, with_browser
from plugin.storage import evidence
from plugin.storage.database import Conn
from plugin.storage.ledger import Entry, standing
from plugin.storage.orders import event_place
from plugin.storage.shops import Shop
from plugin.storage.vault import Unsealable

_LATEST = """
SELECT * FROM paid_order WHERE shop_id = %s AND outcome = 'waiting' AND sealed_event IS NOT NULL
AND switch_count = %s ORDER BY paid_at DESC, order_id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order that waits, and its event in the clear; whoever opens one says so in the access log."""

    order_id: int
    number: str
    paid_at: datetime
    event: bytes = field(repr=False)


def latest_waiting(conn: Conn, shop: Shop) -> Waiting | None:
    """Return the order paid last of those that wait with their event; None if there is none."""
    row = conn.execute(_LATEST, (shop.id, shop.switch_count)).fetchone()
    if row is None:
        return None
    entry = Entry.from_row(row)
    try:
        event = shop.key.unseal(entry.sealed_event or b"", event_place(entry.order.id))
    except Unsealable:
        return None
    if entry.first_sent_at is None:
        event = _finished(conn, shop, entry, event)
    return Waiting(entry.order.id, entry.order.number, entry.order.paid_at, limited(event, shop.fields))


def _finished(conn: Conn, shop: Shop, entry: Entry, event: bytes) -> bytes:
    """Add what the browser told by now, as the last check before a request would."""
    order, token_hash = entry.order, entry.token_hash or b""
    known = evidence.of(conn, shop.id, [token_hash]).get(token_hash, Evidence()).with_choice(entry.cart_choice)
    opted_out = standing(entry, shop).sale_opted_out
    basis = permission(known, (order.billing, order.shipping), shop.policy.terms, sale_opted_out=opted_out)
    browser = evidence.browsers_of(conn, shop, [token_hash]).get(token_hash)
    return with_browser(event, browser, ldu=isinstance(basis, Basis) and basis.ldu, ids=not known.ids_lost)
