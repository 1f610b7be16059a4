"""Sending, as far as the database goes: claim by lease, then the last check before the POST."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from plugin.recovery.purchase import fields_of, with_browser
from plugin.recovery.verdict import Outcome, Reason, Verdict
from plugin.storage import connections, evidence, shops
from plugin.storage.database import Conn
from plugin.storage.ledger import UNKNOWN_END, Entry, Judged, judge, write
from plugin.storage.orders import event_place
from plugin.storage.shops import MetaConnection, Shop
from plugin.storage.vault import Unsealable, Vault

log = logging.getLogger(__name__)
DEADLINE = timedelta(seconds=43)
"""A POST begins within 5 s of its commit or not at all; connect 3 s, read 30 s, slack 5 s."""
BATCH = 200
"""Orders in one request; a crash puts at most these in doubt."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Orders that one worker holds for the length of a lease."""

    shop_id: int
    attempt: UUID
    order_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """A request that may start now: commit it, then send it within 5 s."""

    claim: Claim
    connection: MetaConnection
    token: str = field(repr=False)
    events: tuple[bytes, ...] = field(repr=False)


_DUE = """
outcome = 'waiting' AND attempt IS NULL AND reason IN ('sending', 'meta_unavailable')
    AND NOT EXISTS (SELECT FROM meta_connection c WHERE c.shop_id = o.shop_id AND c.until_at IS NULL
        AND c.paused_until > %(now)s)
"""
_TO_SEND = (
    f"SELECT shop_id FROM paid_order o WHERE {_DUE} AND look_at <= %(now)s GROUP BY shop_id ORDER BY min(look_at)"  # noqa: S608 - put together from constants of this file
)
_CLAIM = f"""
UPDATE paid_order SET attempt = %(attempt)s, lease_until = now() + %(lease)s
WHERE shop_id = %(shop_id)s AND order_id IN (
    SELECT order_id FROM paid_order o WHERE shop_id = %(shop_id)s AND {_DUE}
        AND (look_at <= %(now)s OR order_id = ANY(%(only)s))
        AND (%(only)s::bigint[] IS NULL OR order_id = ANY(%(only)s))
    ORDER BY placed_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING order_id, generation
"""  # noqa: S608 - put together from constants of this file


def to_send(conn: Conn, now: datetime) -> list[int]:
    """Return the ids of shops with orders to send, the longest waiting first."""
    return [row["shop_id"] for row in conn.execute(_TO_SEND, {"now": now}).fetchall()]


def claim(
    conn: Conn, shop_id: int, now: datetime, *, lease: timedelta, only: Sequence[int] | None = None
) -> Claim | None:
    """Claim up to BATCH due orders, oldest first (`only`: these, whether due or not); None if there are none."""
    attempt = uuid4()
    rows = conn.execute(
        _CLAIM,
        {
            "attempt": attempt,
            "shop_id": shop_id,
            "now": now,
            "lease": lease,
            "limit": BATCH,
            "only": None if only is None else list(only),
        },
    ).fetchall()
    if not rows:
        return None
    conn.execute(
        "INSERT INTO attempt (shop_id, attempt, generation, count, claimed_at) VALUES (%s, %s, %s, %s, now())",
        (shop_id, attempt, rows[0]["generation"], len(rows)),
    )
    return Claim(shop_id, attempt, tuple(row["order_id"] for row in rows))


def locked(conn: Conn, held: Claim) -> list[Entry]:
    """Return the orders that an attempt still holds, locked."""
    rows = conn.execute(
        "SELECT * FROM paid_order WHERE shop_id = %s AND attempt = %s ORDER BY placed_at FOR UPDATE",
        (held.shop_id, held.attempt),
    ).fetchall()
    return [Entry.from_row(row) for row in rows]


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
    for change, event in zip(go, events, strict=True):
        _mark_started(conn, shop, change, event, (now, lease))
    digest = hashlib.sha256(b"\n".join(events)).digest()
    conn.execute(
        "UPDATE attempt SET connection_id = %s, count = %s, digest = %s, post_started = now(), deadline = now() + %s"
        " WHERE shop_id = %s AND attempt = %s",
        (shop.connection.id, len(go), digest, min(DEADLINE, lease), shop.id, held.attempt),
    )
    sent = replace(held, order_ids=tuple(change.entry.order.id for change in go))
    return Post(sent, shop.connection, token, tuple(events))


def _ready(conn: Conn, shop: Shop, held: Claim, now: datetime) -> tuple[str, list[Judged], list[bytes]] | None:
    """The token, the orders to send and their final bytes; everything else that was claimed is settled here."""
    token = _token(conn, shop, now)
    if token is None:  # its connection is marked as broken now: read it again, so that the orders wait for a new one
        shop = replace(shop, policy=replace(shop.policy, connection_broken=True))
    judged = judge(conn, shop, locked(conn, held), now)
    pairs = _finished(conn, shop, [change for change in judged if change.verdict.reason is Reason.SENDING])
    go = {change.entry.order.id: event for change, event in pairs if event is not None}
    lost = [replace(change, verdict=_unreadable(change)) for change, event in pairs if event is None]
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


def _finished(conn: Conn, shop: Shop, due: Sequence[Judged]) -> list[tuple[Judged, bytes | None]]:
    """The bytes to send: what left once leaves again unchanged; what never left gets what the browser told by now."""
    fresh = [
        change.entry.token_hash for change in due if change.entry.first_sent_at is None and change.entry.token_hash
    ]
    browsers = evidence.browsers_of(conn, shop, fresh) if fresh else {}
    pairs: list[tuple[Judged, bytes | None]] = []
    for change in due:
        entry = change.entry
        try:
            event = shop.key.unseal(entry.sealed_event or b"", event_place(entry.order.id))
        except Unsealable:
            log.exception("event does not open", extra={"shop_id": shop.id, "order_id": entry.order.id})
            pairs.append((change, None))
            continue
        if entry.first_sent_at is None:
            event = with_browser(event, browsers.get(entry.token_hash or b""), ldu=change.verdict.ldu)
        pairs.append((change, event))
    return pairs


def _unreadable(change: Judged) -> Verdict:
    """An event that does not open is lost: as if it had never been kept."""
    return UNKNOWN_END if change.entry.in_doubt_since else Verdict(Outcome.MISSED, Reason.TRACKING_OFF)


_MARK = """
UPDATE paid_order SET reason = 'sending', lease_until = now() + %s, first_sent_at = coalesce(first_sent_at, %s),
    sealed_event = %s, basis = %s, fields_sent = %s, attempts = attempts || attempt
WHERE shop_id = %s AND order_id = %s
"""


def _mark_started(conn: Conn, shop: Shop, change: Judged, event: bytes, when: tuple[datetime, timedelta]) -> None:
    """Note that an order leaves now, with which fields and on which basis; its lease begins anew."""
    order_id, (now, lease) = change.entry.order.id, when
    sealed = shop.key.seal(event, event_place(order_id))
    conn.execute(_MARK, (lease, now, sealed, change.verdict.basis, fields_of(event), shop.id, order_id))


def _close_unstarted(conn: Conn, held: Claim) -> None:
    conn.execute(
        "UPDATE attempt SET result = 'not_started', ended_at = now()"
        " WHERE shop_id = %s AND attempt = %s AND result IS NULL",
        (held.shop_id, held.attempt),
    )
