"""Erasing an order on its buyer's request, and a shop after it has left. What was erased does not come back."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from psycopg import sql
from psycopg.rows import DictRow
from sqlalchemy import Column, ColumnElement

from plugin.recovery.verdict import Outcome, Reason, Verdict
from plugin.storage import ledger, privacy
from plugin.storage.database import Conn
from plugin.storage.ledger import UNKNOWN_END, Entry
from plugin.storage.models import Base, ShopRow
from plugin.storage.orders import order_hash
from plugin.storage.shops import Shop

ERASED = Verdict(Outcome.WITHHELD, Reason.ERASED)
MEMORY = ("id", "domain", "generation")
"""What stays of an erased shop, with the date: a late webhook then finds nothing to change."""
DATES = ("installed_at", "uninstalled_at", "erased_at")


def bury(conn: Conn, shop: Shop, order_ids: Sequence[int]) -> None:
    """Put up the tombstones, whether the orders have come in or not. Committed before anything is erased."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tombstone (shop_id, hash) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [(shop.id, order_hash(shop.key, order_id)) for order_id in order_ids],
        )


def forget(conn: Conn, shop: Shop, order_ids: Sequence[int], now: datetime, *, held_too: bool) -> int:
    """Erase orders with their evidence, waiting ones after they were settled; return how many. The day totals stay.

    `held_too`: the caller holds the sending lock alone, so no attempt is under way; otherwise orders held by one stay.
    """
    rows = conn.execute(
        "SELECT o.*, a.post_started IS NOT NULL AS started FROM paid_order o"
        " LEFT JOIN attempt a ON a.shop_id = o.shop_id AND a.attempt = o.attempt"
        " WHERE o.shop_id = %s AND o.order_id = ANY(%s) AND (%s OR o.attempt IS NULL) FOR UPDATE OF o",
        (shop.id, list(order_ids), held_too),
    ).fetchall()
    waiting = [_entry(row) for row in rows if row["outcome"] == Outcome.WAITING]
    judged = ledger.judge(conn, shop, waiting, now)
    ledger.write(conn, shop, [replace(change, verdict=_end(change.entry)) for change in judged], now)
    gone = [row["order_id"] for row in rows]
    conn.execute("DELETE FROM paid_order WHERE shop_id = %s AND order_id = ANY(%s)", (shop.id, gone))
    _forget_around(conn, shop, rows)
    privacy.forget_orders(conn, shop.id, order_ids)
    return len(rows)


def _entry(row: DictRow) -> Entry:
    """A waiting order; one whose request has left and was not answered is in doubt from now on."""
    entry = Entry.from_row(row)
    return replace(entry, in_doubt_since=entry.in_doubt_since or (entry.first_sent_at if row["started"] else None))


def _end(entry: Entry) -> Verdict:
    return UNKNOWN_END if entry.in_doubt_since else ERASED


def _forget_around(conn: Conn, shop: Shop, rows: Sequence[DictRow]) -> None:
    """What stands about these orders elsewhere: their checkouts' evidence, and the fingerprints of their requests."""
    checkouts = [bytes(row["token_hash"]) for row in rows if row["token_hash"] is not None]
    conn.execute("DELETE FROM evidence WHERE shop_id = %s AND token_hash = ANY(%s)", (shop.id, checkouts))
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tombstone (shop_id, hash) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [(shop.id, checkout) for checkout in checkouts],
        )
    attempts = [attempt for row in rows for attempt in (*row["attempts"], row["attempt"]) if attempt is not None]
    conn.execute("UPDATE attempt SET digest = NULL WHERE shop_id = %s AND attempt = ANY(%s)", (shop.id, attempts))


def remaining(conn: Conn, shop_id: int, order_ids: Sequence[int]) -> bool:
    """Whether some of these orders are still in the ledger: a request holds them."""
    return privacy.known(conn, shop_id, order_ids) > 0


def generation_left(conn: Conn, shop_id: int) -> int | None:
    """Return the generation of a shop that has left, None if it is installed; it stays so until the commit."""
    row = conn.execute(
        "SELECT generation FROM shop WHERE id = %s AND uninstalled_at IS NOT NULL FOR UPDATE", (shop_id,)
    ).fetchone()
    return None if row is None else int(row["generation"])


def erase_shop(conn: Conn, shop_id: int, now: datetime) -> None:
    """Destroy a shop's key and all of its rows, in one transaction. It has left and is held; nothing is under way.

    Every table of the models is emptied, so that one added later is not forgotten here.
    """
    for table in reversed(Base.metadata.sorted_tables):
        if table.name != ShopRow.__tablename__:
            conn.execute(sql.SQL("DELETE FROM {} WHERE shop_id = %s").format(sql.Identifier(table.name)), (shop_id,))
    settings = [_emptied(column) for column in ShopRow.__table__.columns]
    statement = sql.SQL("UPDATE shop SET {} WHERE id = %(shop)s").format(
        sql.SQL(", ").join(part for part in settings if part is not None)
    )
    conn.execute(statement, {"shop": shop_id, "now": now, "fresh": secrets.token_urlsafe(18)})


def _emptied(column: ColumnElement[Any]) -> sql.Composable | None:
    """What a column of the shop's row is set to; None: it stays."""
    assert isinstance(column, Column)  # noqa: S101 - a table's columns are
    if column.name in MEMORY:
        return None
    value = sql.SQL("NULL" if column.nullable else "''" if column.server_default is None else "DEFAULT")
    if column.name in DATES:
        value = sql.SQL("%(now)s")
    elif column.name == "ingest_key":  # unique, and never to be guessed: it is in use again if the shop comes back
        value = sql.SQL("%(fresh)s")
    return sql.SQL("{} = {}").format(sql.Identifier(column.name), value)
