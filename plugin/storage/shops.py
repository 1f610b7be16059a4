"""Shops: install and uninstall, their keys, their policy, their connection to Meta."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from plugin.recovery.buyer import ALL_FIELDS
from plugin.recovery.consent import ConsentMode, RegionRule
from plugin.recovery.verdict import Policy
from plugin.storage.database import Conn
from plugin.storage.vault import Place, ShopKey, Vault, WrappedKey


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
    fields: frozenset[str]
    content_ids: str
    policy: Policy
    connection: MetaConnection | None


@dataclass(frozen=True, slots=True)
class Details:
    """What Shopify says about a store at install."""

    name: str
    url: str
    currency: str
    time_zone: str
    country: str | None
    rules: tuple[RegionRule, ...] | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """A shop's Shopify tokens in the clear."""

    access: str = field(repr=False)
    access_expires_at: datetime
    refresh: str | None = field(repr=False)
    refresh_expires_at: datetime | None
    scopes: str


ACCESS = Place("shop", "access_token", "")
REFRESH = Place("shop", "refresh_token", "")

_SHOP = """
SELECT s.*, k.generation AS key_generation, k.kid, k.data_key, k.lookup_key,
       p.tracking_on, p.consent_mode, p.ldu, p.grace_minutes, p.fields, p.content_ids,
       c.id AS connection_id, c.dataset, c.from_at, c.kind, c.broken, c.token
FROM shop s
JOIN shop_key k ON k.shop_id = s.id
JOIN shop_policy p ON p.shop_id = s.id
LEFT JOIN meta_connection c ON c.shop_id = s.id AND c.until_at IS NULL
WHERE """
# FOR SHARE of the policy: a switch can't move between reading it and committing what follows from it
BY_DOMAIN = _SHOP + "s.domain = %s AND s.uninstalled_at IS NULL"
BY_INGEST_KEY = _SHOP + "s.ingest_key = %s AND s.uninstalled_at IS NULL"
BY_ID = _SHOP + "s.id = %s"
HOLDING_POLICY = " FOR SHARE OF p"


def by_domain(conn: Conn, vault: Vault, domain: str, *, hold_policy: bool = False) -> Shop | None:
    """Return the installed shop of a verified domain; `hold_policy` keeps its switch still until the commit."""
    row = conn.execute(BY_DOMAIN + HOLDING_POLICY if hold_policy else BY_DOMAIN, (domain,)).fetchone()
    return _shop(row, vault)


def by_ingest_key(conn: Conn, vault: Vault, key: str) -> Shop | None:
    """Return the shop that a pixel's post names, its switch held still until the commit."""
    return _shop(conn.execute(BY_INGEST_KEY + HOLDING_POLICY, (key,)).fetchone(), vault)


def by_id(conn: Conn, vault: Vault, shop_id: int) -> Shop | None:
    """Return a shop, its switch held still until the commit; one that has left too: its orders still need an end."""
    return _shop(conn.execute(BY_ID + HOLDING_POLICY, (shop_id,)).fetchone(), vault)


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
        fields=frozenset(row["fields"]),
        content_ids=row["content_ids"],
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


def install(conn: Conn, vault: Vault, domain: str, details: Details, now: datetime) -> int:
    """Install a store, or install it again: a new generation, a new data key, the switch off. Return the shop's id."""
    row = conn.execute(
        "INSERT INTO shop (domain, generation, installed_at, name, url, currency, time_zone, country, ingest_key,"
        " consent_rules) VALUES (%(domain)s, 1, %(now)s, %(name)s, %(url)s, %(currency)s, %(time_zone)s, %(country)s,"
        " %(ingest_key)s, %(rules)s) ON CONFLICT (domain) DO UPDATE SET"
        " generation = shop.generation + 1, installed_at = %(now)s, uninstalled_at = NULL,"
        " name = %(name)s, url = %(url)s, currency = %(currency)s, time_zone = %(time_zone)s, country = %(country)s,"
        " consent_rules = %(rules)s RETURNING id, generation",
        {
            "domain": domain,
            "now": now,
            "ingest_key": secrets.token_urlsafe(18),
            "rules": _rules(details.rules),
            "name": details.name,
            "url": details.url,
            "currency": details.currency,
            "time_zone": details.time_zone,
            "country": details.country,
        },
    ).fetchone()
    assert row is not None  # noqa: S101 - an upsert returns its row
    _new_key(conn, vault, row["id"], row["generation"])
    conn.execute(
        "INSERT INTO shop_policy (shop_id, fields) VALUES (%s, %s)"
        " ON CONFLICT (shop_id) DO UPDATE SET tracking_on = false",
        (row["id"], sorted(ALL_FIELDS)),
    )
    return int(row["id"])


