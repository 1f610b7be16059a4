"""Sending, as far as the database goes: the last check of what was claimed, and the bytes that leave."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from plugin import metrics
from plugin.recovery.purchase import Browser, fields_of, with_browser
from plugin.recovery.soundness import flaw_of
from plugin.recovery.verdict import Outcome, Reason, Verdict
from plugin.storage import connections, evidence, meta_test_code, narrowing, shops
from plugin.storage.claiming import Claim, claim, to_send
from plugin.storage.database import Conn
from plugin.storage.ledger import UNKNOWN_END, Entry, Judged, judge, write
from plugin.storage.orders import event_place
from plugin.storage.shops import MetaConnection, Shop
from plugin.storage.vault import Unsealable, Vault

__all__ = ["Claim", "Post", "claim", "locked", "start_post", "to_send"]

log = logging.getLogger(__name__)
DEADLINE = timedelta(seconds=43)
"""A POST begins within 5 s of its commit or not at all; connect 3 s, read 30 s, slack 5 s."""
REJECTED = Verdict(Outcome.FAILED, Reason.REJECTED_BY_META)


@dataclass(frozen=True, slots=True)
class Post:
    """A request that may start now: commit it, then send it within 5 s."""

    claim: Claim
    connection: MetaConnection
    token: str = field(repr=False)
    events: tuple[bytes, ...] = field(repr=False)
    test_code: str = ""


def locked(conn: Conn, held: Claim) -> list[Entry]:
    """Return the orders that an attempt still holds, the oldest first; locked in the order of ids, as by all others."""
    rows = conn.execute(
        "SELECT * FROM paid_order WHERE shop_id = %s AND attempt = %s ORDER BY order_id FOR UPDATE",
        (held.shop_id, held.attempt),
    ).fetchall()
    return sorted((Entry.from_row(row) for row in rows), key=lambda entry: (entry.order.placed_at, entry.order.id))


def taken_back(conn: Conn, held: Claim) -> list[Entry]:
    """Return the orders that an attempt sent and then lost by its lease, and no other has begun to send; locked.

    A claim that has not begun may be anywhere before its start: that locks the same rows, and finds them gone.
    """
    lines = conn.execute(
        "SELECT * FROM paid_order WHERE shop_id = %(shop)s AND order_id = ANY(%(orders)s) AND outcome = 'waiting'"
        " AND attempt IS DISTINCT FROM %(mine)s AND %(mine)s = ANY(attempts) ORDER BY order_id FOR UPDATE",
        {"shop": held.shop_id, "orders": list(held.order_ids), "mine": held.attempt},
    ).fetchall()
    begun = conn.execute(  # a look of its own, after the locks: the first one may be from before another's start
        "SELECT attempt FROM attempt WHERE shop_id = %s AND attempt = ANY(%s) AND post_started IS NOT NULL",
        (held.shop_id, [line["attempt"] for line in lines if line["attempt"] is not None]),
    ).fetchall()
    sent_by_others = {line["attempt"] for line in begun}
    return [Entry.from_row(line) for line in lines if line["attempt"] not in sent_by_others]


def start_post(conn: Conn, vault: Vault, held: Claim, now: datetime, lease: timedelta) -> Post | None:
    """Judge the claimed orders once more, make their final bytes, and mark the request as started.

    Orders that are no longer to be sent are settled or put back. The caller holds the sending lock and commits before
    the request starts. None if nothing is left to send.
    """
    shop = shops.by_id(conn, vault, held.shop_id)
    ready = None if shop is None else _ready(conn, shop, held, now)
    if shop is None or shop.connection is None or ready is None:
        _close_unstarted(conn, held)
        return None
    token, go, events = ready
    _mark_started(conn, shop, list(zip(go, events, strict=True)), (now, lease))
    digest = hashlib.sha256(b"\n".join(events)).digest()
    conn.execute(
        "UPDATE attempt SET connection_id = %s, count = %s, digest = %s, post_started = now(), deadline = now() + %s"
        " WHERE shop_id = %s AND attempt = %s",
        (shop.connection.id, len(go), digest, min(DEADLINE, lease), shop.id, held.attempt),
    )
    sent = replace(held, order_ids=tuple(change.entry.order.id for change in go))
    code = meta_test_code.current(conn, shop.id, now)
    return Post(sent, shop.connection, token, tuple(events), code.code if code else "")


def _ready(conn: Conn, shop: Shop, held: Claim, now: datetime) -> tuple[str, list[Judged], list[bytes]] | None:
    """The token, the orders to send and their final bytes; everything else that was claimed is settled here."""
    token = _token(conn, shop, now)
    if token is None:  # its connection is marked as broken now: read it again, so that the orders wait for a new one
        shop = replace(shop, policy=replace(shop.policy, connection_broken=True))
    judged = judge(conn, shop, locked(conn, held), now)
    pairs = _finished(conn, shop, [change for change in judged if change.verdict.reason is Reason.SENDING], now)
    go = {change.entry.order.id: event for change, event in pairs if event is not None}
    lost = [change for change, event in pairs if event is None]
    write(conn, shop, [change for change in judged if change.verdict.reason is not Reason.SENDING] + lost, now)
    kept = [change for change in judged if change.entry.order.id in go]
    return (token, kept, list(go.values())) if token is not None and kept else None


def _token(conn: Conn, shop: Shop, now: datetime) -> str | None:
    """The connection's token; one that does not open is as good as revoked, for the merchant can paste it anew."""
    if shop.connection is None:
        return None
    try:
        return connections.token_of(shop, shop.connection)
    except Unsealable:
        log.exception("token does not open", extra={"shop_id": shop.id})
        connections.mark_broken(conn, shop.id, shop.connection, "token_revoked", now)
        return None


