"""The switch and its log. Off is the default; on takes a recorded confirmation; off drops everything that waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugin.storage import evidence, ledger, locks, shops
from plugin.storage.database import Conn, Database
from plugin.storage.vault import Vault

WAIT_FOR_FLIGHT = 35.0
"""Seconds that switching off waits for a request that is under way: longer than one may take."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who acts, and on which page."""

    user_id: str
    place: str


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """How switching off ended: how many waiting orders were dropped, and whether one request is still out."""

    dropped: int
    still_out: bool


def switch_on(conn: Conn, shop_id: int, staff: Staff, warning_version: str, now: datetime) -> bool:
    """Switch offline tracking on and record it, in one transaction; False if it was on already.

    Orders that came in before are not revived: their receipt data was never kept, or erased.
    """
    changed = conn.execute(
        "UPDATE shop_policy SET tracking_on = true WHERE shop_id = %s AND NOT tracking_on", (shop_id,)
    ).rowcount
    if changed:
        _record(conn, shop_id, staff, now, ("offline_tracking", "off", "on", warning_version))
    return bool(changed)


def switch_off(database: Database, vault: Vault, shop_id: int, staff: Staff, now: datetime) -> SwitchedOff:
    """Switch offline tracking off: at once, for good, and with nothing under way when this returns.

    First the switch (nothing new starts from here on), then the wait for a request that is out, then the erasing.
    """
    with database.transaction() as conn:
        changed = conn.execute(
            "UPDATE shop_policy SET tracking_on = false WHERE shop_id = %s AND tracking_on", (shop_id,)
        ).rowcount
        if changed:
            _record(conn, shop_id, staff, now, ("offline_tracking", "on", "off", None))
    return erase_waiting(database, vault, shop_id, now)


def erase_waiting(database: Database, vault: Vault, shop_id: int, now: datetime) -> SwitchedOff:
    """Erase what waits to be sent, once no request is under way; without that certainty erase what no request holds."""
    try:
        with locks.nothing_in_flight(database, shop_id, WAIT_FOR_FLIGHT):
            return SwitchedOff(_erase(database, vault, shop_id, now, held_too=True), still_out=False)
    except locks.LockTimeout:
        return SwitchedOff(_erase(database, vault, shop_id, now, held_too=False), still_out=True)


def _erase(database: Database, vault: Vault, shop_id: int, now: datetime, *, held_too: bool) -> int:
    with database.transaction() as conn:
        shop = shops.by_id(conn, vault, shop_id)
        if shop is None or shop.policy.tracking_on:  # switched on again meanwhile, by someone else
            return 0
        evidence.forget_browsers(conn, shop_id)
        return ledger.empty(conn, shop, now, held_too=held_too)


def _record(conn: Conn, shop_id: int, staff: Staff, now: datetime, change: tuple[str, str, str, str | None]) -> None:
    conn.execute(
        "INSERT INTO policy_change (shop_id, at, user_id, place, what, old, new, warning_version)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (shop_id, now, staff.user_id, staff.place, *change),
    )


def changes(conn: Conn, shop_id: int, limit: int = 100) -> list[dict[str, Any]]:
    """Return the newest changes first."""
    return conn.execute(
        "SELECT at, user_id, place, what, old, new, warning_version FROM policy_change WHERE shop_id = %s"
        " ORDER BY id DESC LIMIT %s",
        (shop_id, limit),
    ).fetchall()
