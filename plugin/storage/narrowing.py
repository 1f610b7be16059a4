"""Sending less from now on: fewer identifiers, no limited data use any more, or nothing without a recorded consent.

Works as switching off does. The choice is committed first: from then on the last check before each request cuts every
event to it, so that nothing taken back leaves, whatever becomes of this process. Then, with no request under way, what
waits is rewritten; should that break off, the sweep goes on with it. Sending more only concerns orders that come later:
what was not kept of an order cannot be sent.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from psycopg.rows import DictRow

from plugin.recovery.dial import matchable
from plugin.recovery.purchase import BROWSER_FIELDS, is_limited, limited, with_browser
from plugin.recovery.verdict import Outcome, Reason, Verdict
from plugin.storage import evidence, shops
from plugin.storage.database import Conn, Database
from plugin.storage.ledger import UNKNOWN_END, Entry, Judged, judge, write
from plugin.storage.orders import event_place
from plugin.storage.shops import Shop
from plugin.storage.vault import Unsealable, Vault

log = logging.getLogger(__name__)
BATCH = 500
"""Orders rewritten in one transaction: others of the shop wait for no longer than that takes."""
NOTHING_LEFT: Final = Verdict(Outcome.WITHHELD, Reason.NO_MATCH_DATA)

_WAITING = """
SELECT o.*, a.post_started IS NOT NULL AS started FROM paid_order o
LEFT JOIN attempt a ON a.shop_id = o.shop_id AND a.attempt = o.attempt
WHERE o.shop_id = %s AND o.outcome = 'waiting' AND o.sealed_event IS NOT NULL AND o.order_id > %s
ORDER BY o.order_id LIMIT %s FOR UPDATE OF o
"""
_REWRITE = """
UPDATE paid_order SET sealed_event = %s, has_match_data = %s
WHERE shop_id = %s AND order_id = %s AND outcome = 'waiting' AND sealed_event IS NOT NULL
"""


def choose_fields(conn: Conn, shop_id: int, fields: Sequence[str], *, sends_less: bool) -> None:
    """Keep which identifiers are sent. `sends_less`: something is taken back, so what waits is to be rewritten."""
    conn.execute(
        "UPDATE shop_policy SET fields = %s, erase_pending = erase_pending OR %s WHERE shop_id = %s",
        (list(fields), sends_less, shop_id),
    )


def last_check(shop: Shop, change: Judged, event: bytes) -> tuple[Judged, bytes | None]:
    """Return what may leave of an event that is about to be sent; None, with the order's end, if nothing may.

    The last word before a request, under the sending lock: by the shop's policy as it is now, whatever it was when the
    event was sealed. What may have reached Meta goes again with the same bytes, or not at all.
    """
    allowed = limited(event, shop.fields)
    if change.verdict.ldu and not is_limited(allowed):
        allowed = with_browser(allowed, None, ldu=True)
    if allowed == event:
        return change, event
    if change.entry.in_doubt_since is not None:
        return replace(change, verdict=UNKNOWN_END), None
    return (change, allowed) if matchable(allowed) else (replace(change, verdict=NOTHING_LEFT), None)


def stand_of(conn: Conn, shop_id: int) -> DictRow | None:
    """Return by what the orders that wait are about to be erased and rewritten."""
    return conn.execute(
        "SELECT switch_count, fields, ldu, consent_mode FROM shop_policy WHERE shop_id = %s", (shop_id,)
    ).fetchone()


def nothing_pending(conn: Conn, shop_id: int, stand: DictRow | None) -> None:
    """Note that it is done, unless the merchant has chosen anew meanwhile: then the next round goes on."""
    conn.execute(
        "UPDATE shop_policy SET erase_pending = false WHERE shop_id = %(shop_id)s AND switch_count = %(switch_count)s"
        " AND fields = %(fields)s AND ldu = %(ldu)s AND consent_mode = %(consent_mode)s",
        {"shop_id": shop_id, **(stand or dict.fromkeys(("switch_count", "fields", "ldu", "consent_mode")))},
    )


def rewrite_waiting(database: Database, vault: Vault, shop_id: int, now: datetime) -> int:
    """Cut the events that wait to what the policy allows, and judge their orders anew; return how many were cut.

    The caller holds the sending lock alone, so no request is under way. An event that may have reached Meta is not
    rewritten: its order ends failed / unconfirmed. Safe to repeat.
    """
    cut, after = 0, 0
    while True:
        with database.transaction() as conn:
            shop = shops.by_id(conn, vault, shop_id)
            rows = [] if shop is None else conn.execute(_WAITING, (shop_id, after, BATCH)).fetchall()
            if shop is not None:
                cut += _rewrite(conn, shop, rows, now)
        if len(rows) < BATCH:
            return cut
        after = rows[-1]["order_id"]


_FRESH = """
SELECT * FROM paid_order WHERE shop_id = %s AND outcome = 'waiting' AND reason = 'grace_period' AND attempt IS NULL
    AND look_at <= %s AND sealed_event IS NOT NULL AND in_doubt_since IS NULL
