"""A database that was put back (a backup, a copy, a standby that lagged) does not know what was sent since.

The table `ledger_mark` has one row. `home` names where the ledger lives: the server's identity, its timeline, the
database and the table. A restore or a failover changes at least one of them, so the row that came along no longer fits,
and no batch is claimed until an operator has said how much is lost (`backstop db resync`). A copy of the server's files
that is simply started again changes none of them; that is found by a worker that remembers more beats of its own than
the row has (`plugin/storage/heartbeat.py`), or said by the operator (`backstop db pause-sending`).

Afterwards what may have been sent in the lost time is not sent again without the merchant's word: it is held. An order
paid shortly before the loss cannot have been sent in it, since the shortest grace period was not over.

`beaten_at` is by the database's clock; the other times are by the app's, as orders are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from plugin.recovery.verdict import MAX_AGE, SENDING_ENDS
from plugin.storage.database import Conn

EARLIEST: Final = timedelta(minutes=8)
"""After payment an order may have been sent: the shortest grace period is 10 minutes, and clocks differ a little."""
LOOK_BACK: Final = timedelta(hours=24)
"""Before the loss Shopify's orders are read again from there."""

HOME: Final = """
(SELECT system_identifier FROM pg_control_system())::text || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
    || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/' || 'ledger_mark'::regclass::oid
"""
_STATE = f"SELECT *, {HOME} AS here FROM ledger_mark"  # noqa: S608 - a constant of this file
_SETTLE = f"UPDATE ledger_mark SET home = {HOME} WHERE home IS NULL"  # noqa: S608 - as above
_PAUSE = "UPDATE ledger_mark SET paused_at = coalesce(paused_at, %s)"
_RESUME = f"""
UPDATE ledger_mark SET home = {HOME}, paused_at = NULL, lost_from = %(since)s, lost_until = %(until)s
"""  # noqa: S608 - as above
_HOLD = """
UPDATE paid_order SET reason = 'held', look_at = placed_at + %(ends)s,
    in_doubt_since = coalesce(in_doubt_since, greatest(paid_at, %(since)s))
WHERE outcome = 'waiting' AND attempt IS NULL AND reason IN ('sending', 'meta_unavailable') AND NOT released
    AND paid_at < %(until)s - %(earliest)s AND (first_sent_at IS NULL OR first_sent_at < %(until)s)
    AND (%(shop)s::bigint IS NULL OR shop_id = %(shop)s)
"""
_LOOK_AGAIN = """
UPDATE shop SET reconcile_due = %(now)s, reconciled_until = least(reconciled_until, %(from)s)
WHERE uninstalled_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Loss:
    """The time of which the ledger knows nothing: from the last it knows to when its predecessor sent no more."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class State:
    """Whether sending rests, and since when; when the ledger was last seen working; what was lost before."""

    paused_at: datetime | None
    was_moved: bool
    seen_at: datetime | None
    loss: Loss | None

    @property
    def is_paused(self) -> bool:
        """Whether no batch may be claimed."""
        return self.was_moved or self.paused_at is not None


def state(conn: Conn) -> State:
    """Read the row. One that has no home yet is at home here."""
    row = conn.execute(_STATE).fetchone()
    assert row is not None  # noqa: S101 - the migration made it
    if row["home"] is None:
        conn.execute(_SETTLE)
    loss = None if row["lost_from"] is None else Loss(row["lost_from"], row["lost_until"])
    return State(row["paused_at"], row["home"] not in {None, row["here"]}, row["seen_at"], loss)


def may_claim(conn: Conn, shop_id: int, now: datetime) -> bool:
    """Whether a batch of a shop may be claimed; if so, what may have been sent in the lost time is held by now.

    For the transaction that claims, before it picks: so no order slips through between a loss and its discovery.
    """
    found = state(conn)
    if found.is_paused:
        if found.paused_at is None:
            pause(conn, now)
        return False
    if found.loss is not None and now < found.loss.until + MAX_AGE:
        hold(conn, found.loss, shop_id)
    return True


def pause(conn: Conn, now: datetime) -> None:
    """Let no batch be claimed from now on, until `resume`."""
    conn.execute(_PAUSE, (now,))


def resume(conn: Conn, loss: Loss | None, now: datetime) -> int:
    """Let sending go on, with this much lost (None: nothing); return how many orders are held for it at once.

    Those that reconciliation finds again are held when their turn to be sent comes (`may_claim`).
    """
    given = {"since": loss and loss.since, "until": loss and loss.until}
    conn.execute(_RESUME, given)
    if loss is None:
        return 0
    conn.execute(_LOOK_AGAIN, {"now": now, "from": loss.since - LOOK_BACK})
    return hold(conn, loss)


def hold(conn: Conn, loss: Loss, shop_id: int | None = None) -> int:
    """Hold the orders (of one shop, or all) that are to be sent and may have been already; return how many."""
    given: dict[str, Any] = {"since": loss.since, "until": loss.until, "shop": shop_id}
    return conn.execute(_HOLD, given | {"ends": SENDING_ENDS, "earliest": EARLIEST}).rowcount
