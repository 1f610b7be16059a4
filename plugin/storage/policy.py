"""The switch and its log. Off is the default; on takes a recorded confirmation; off drops everything that waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugin.storage import dropping, evidence, locks, narrowing, shops
from plugin.storage.database import Conn, Database
from plugin.storage.shops import OtherPixel, Shop
from plugin.storage.vault import Vault

WAIT_FOR_FLIGHT = 35.0
"""Seconds that switching off waits for a request that is under way: longer than one may take."""
BATCH = 500
"""Orders erased in one transaction: others of the shop wait for no longer than that takes."""
UNANSWERED = "unanswered"
"""How the log names a question without an answer."""


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

    Orders that came in before are not revived: their receipt data was never kept, or goes with the last switch-off.
    """
    changed = conn.execute(
        "UPDATE shop_policy SET tracking_on = true, request_out = NULL WHERE shop_id = %s AND NOT tracking_on",
        (shop_id,),
    ).rowcount
    if changed:
        record(conn, shop_id, staff, now, ("offline_tracking", "off", "on", warning_version))
    return bool(changed)


def switch_off(database: Database, vault: Vault, shop_id: int, staff: Staff, now: datetime) -> SwitchedOff:
    """Switch offline tracking off: at once, for good, and with nothing under way when this returns.

    First the switch: from its commit on nothing starts, and nothing that came in before is ever sent, whatever becomes
    of this process. Then the wait for a request that is out, then the erasing. What is still out then is remembered, so
    that the pages can say when it has ended.
    """
    with database.transaction() as conn:
        changed = conn.execute(
            "UPDATE shop_policy SET tracking_on = false, switch_count = switch_count + 1, erase_pending = true"
            " WHERE shop_id = %s AND tracking_on",
            (shop_id,),
        ).rowcount
        if changed:
            record(conn, shop_id, staff, now, ("offline_tracking", "on", "off", None))
    ended = erase_waiting(database, vault, shop_id, now, WAIT_FOR_FLIGHT)
    if ended.still_out:
        with database.transaction() as conn:
            conn.execute(_REMEMBER_OUT, (shop_id,))
    return ended


# A shop has one request under way at most, and none has started since the switch moved: the newest is the one.
_REMEMBER_OUT = """
UPDATE shop_policy p SET request_out = (SELECT a.attempt FROM attempt a
    WHERE a.shop_id = p.shop_id AND a.post_started IS NOT NULL ORDER BY a.post_started DESC LIMIT 1)
WHERE p.shop_id = %s AND NOT p.tracking_on
"""


def erase_waiting(database: Database, vault: Vault, shop_id: int, now: datetime, patience: float) -> SwitchedOff:
    """Erase what came in before the last switch-off; safe to repeat, and the sweep repeats it until it has ended.

    What came in since is cut to what the merchant still sends. What no request holds goes first; the rest when no
    request is under way, for which `patience` seconds are waited.
    """
    dropped = _erase(database, vault, shop_id, now, held_too=False)
    try:
        with locks.nothing_in_flight(database, shop_id, patience):
            with database.transaction() as conn:
                stand = narrowing.stand_of(conn, shop_id)
            dropped += _erase(database, vault, shop_id, now, held_too=True)
            narrowing.rewrite_waiting(database, vault, shop_id, now)
            with database.transaction() as conn:
                narrowing.nothing_pending(conn, shop_id, stand)
    except locks.LockTimeout:
        return SwitchedOff(dropped, still_out=True)
    return SwitchedOff(dropped, still_out=False)


def _erase(database: Database, vault: Vault, shop_id: int, now: datetime, *, held_too: bool) -> int:
    dropped = 0
    while True:
        with database.transaction() as conn:
            shop = shops.by_id(conn, vault, shop_id)
            count = 0 if shop is None else dropping.empty(conn, shop, now, held_too=held_too, limit=BATCH)
            if shop is not None and not shop.policy.tracking_on:
                evidence.forget_browsers(conn, shop_id)
        dropped += count
        if count < BATCH:
            return dropped


def record(conn: Conn, shop_id: int, staff: Staff, now: datetime, change: tuple[str, str, str, str | None]) -> int:
    """Add to the log: `change` is what, its old and new value, and the warning's version where one was confirmed.

    Return the line's id.
    """
    row = conn.execute(
        "INSERT INTO policy_change (shop_id, at, user_id, place, what, old, new, warning_version)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (shop_id, now, staff.user_id, staff.place, *change),
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert returns its row
    return int(row["id"])


def record_more(conn: Conn, shop_id: int, line: int, old: str) -> None:
    """Let a line of the log tell how far it has come: what it records is done in several transactions."""
    conn.execute("UPDATE policy_change SET old = %s WHERE shop_id = %s AND id = %s", (old, shop_id, line))


@dataclass(frozen=True, slots=True)
class Choices:
    """What the merchant chooses beside the switch, under the names of the columns."""

    consent_mode: str
    grace_minutes: int
    content_ids: str
    ldu: bool
    cart_choices: bool


def choose(conn: Conn, shop: Shop, chosen: Choices, now: datetime) -> None:
    """Keep the merchant's choices. A new grace period holds for orders that wait already."""
    conn.execute(
        "UPDATE shop_policy SET consent_mode = %s, grace_minutes = %s, content_ids = %s, ldu = %s, cart_choices = %s"
        " WHERE shop_id = %s",
        (chosen.consent_mode, chosen.grace_minutes, chosen.content_ids, chosen.ldu, chosen.cart_choices, shop.id),
    )
    conn.execute(
        "UPDATE paid_order SET look_at = %s WHERE shop_id = %s AND outcome = 'waiting' AND reason = 'grace_period'"
        " AND attempt IS NULL AND look_at - paid_at <> make_interval(mins => %s)",
        (now, shop.id, chosen.grace_minutes),
    )


def answer_other_pixel(conn: Conn, shop: Shop, answer: OtherPixel | None, staff: Staff, now: datetime) -> None:
    """Keep and record whether another Meta pixel runs; None asks anew. The shop is held by this transaction."""
    if answer == shop.other_pixel:
        return
    conn.execute("UPDATE shop_policy SET other_pixel = %s WHERE shop_id = %s", (answer, shop.id))
    record(conn, shop.id, staff, now, ("other_pixel", shop.other_pixel or UNANSWERED, answer or UNANSWERED, None))