def _finished(conn: Conn, shop: Shop, due: Sequence[Judged], now: datetime) -> list[tuple[Judged, bytes | None]]:
    """The bytes to send: what left once leaves again unchanged; what never left gets what the browser told by now.

    None, with its end as the verdict, where nothing may be sent.
    """
    fresh = [
        change.entry.token_hash for change in due if change.entry.first_sent_at is None and change.entry.token_hash
    ]
    browsers = evidence.browsers_of(conn, shop, fresh) if fresh else {}
    return [_finish(shop, change, browsers.get(change.entry.token_hash or b""), now) for change in due]


def _finish(shop: Shop, change: Judged, browser: Browser | None, now: datetime) -> tuple[Judged, bytes | None]:
    entry = change.entry
    said = {"shop_id": shop.id, "order_id": entry.order.id}
    try:
        event = shop.key.unseal(entry.sealed_event or b"", event_place(entry.order.id))
    except Unsealable:
        log.exception("event does not open", extra=said)
        return replace(change, verdict=_unreadable(change)), None
    if (flaw := flaw_of(event, now)) is not None:  # of our own making: it would take its whole batch with it
        log.error("event of ours is not sound", extra=said | {"code": flaw.code})
        return replace(change, verdict=UNKNOWN_END if entry.in_doubt_since else REJECTED, code=flaw.code), None
    if entry.first_sent_at is None:
        event = with_browser(event, browser, ldu=change.verdict.ldu, ids=not change.evidence.ids_lost)
    return narrowing.last_check(shop, change, event)


def _unreadable(change: Judged) -> Verdict:
    """An event that does not open is lost: as if it had never been kept."""
    return UNKNOWN_END if change.entry.in_doubt_since else Verdict(Outcome.MISSED, Reason.TRACKING_OFF)


_MARK = """
UPDATE paid_order SET reason = 'sending', lease_until = now() + %s, first_sent_at = coalesce(first_sent_at, %s),
    sealed_event = %s, basis = %s, fields_sent = %s, attempts = attempts || attempt
WHERE shop_id = %s AND order_id = %s
"""


def _mark_started(
    conn: Conn, shop: Shop, leaving: Sequence[tuple[Judged, bytes]], when: tuple[datetime, timedelta]
) -> None:
    """Note which orders leave now, with which fields and on which basis; their lease begins anew."""
    now, lease = when
    again = [change.entry.released for change, _ in leaving if change.entry.in_doubt_since]
    metrics.reposts("released", sum(again))
    metrics.reposts("unanswered", len(again) - sum(again))
    lines = []
    for change, event in leaving:
        order_id = change.entry.order.id
        sealed = shop.key.seal(event, event_place(order_id))
        lines.append((lease, now, sealed, change.verdict.basis, fields_of(event), shop.id, order_id))
    with conn.cursor() as cursor:
        cursor.executemany(_MARK, lines)


def _close_unstarted(conn: Conn, held: Claim) -> None:
    conn.execute(
        "UPDATE attempt SET result = 'not_started', ended_at = now()"
        " WHERE shop_id = %s AND attempt = %s AND result IS NULL",
        (held.shop_id, held.attempt),
    )