ORDER BY look_at LIMIT %s FOR UPDATE SKIP LOCKED
"""


def cut_fresh(conn: Conn, shop: Shop, now: datetime, limit: int) -> int:
    """Cut what intake sealed by older choices than the shop's; return how many events were.

    An intake that was under way while the merchant chose less commits after the rewriting. So the sweep's first look at
    an order, seconds after it came in, cuts it; nothing that came before holds up the merchant's choice.
    """
    entries = [Entry.from_row(row) for row in conn.execute(_FRESH, (shop.id, now, limit)).fetchall()]
    cut = {entry.order.id: event for entry in entries if (event := _cut(shop, entry)) is not None}
    changed = [entry for entry in entries if entry.order.id in cut]
    _seal_anew(conn, shop, [replace(entry, has_match_data=matchable(cut[entry.order.id])) for entry in changed], cut)
    return len(cut)


def _rewrite(conn: Conn, shop: Shop, rows: Sequence[DictRow], now: datetime) -> int:
    if not shop.fields.intersection(BROWSER_FIELDS):
        evidence.forget_browsers(conn, shop.id)
    entries = [_as_it_stands(row) for row in rows]
    cut = {entry.order.id: event for entry in entries if (event := _cut(shop, entry)) is not None}
    entries = [
        replace(entry, has_match_data=matchable(cut[entry.order.id]))
        if entry.order.id in cut and entry.in_doubt_since is None
        else entry
        for entry in entries
    ]
    _seal_anew(conn, shop, [entry for entry in entries if entry.in_doubt_since is None], cut)
    judged = [_ended(change, cut) for change in judge(conn, shop, entries, now)]
    write(conn, shop, [change for change in judged if change.verdict.outcome is not Outcome.WAITING], now)
    return len(cut)


def _as_it_stands(row: DictRow) -> Entry:
    """A row; where its request had begun and nobody is there to settle it, Meta may have it."""
    entry = Entry.from_row(row)
    return replace(entry, in_doubt_since=entry.in_doubt_since or (entry.first_sent_at if row["started"] else None))


def _cut(shop: Shop, entry: Entry) -> bytes | None:
    """What is left of an order's event; None if nothing has to go. One that does not open is not for this to settle."""
    try:
        event = shop.key.unseal(entry.sealed_event or b"", event_place(entry.order.id))
    except Unsealable:
        log.exception("event does not open", extra={"shop_id": shop.id, "order_id": entry.order.id})
        return None
    allowed = limited(event, shop.fields)
    return None if allowed == event else allowed


def _seal_anew(conn: Conn, shop: Shop, entries: Sequence[Entry], cut: Mapping[int, bytes]) -> None:
    values = [
        (shop.key.seal(cut[order_id], event_place(order_id)), entry.has_match_data, shop.id, order_id)
        for entry in entries
        if (order_id := entry.order.id) in cut
    ]
    if values:
        with conn.cursor() as cursor:
            cursor.executemany(_REWRITE, values)


def _ended(change: Judged, cut: Mapping[int, bytes]) -> Judged:
    """Unless the table ends it anyway, an order in doubt whose bytes may go no more ends here."""
    stopped = change.entry.order.id in cut and change.entry.in_doubt_since is not None
    return replace(change, verdict=UNKNOWN_END) if stopped and change.verdict.outcome is Outcome.WAITING else change
