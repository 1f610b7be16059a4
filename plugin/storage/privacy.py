"""Requests for somebody's privacy: written down once, ended by a job, shown to the merchant."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from psycopg.rows import DictRow

from plugin.recovery.privacy import ANSWER_WITHIN, Hashes, PrivacyAsk, Topic, means
from plugin.recovery.purchase import user_data_of
from plugin.storage import policy, reading, shops
from plugin.storage.database import Conn
from plugin.storage.orders import event_place
from plugin.storage.policy import Staff
from plugin.storage.shops import Shop
from plugin.storage.vault import Place, Unsealable, Vault

FILE_KEPT = timedelta(days=90)
"""How long the orders of a data request are known, and so its file can be made."""
SHOPIFY = Staff("", "shopify")
"""Who asks, for the log."""
BATCH = 500
"""Sealed events opened at a time."""


@dataclass(frozen=True, slots=True)
class Told:
    """How a request came: the shop's domain, under which name it is told again, and when it happened (a hint)."""

    domain: str
    told_as: str
    triggered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands. `state`: open, done or ignored; `found`: how many orders in the ledger it meant."""

    shop_id: int
    id: int
    topic: Topic
    told_as: str
    asked_at: datetime
    triggered_at: datetime
    order_ids: tuple[int, ...]
    state: str
    done_at: datetime | None
    found: int
    sealed_buyer: bytes | None = field(repr=False)

    @property
    def due_at(self) -> datetime:
        """When Shopify wants it done, and a data request answered."""
        return self.asked_at + ANSWER_WITHIN

    def has_file(self, now: datetime) -> bool:
        """Whether there is something for the merchant to hand on."""
        return self.topic is Topic.DATA_REQUEST and self.done_at is not None and now < self.done_at + FILE_KEPT

    @classmethod
    def from_row(cls, row: DictRow) -> Request:
        """Read a row of compliance_request."""
        return cls(
            shop_id=row["shop_id"],
            id=row["id"],
            topic=Topic(row["topic"]),
            told_as=row["told_as"],
            asked_at=row["asked_at"],
            triggered_at=row["triggered_at"],
            order_ids=tuple(row["order_ids"]),
            state=row["state"],
            done_at=row["done_at"],
            found=row["found"],
            sealed_buyer=row["sealed_buyer"],
        )


def keep(conn: Conn, vault: Vault, told: Told, ask: PrivacyAsk, now: datetime) -> int | None:
    """Write a request down, once; return the shop's id, None for a shop of which nothing is kept."""
    shop_id = reading.known_id(conn, told.domain)
    shop = None if shop_id is None else shops.by_id(conn, vault, shop_id)
    if shop is None:
        return None
    sealed = shop.key.seal(json.dumps(ask.buyer).encode(), _place(ask.topic, told.told_as)) if ask.buyer else None
    conn.execute(
        "INSERT INTO compliance_request (shop_id, topic, told_as, asked_at, triggered_at, order_ids, sealed_buyer)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (shop_id, topic, told_as) DO NOTHING",
        (shop.id, ask.topic, told.told_as, now, min(told.triggered_at or now, now), list(ask.order_ids), sealed),
    )
    return shop.id


def _place(topic: str, told_as: str) -> Place:
    return Place("compliance_request", "sealed_buyer", f"{topic}|{told_as}")


def open_requests(conn: Conn, limit: int = 1000) -> list[Request]:
    """Return what is still to be done, the oldest first."""
    rows = conn.execute(
        "SELECT * FROM compliance_request WHERE state = 'open' ORDER BY asked_at, id LIMIT %s", (limit,)
    ).fetchall()
    return [Request.from_row(row) for row in rows]


def listed(conn: Conn, shop_id: int, limit: int = 100) -> list[Request]:
    """Return a shop's requests, the newest first."""
    rows = conn.execute(
        "SELECT * FROM compliance_request WHERE shop_id = %s ORDER BY id DESC LIMIT %s", (shop_id, limit)
    ).fetchall()
    return [Request.from_row(row) for row in rows]


def one(conn: Conn, shop_id: int, request_id: int) -> Request | None:
    """Return one request of this shop."""
    row = conn.execute(
        "SELECT * FROM compliance_request WHERE shop_id = %s AND id = %s", (shop_id, request_id)
    ).fetchone()
    return None if row is None else Request.from_row(row)


