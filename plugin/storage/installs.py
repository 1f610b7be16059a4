"""Installing a store, and keeping its Shopify tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from psycopg.types.json import Jsonb

from plugin.recovery.consent import RegionRule
from plugin.recovery.dial import EVERYTHING
from plugin.storage import upkeep
from plugin.storage.database import Conn
from plugin.storage.shops import Shop
from plugin.storage.vault import Place, Vault, WrappedKey


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


def install(conn: Conn, vault: Vault, domain: str, details: Details, now: datetime) -> int:
    """Install a store, or install it again: a new generation, a new data key, the switch off. Return the shop's id."""
    row = conn.execute(
        "INSERT INTO shop (domain, generation, installed_at, name, url, currency, time_zone, country, ingest_key,"
        " consent_rules, consent_rules_at, upkeep_due) VALUES (%(domain)s, 1, %(now)s, %(name)s, %(url)s, %(currency)s,"
        " %(time_zone)s, %(country)s, %(ingest_key)s, %(rules)s, %(rules_at)s, %(upkeep_due)s)"
        " ON CONFLICT (domain) DO UPDATE SET"
        " generation = shop.generation + 1, installed_at = %(now)s, uninstalled_at = NULL,"
        " erased_at = NULL, scopes_at = NULL,"
        " name = %(name)s, url = %(url)s, currency = %(currency)s, time_zone = %(time_zone)s, country = %(country)s,"
        " consent_rules = %(rules)s, consent_rules_at = %(rules_at)s, upkeep_due = %(upkeep_due)s,"
        " reopen_needed = NULL, reopen_why = NULL, reconciled_until = NULL, reconcile_due = NULL"
        " RETURNING id, generation",
        {
            "domain": domain,
            "now": now,
            "ingest_key": secrets.token_urlsafe(18),
            "rules": _rules(details.rules),
            "rules_at": now if details.rules is not None else None,
            "upkeep_due": now if details.rules is None else now + upkeep.EVERY,
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
        # what was chosen before an uninstall was chosen for that time; what waits from then is not revived
        " ON CONFLICT (shop_id) DO UPDATE SET tracking_on = false, switch_count = shop_policy.switch_count + 1,"
        " consent_mode = 'recorded', ldu = false",
        (row["id"], sorted(EVERYTHING)),
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
    """Store a shop's Shopify tokens, sealed. A new pair is stored before its first use.

    A shop that waited to be opened again has been, if this renews its tokens: what was missed meanwhile is looked for.
    """
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
    if refresh is not None:
        upkeep.works_again(conn, shop.id)


def keep_rules(conn: Conn, shop: Shop, rules: tuple[RegionRule, ...], now: datetime) -> None:
    """Store the consent policy that Shopify has just told; so it takes our token."""
    conn.execute(
        "UPDATE shop SET consent_rules = %s, consent_rules_at = %s WHERE id = %s AND generation = %s",
        (_rules(rules), now, shop.id, shop.generation),
    )
    upkeep.works_again(conn, shop.id)


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


def scopes_told(conn: Conn, domain: str, scopes: str, at: datetime) -> int | None:
    """Store what Shopify says is granted, unless it said otherwise since; return the shop's id, None if unknown."""
    conn.execute(
        "UPDATE shop SET scopes = %(scopes)s, scopes_at = %(at)s WHERE domain = %(domain)s AND uninstalled_at IS NULL"
        " AND (scopes_at IS NULL OR scopes_at <= %(at)s)",
        {"domain": domain, "scopes": scopes, "at": at},
    )
    row = conn.execute("SELECT id FROM shop WHERE domain = %s AND uninstalled_at IS NULL", (domain,)).fetchone()
    return None if row is None else int(row["id"])


def keep_web_pixel(conn: Conn, shop_id: int, web_pixel_id: str | None) -> None:
    """Remember which web pixel of ours Shopify placed."""
    conn.execute("UPDATE shop SET web_pixel_id = %s WHERE id = %s", (web_pixel_id, shop_id))