def _new_key(conn: Conn, vault: Vault, shop_id: int, generation: int) -> None:
    """A new data key; the look-up key stays, since orders and evidence found by it stay."""
    old = conn.execute("SELECT * FROM shop_key WHERE shop_id = %s", (shop_id,)).fetchone()
    lookup = None
    if old is not None:
        wrapped = WrappedKey(old["generation"], old["kid"], old["data_key"], old["lookup_key"])
        lookup = vault.open(shop_id, wrapped).lookup
    made, _ = vault.new_key(shop_id, generation, lookup=lookup)
    conn.execute(
        "INSERT INTO shop_key (shop_id, generation, kid, data_key, lookup_key) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (shop_id) DO UPDATE SET generation = excluded.generation, kid = excluded.kid,"
        " data_key = excluded.data_key, lookup_key = excluded.lookup_key",
        (shop_id, made.generation, made.kid, made.data, made.lookup),
    )


def _rules(rules: tuple[RegionRule, ...] | None) -> Jsonb | None:
    if rules is None:
        return None
    return Jsonb(
        [
            {
                "country": rule.country,
                "subdivision": rule.subdivision,
                "consent_required": rule.consent_required,
                "sale_opt_out_required": rule.sale_opt_out_required,
            }
            for rule in rules
        ]
    )


def keep_tokens(conn: Conn, shop: Shop, tokens: Tokens) -> None:
    """Store a shop's Shopify tokens, sealed. A new pair is stored before its first use."""
    refresh = shop.key.seal(tokens.refresh.encode(), REFRESH) if tokens.refresh else None
    conn.execute(
        "UPDATE shop SET access_token = %s, access_expires_at = %s, refresh_token = %s, refresh_expires_at = %s,"
        " scopes = %s WHERE id = %s",
        (
            shop.key.seal(tokens.access.encode(), ACCESS),
            tokens.access_expires_at,
            refresh,
            tokens.refresh_expires_at,
            tokens.scopes,
            shop.id,
        ),
    )


def tokens_of(conn: Conn, shop: Shop) -> Tokens | None:
    """Return a shop's Shopify tokens in the clear; None if there are none (never opened, or gone)."""
    row = conn.execute(
        "SELECT access_token, access_expires_at, refresh_token, refresh_expires_at, scopes FROM shop WHERE id = %s",
        (shop.id,),
    ).fetchone()
    if row is None or row["access_token"] is None:
        return None
    return Tokens(
        access=shop.key.unseal(row["access_token"], ACCESS).decode(),
        access_expires_at=row["access_expires_at"],
        refresh=shop.key.unseal(row["refresh_token"], REFRESH).decode() if row["refresh_token"] else None,
        refresh_expires_at=row["refresh_expires_at"],
        scopes=row["scopes"],
    )


def keep_web_pixel(conn: Conn, shop_id: int, web_pixel_id: str | None) -> None:
    """Remember which web pixel of ours Shopify placed."""
    conn.execute("UPDATE shop SET web_pixel_id = %s WHERE id = %s", (web_pixel_id, shop_id))


def due(conn: Conn, now: datetime) -> list[int]:
    """Return the ids of shops with waiting orders whose time has come, or whose lease has run out."""
    rows: list[dict[str, Any]] = conn.execute(
        "SELECT DISTINCT shop_id FROM paid_order WHERE outcome = 'waiting'"
        " AND ((attempt IS NULL AND look_at <= %s) OR lease_until < now())",
        (now,),
    ).fetchall()
    return [row["shop_id"] for row in rows]
