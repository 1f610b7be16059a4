"""What was last read of a dataset, and the ledger's side of the same days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from psycopg.types.json import Jsonb

from plugin.recovery.dataset_report import DELAY, Ledger, Report, Told, window_start
from plugin.storage.database import Conn
from plugin.storage.shops import MetaConnection

EVERY: Final = timedelta(days=1)
AFTER_ERROR: Final = timedelta(hours=1)
MOST_SHOPS: Final = 200
"""Datasets that one round of ten minutes reads, one after the other: 28,800 a day, if each takes up to 3 seconds."""
PAID_WITHIN: Final = timedelta(days=8)
"""An order is sent within 7 days of its purchase, and paid after it."""

# A broken connection is left to its own check: nothing can be read with it. A new one is read at once.
_DUE = """
SELECT c.shop_id FROM meta_connection c JOIN shop s ON s.id = c.shop_id
WHERE c.until_at IS NULL AND s.uninstalled_at IS NULL AND c.broken IS NULL AND c.token IS NOT NULL
    AND (c.report_at IS NULL OR c.report_at <= %(day_ago)s OR (c.report_at <= %(hour_ago)s
        AND 'error' IN (c.report ->> 'told', c.report -> 'quality' ->> 'told')))
ORDER BY c.report_at NULLS FIRST LIMIT %(limit)s
"""


def due(conn: Conn, now: datetime) -> list[int]:
    """Return the installed shops whose dataset is to be read: daily, after an error hourly; longest waiting first."""
    values = {"day_ago": now - EVERY, "hour_ago": now - AFTER_ERROR, "limit": MOST_SHOPS}
    return [row["shop_id"] for row in conn.execute(_DUE, values).fetchall()]


def keep(conn: Conn, shop_id: int, connection: MetaConnection, report: Report, now: datetime) -> bool:
    """Keep what was read over a connection; False if it was closed meanwhile.

    Where another sender is gone, its warning is no longer put away: should one come back, that is news.
    """
    kept = conn.execute(
        "UPDATE meta_connection SET report = %s, report_at = %s,"
        " sender_dismissed = CASE WHEN %s THEN NULL ELSE sender_dismissed END,"
        " sender_dismissed_at = CASE WHEN %s THEN NULL ELSE sender_dismissed_at END"
        " WHERE shop_id = %s AND id = %s AND until_at IS NULL",
        (Jsonb(report.kept()), now, *[report.told is Told.COUNTED and not report.foreign] * 2, shop_id, connection.id),
    )
    return bool(kept.rowcount)


def dismiss(conn: Conn, shop_id: int, connection: MetaConnection, count: int, now: datetime) -> None:
    """Put the warning of another sender away that was found with so many purchases; the shop is held by the caller."""
    conn.execute(
        "UPDATE meta_connection SET sender_dismissed = %s, sender_dismissed_at = %s WHERE shop_id = %s AND id = %s",
        (count, now, shop_id, connection.id),
    )


def latest(conn: Conn, shop_id: int) -> tuple[Report, datetime] | None:
    """Return what was last read of the open connection's dataset, and when; None: nothing yet."""
    row = conn.execute(
        "SELECT report, report_at FROM meta_connection WHERE shop_id = %s AND until_at IS NULL", (shop_id,)
    ).fetchone()
    report = None if row is None else Report.from_kept(row["report"])
    return None if row is None or report is None or row["report_at"] is None else (report, row["report_at"])


# Settled is what neither the delay nor a copy of the pixel's explains; see the module on what is compared.
_LEDGER = """
SELECT count(*) FILTER (WHERE outcome = 'recovered' AND first_sent_at >= %(start)s) AS sent,
    count(*) FILTER (WHERE outcome = 'recovered' AND placed_at >= %(start)s AND first_sent_at <= %(day_ago)s
        AND coalesce(summary ->> 'delivery', '') NOT IN ('sent', 'pending', 'timeout')) AS settled,
    coalesce(sum(1 + reposts) FILTER (WHERE first_sent_at IS NOT NULL), 0)::int AS most,
    count(*) FILTER (WHERE placed_at >= %(start)s AND summary ->> 'delivery' = 'sent') AS pixel,
    count(*) FILTER (WHERE placed_at >= %(start)s AND placed_at <= %(day_ago)s
        AND summary ->> 'delivery' = 'sent') AS pixel_settled,
    count(*) FILTER (WHERE placed_at >= %(start)s) AS orders
FROM paid_order o WHERE shop_id = %(shop_id)s AND paid_at >= %(paid_since)s AND EXISTS (SELECT FROM meta_connection c
    WHERE c.shop_id = o.shop_id AND c.id = o.connection_id AND c.dataset = %(dataset)s)
"""


def ledger(conn: Conn, shop_id: int, dataset: str, now: datetime) -> Ledger:
    """Return what the ledger says of the last 7 days of a dataset, over whichever connection."""
    start = window_start(now)
    row = conn.execute(
        _LEDGER,
        {
            "shop_id": shop_id,
            "dataset": dataset,
            "start": start,
            "day_ago": now - DELAY,
            "paid_since": start - PAID_WITHIN,
        },
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has a row
    return Ledger(**row)
