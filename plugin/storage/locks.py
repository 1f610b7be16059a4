"""Advisory locks behind names. They belong to a session, so a killed process frees them by dying.

A session that is given back is told to free them, so that they are free at once (`plugin.storage.aside`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import psycopg

from plugin.storage.database import Database

STEP = 0.05


class Lock(IntEnum):
    """What is locked; with the shop's id this makes PostgreSQL's two-number key."""

    MIGRATION = 4711
    SENDING = 4712
    """Shared by every request with order data; exclusive while switching off."""
    TURN = 4713
    """One batch of a shop at a time."""
    TOKENS = 4714
    """Who exchanges or refreshes a shop's Shopify tokens."""
    RECONCILING = 4715
    """One round of a shop's reconciliation at a time."""
    MAILING = 4716
    """One worker sends e-mails at a time."""


class LockTimeout(Exception):
    """The lock was not free in time."""


@contextmanager
def sending(database: Database, shop_id: int) -> Iterator[None]:
    """Hold the shop's sending lock shared: over the last check and the POST. Switching off waits for it."""
    with database.own_connection() as conn:
        conn.execute("SELECT pg_advisory_lock_shared(%s, %s)", (Lock.SENDING, _key(shop_id)))
        yield


@contextmanager
def nothing_in_flight(database: Database, shop_id: int, limit: float) -> Iterator[None]:
    """Hold the shop's sending lock alone: no request with its order data is under way, and none can start.

    A request whose worker lost its lock with its session (PostgreSQL crashed) is waited for by its deadline.

    Raises:
        LockTimeout: a request is still out after `limit` seconds.
    """
    end = time.monotonic() + limit
    with database.own_connection() as conn:
        conn.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(limit * 1000)}ms",))
        try:
            conn.execute("SELECT pg_advisory_lock(%s, %s)", (Lock.SENDING, _key(shop_id)))
        except psycopg.errors.LockNotAvailable:
            raise LockTimeout from None
        while _is_out(conn, shop_id):
            if time.monotonic() > end:
                raise LockTimeout
            time.sleep(STEP)
        yield


def _is_out(conn: psycopg.Connection[tuple[object, ...]], shop_id: int) -> bool:
    found = conn.execute(
        "SELECT 1 FROM attempt WHERE shop_id = %s AND post_started IS NOT NULL AND result IS NULL"
        " AND deadline > now() LIMIT 1",
        (shop_id,),
    ).fetchone()
    return found is not None


@contextmanager
def turn(database: Database, shop_id: int, lock: Lock = Lock.TURN) -> Iterator[bool]:
    """Try to take the shop's turn (to send, unless another lock is named); yields whether it was free."""
    with database.own_connection() as conn:
        row = conn.execute("SELECT pg_try_advisory_lock(%s, %s)", (lock, _key(shop_id))).fetchone()
        yield bool(row and row[0])


@contextmanager
def tokens(database: Database, shop_id: int) -> Iterator[None]:
    """Be the only one that exchanges or refreshes this shop's Shopify tokens."""
    with database.own_connection() as conn:
        conn.execute("SELECT pg_advisory_lock(%s, %s)", (Lock.TOKENS, _key(shop_id)))
        yield


def _key(shop_id: int) -> int:
    return shop_id % 2**31