def resolve(conn: Conn, shop: Shop, request: Request) -> tuple[int, ...]:
    """Return the orders that are meant. Where only a buyer was named, they are found, noted, and the hashes go."""
    if request.sealed_buyer is None:
        return request.order_ids
    found = orders_of_buyer(conn, shop, _buyer(shop, request))
    conn.execute(
        "UPDATE compliance_request SET order_ids = %s, sealed_buyer = NULL WHERE shop_id = %s AND id = %s",
        (found, request.shop_id, request.id),
    )
    return tuple(found)


def _buyer(shop: Shop, request: Request) -> Hashes:
    """The hashes asked for; none if the shop was installed anew since: no event of the time before can be opened."""
    try:
        opened = shop.key.unseal(request.sealed_buyer or b"", _place(request.topic, request.told_as))
    except Unsealable:
        return {}
    hashes: Hashes = json.loads(opened)
    return hashes


def orders_of_buyer(conn: Conn, shop: Shop, asked: Hashes) -> list[int]:
    """Open the events that wait, one by one, and return the orders whose buyer has a hash that is asked for."""
    found: list[int] = []
    last = 0
    while True:
        rows = conn.execute(
            "SELECT order_id, sealed_event FROM paid_order WHERE shop_id = %s AND outcome = 'waiting'"
            " AND sealed_event IS NOT NULL AND order_id > %s ORDER BY order_id LIMIT %s",
            (shop.id, last, BATCH),
        ).fetchall()
        found += [row["order_id"] for row in rows if _is_of(shop, row, asked)]
        if len(rows) < BATCH:
            return found
        last = rows[-1]["order_id"]


def _is_of(shop: Shop, row: DictRow, asked: Hashes) -> bool:
    try:
        event = shop.key.unseal(row["sealed_event"], event_place(row["order_id"]))
    except Unsealable:
        return False
    return means(asked, user_data_of(event))


def known(conn: Conn, shop_id: int, order_ids: Sequence[int]) -> int:
    """Count these orders in the ledger."""
    row = conn.execute(
        "SELECT count(*) AS n FROM paid_order WHERE shop_id = %s AND order_id = ANY(%s)", (shop_id, list(order_ids))
    ).fetchone()
    return 0 if row is None else int(row["n"])


def count(conn: Conn, request: Request, found: int) -> None:
    """Add to the number of orders that a request meant."""
    conn.execute(
        "UPDATE compliance_request SET found = found + %s WHERE shop_id = %s AND id = %s",
        (found, request.shop_id, request.id),
    )


def end(conn: Conn, request: Request, now: datetime, state: str = "done") -> None:
    """End a request, and record it with ids and numbers only."""
    row = conn.execute(
        "UPDATE compliance_request SET state = %s, done_at = %s, sealed_buyer = NULL,"
        " order_ids = CASE WHEN topic = 'customers/data_request' THEN order_ids ELSE '{}' END"
        " WHERE shop_id = %s AND id = %s AND state = 'open' RETURNING found",
        (state, now, request.shop_id, request.id),
    ).fetchone()
    if row is not None:
        result = f"{state}, orders: {row['found']}"
        what = request.topic.replace("/", "_")
        policy.record(conn, request.shop_id, SHOPIFY, now, (what, f"request {request.id}", result, None))


def forget_orders(conn: Conn, shop_id: int, order_ids: Iterable[int]) -> None:
    """Take erased orders out of the data requests that named them."""
    gone = list(order_ids)
    conn.execute(
        "UPDATE compliance_request"
        " SET order_ids = ARRAY(SELECT unnest(order_ids) EXCEPT SELECT unnest(%(gone)s::bigint[]))"
        " WHERE shop_id = %(shop)s AND topic = 'customers/data_request' AND order_ids && %(gone)s::bigint[]",
        {"shop": shop_id, "gone": gone},
    )


def forget_files(conn: Conn, now: datetime) -> None:
    """Forget which orders old data requests named."""
    conn.execute(
        "UPDATE compliance_request SET order_ids = '{}' WHERE topic = 'customers/data_request' AND order_ids <> '{}'"
        " AND done_at < %s",
        (now - FILE_KEPT,),
    )
