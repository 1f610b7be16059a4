"""What the pages show, one question a function. Nothing here writes; `hold` keeps a shop as it is until the commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from plugin.recovery.outcomes import Reason
from plugin.storage import evidence, ledger
from plugin.storage.attempts import Attempt, attempts_of
from plugin.storage.database import Conn
from plugin.storage.entries import choice_of
from plugin.storage.listing import OrderLine
from plugin.storage.shops import Shop


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of an order's checkout, in words and times; no ids."""

    delivery: str | None = None
    consent: Mapping[str, bool] | None = None
    stages: tuple[str, ...] = ()
    first_at: datetime | None = None
    last_at: datetime | None = None
    from_cart: bool = False
    """The choice is what the cart told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStory:
    """Everything that the ledger tells of one order. No buyer data: of the sealed event only whether there is one."""

    line: OrderLine
    placed_at: datetime
    decided_at: datetime | None
    regions: tuple[str, ...]
    first_sent_at: datetime | None
    in_doubt_since: datetime | None
    basis: str | None
    fields_sent: tuple[str, ...]
    code: str | None
    trace_id: str | None
    holds_event: bool
    kept_event: bool
    """The event is kept, or was until the order was decided."""
    told_by_webhook: bool
    needs_word: bool
    """It is held, and the merchant has not said what to do."""
    again: bool
    """It was decided anew when the last 7 days were recovered."""
    sale_opted_out: bool | None
    seen: Seen
    attempts: tuple[Attempt, ...]


_AS_THEY_ARE = (
    *("placed_at", "decided_at", "first_sent_at", "in_doubt_since"),
    *("basis", "code", "trace_id", "holds_event", "again", "sale_opted_out"),
)
"""Columns that a story has under their own names."""


def order(conn: Conn, shop_id: int, order_id: int) -> OrderStory | None:
    """Return what the ledger tells of one order of this shop, late evidence included; None if it has no such order."""
    row = conn.execute(
        "SELECT *, sealed_event IS NOT NULL AS holds_event FROM paid_order WHERE shop_id = %s AND order_id = %s",
        (shop_id, order_id),
    ).fetchone()
    if row is None:
        return None
    return OrderStory(
        **{name: row[name] for name in _AS_THEY_ARE},
        line=OrderLine.from_row(row),
        regions=tuple(sorted({row["billing_region"], row["shipping_region"]} - {None})),
        fields_sent=tuple(row["fields_sent"] or ()),
        kept_event=row["first_sent_at"] is not None or (row["switch_count"] is not None and not row["again"]),
        told_by_webhook=row["told_by"] == "webhook",
        needs_word=row["reason"] == Reason.HELD and row["attempt"] is None and not row["released"],
        seen=_seen(conn, shop_id, row),
        attempts=tuple(attempts_of(conn, shop_id, order_id)) if row["attempts"] else (),
    )


def known_id(conn: Conn, domain: str) -> int | None:
    """Return the id of a shop that is or once was installed."""
    row = conn.execute("SELECT id FROM shop WHERE domain = %s", (domain,)).fetchone()
    return None if row is None else int(row["id"])


def hold(conn: Conn, shop: Shop) -> bool:
    """Keep a shop's row still until the commit; False if it has left, or was installed anew, since it was read."""
    row = conn.execute(
        "SELECT generation FROM shop WHERE id = %s AND uninstalled_at IS NULL FOR NO KEY UPDATE", (shop.id,)
    ).fetchone()
    return row is not None and row["generation"] == shop.generation


def _seen(conn: Conn, shop_id: int, row: DictRow) -> Seen:
    token_hash = None if row["token_hash"] is None else bytes(row["token_hash"])
    found = evidence.of(conn, shop_id, {token_hash} if token_hash else ())
    if token_hash in found:
        return _from_summary(ledger.summary_of(found[token_hash].with_choice(choice_of(row)), row["order_id"]))
    return _from_summary(row["summary"] or {})


def _from_summary(summary: Mapping[str, Any]) -> Seen:
    seen = Seen(summary.get("delivery"), summary.get("consent"), tuple(summary.get("stages") or ()))
    first, last = summary.get("first_at"), summary.get("last_at")
    if first and last:
        seen = replace(seen, first_at=datetime.fromisoformat(first), last_at=datetime.fromisoformat(last))
    return replace(seen, from_cart=bool(summary.get("from_cart")))
