"""What keeps a shop working with Shopify: good tokens, a fresh consent policy, or the word that there are none."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from plugin.storage.database import Conn
from plugin.storage.shops import Shop

EVERY = timedelta(days=1)
RULES_HOLD = timedelta(days=7)
"""A consent policy that could not be read again for longer than this allows nothing any more."""
MOST_SHOPS = 500
"""Shops that one look at the calendar wakes; the others follow a minute later."""


class Refusal(StrEnum):
    """Which token of ours Shopify turned down."""

    ACCESS = "access_refused"
    REFRESH = "refresh_refused"


def need_reopening(conn: Conn, shop: Shop, why: Refusal, now: datetime) -> None:
    """Remember that Shopify takes no token of ours until a member of the staff opens the app.

    The first time and cause stay.
    """
    conn.execute(
        "UPDATE shop SET reopen_needed = %s, reopen_why = %s"
        " WHERE id = %s AND generation = %s AND uninstalled_at IS NULL AND reopen_needed IS NULL",
        (now, why, shop.id, shop.generation),
    )


def works_again(conn: Conn, shop_id: int) -> None:
    """Remember that Shopify takes our token; what was missed while it did not is looked for at once."""
    conn.execute(
        "UPDATE shop SET reopen_needed = NULL, reopen_why = NULL, reconcile_due = NULL"
        " WHERE id = %s AND reopen_needed IS NOT NULL",
        (shop_id,),
    )


def due(conn: Conn, now: datetime) -> list[int]:
    """Return the ids of installed shops whose tokens and consent policy are to be renewed, also of those in trouble."""
    rows = conn.execute(
        "SELECT id FROM shop WHERE uninstalled_at IS NULL AND (upkeep_due IS NULL OR upkeep_due <= %s)"
        " ORDER BY upkeep_due NULLS FIRST LIMIT %s",
        (now, MOST_SHOPS),
    ).fetchall()
    return [row["id"] for row in rows]


def put_off(conn: Conn, shop_id: int, until: datetime) -> None:
    """Let a shop's next upkeep be due at a time."""
    conn.execute("UPDATE shop SET upkeep_due = %s WHERE id = %s", (until, shop_id))


def drop_old_rules(conn: Conn, now: datetime) -> int:
    """Forget consent policies that could not be read again for RULES_HOLD: not readable allows nothing."""
    return conn.execute(
        "UPDATE shop SET consent_rules = NULL WHERE consent_rules IS NOT NULL AND consent_rules_at < %s",
        (now - RULES_HOLD,),
    ).rowcount
