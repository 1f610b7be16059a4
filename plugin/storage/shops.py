"""Shops: finding one with all that judging and sending its orders needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from psycopg.rows import DictRow

from plugin.recovery.consent import ConsentMode, RegionRule
from plugin.recovery.verdict import SENDING_ENDS, Policy
from plugin.storage.database import Conn
from plugin.storage.vault import Place, ShopKey, Vault, WrappedKey


class OtherPixel(StrEnum):
    """What the merchant says of another Meta pixel that reports to the connected dataset."""

    NONE = "none"
    REMOVED = "removed"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class MetaConnection:
    """The open connection to a dataset. The token stays sealed until a request needs it."""

    id: int
    dataset: str
    from_at: datetime
    kind: str
    broken: str | None
    sealed_token: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shop:
    """An installed store with what is needed to judge and send its orders."""

    id: int
    domain: str
    generation: int
    key: ShopKey
    name: str
    url: str
    time_zone: str
    currency: str
    ingest_key: str
    web_pixel_id: str | None
    uninstalled_at: datetime | None
    reopen_needed: datetime | None
    """Since when Shopify takes no token of ours any more."""
    reopen_why: str | None
    """Which token it turned down first: `access_refused` or `refresh_refused`."""
    scopes: str
    """What Shopify has granted, comma-separated."""
    fields: frozenset[str]
    content_ids: str
    switch_count: int
    erase_pending: bool
    other_pixel: OtherPixel | None
    cart_choices: bool
    """Whether the buyer's choice is read from the cart too; of orders that come in while it is so."""
    policy: Policy
    connection: MetaConnection | None


_SHOP = """
SELECT s.*, k.generation AS key_generation, k.kid, k.data_key, k.lookup_key, p.tracking_on, p.switch_count,
       p.erase_pending, p.consent_mode, p.ldu, p.grace_minutes, p.fields, p.content_ids,
       p.other_pixel, p.cart_choices,
       c.id AS connection_id, c.dataset, c.from_at, c.kind, c.broken, c.token
FROM shop s
JOIN shop_key k ON k.shop_id = s.id
JOIN shop_policy p ON p.shop_id = s.id
LEFT JOIN meta_connection c ON c.shop_id = s.id AND c.until_at IS NULL
WHERE """
BY_DOMAIN = _SHOP + "s.domain = %s AND s.uninstalled_at IS NULL"
BY_INGEST_KEY = _SHOP + "s.ingest_key = %s AND s.uninstalled_at IS NULL"
BY_ID = _SHOP + "s.id = %s"


def by_domain(conn: Conn, vault: Vault, domain: str) -> Shop | None:
    """Return the installed shop of a verified domain."""
    return _shop(conn.execute(BY_DOMAIN, (domain,)).fetchone(), vault)


def by_ingest_key(conn: Conn, vault: Vault, key: str) -> Shop | None:
    """Return the installed shop that a pixel's post names."""
    return _shop(conn.execute(BY_INGEST_KEY, (key,)).fetchone(), vault)


def by_id(conn: Conn, vault: Vault, shop_id: int) -> Shop | None:
    """Return a shop; one that has left too: its orders still need an end. None: its key was destroyed."""
    found = _shop(conn.execute(BY_ID, (shop_id,)).fetchone(), vault)
    if found is None:
        vault.forget(shop_id)
    return found


def _shop(row: DictRow | None, vault: Vault) -> Shop | None:
    if row is None:
        return None
    wrapped = WrappedKey(row["key_generation"], row["kid"], row["data_key"], row["lookup_key"])
    return Shop(
        id=row["id"],
        domain=row["domain"],
        generation=row["generation"],
        key=vault.open(row["id"], wrapped),
        name=row["name"],
        url=row["url"],
        time_zone=row["time_zone"],
        currency=row["currency"],
        ingest_key=row["ingest_key"],
        web_pixel_id=row["web_pixel_id"],
        uninstalled_at=row["uninstalled_at"],
        reopen_needed=row["reopen_needed"],
        reopen_why=row["reopen_why"],
        scopes=row["scopes"],
        fields=frozenset(row["fields"]),
        content_ids=row["content_ids"],
        switch_count=row["switch_count"],
        erase_pending=row["erase_pending"],
        other_pixel=None if row["other_pixel"] is None else OtherPixel(row["other_pixel"]),
        cart_choices=row["cart_choices"],
        policy=_policy(row),
        connection=_connection(row),
    )


def _policy(row: DictRow) -> Policy:
    return Policy(
        tracking_on=row["tracking_on"],
        connection_broken=row["broken"] is not None,
        consent_mode=ConsentMode(row["consent_mode"]),
        ldu=row["ldu"],
        grace=timedelta(minutes=row["grace_minutes"]),
        rules=None if row["consent_rules"] is None else tuple(RegionRule(**rule) for rule in row["consent_rules"]),
    )


def _connection(row: DictRow) -> MetaConnection | None:
    if row["connection_id"] is None:
        return None
    return MetaConnection(
        row["connection_id"], row["dataset"], row["from_at"], row["kind"], row["broken"], row["token"]
    )


def token_place(connection_id: int) -> Place:
    """Where a Meta token is sealed."""
    return Place("meta_connection", "token", str(connection_id))


# Orders whose time has come, but for those that `claim` may take: they only wait for their turn. Orders whose worker is
# gone, or that wait for a connection which works again. What a switch-off has not finished erasing.
_DUE = """
SELECT o.shop_id FROM paid_order o LEFT JOIN meta_connection c ON c.shop_id = o.shop_id AND c.id = o.connection_id
WHERE o.outcome = 'waiting' AND (o.lease_until < now()
    OR o.reason = 'connection_broken' AND c.broken IS NULL AND c.id IS NOT NULL
    OR o.attempt IS NULL AND o.look_at <= %(now)s AND (o.reason NOT IN ('sending', 'meta_unavailable')
        OR o.placed_at <= %(oldest)s OR c.id IS NULL OR c.until_at IS NOT NULL OR c.broken IS NOT NULL))
UNION SELECT shop_id FROM shop_policy WHERE erase_pending
"""


def due(conn: Conn, now: datetime) -> list[int]:
    """Return the ids of shops that the sweep has work with."""
    rows: list[dict[str, Any]] = conn.execute(_DUE, {"now": now, "oldest": now - SENDING_ENDS}).fetchall()
    return [row["shop_id"] for row in rows]
