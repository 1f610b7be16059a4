"""How a shop stands, in one statement: the switch, its last recovery, the connection, the pixel, the setup guide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from psycopg.rows import DictRow

from plugin.recovery.dataset_report import Report
from plugin.storage.again import Recovery, Result
from plugin.storage.database import Conn
from plugin.storage.meta_test_code import LASTS, KeptCode
from plugin.storage.meta_users import REMOVED, Details
from plugin.storage.pixel_health import TroubleTime

GUIDE: Final = "setup_guide"
"""How the switch log names what was said to the setup guide."""
TIMES: Final = frozenset(
    (
        *("at", "asked_at", "checked_at", "ended_at", "found_at", "from_at", "report_at"),
        *("sender_dismissed_at", "token_expires_at", "until_at"),
    )
)
"""The times in those rows; JSON holds them as texts."""


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A warning of another sender that the staff put away: how many purchases it named, and when that was."""

    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Out:
    """The request that was still out when tracking was switched off; `ended_at` by the database's clock, if it has."""

    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the pages show of a shop beside its row.

    `switched`: when and by which staff user (an id) the switch was last moved. `ended`: why the last connection ended,
    if nobody of the staff did it. `held`: orders that need the merchant's word. `heard`: the pixel has reported
    something. `guide`: what was said to the setup guide since the app was installed. `decided`: the switch has been
    moved since then. `paused_at`: since when no order of any shop is sent (plugin/storage/resync.py), if so.
    `out`: only while tracking is off. `kept_code`: see `test_code`. `alert_mail`: sealed.
    """

    switched: tuple[datetime, str] | None
    decided: bool
    recovery: Recovery | None
    report: tuple[Report, datetime] | None
    details: Details | None
    ended: str | None
    trouble: TroubleTime | None
    held: int
    heard: bool
    guide: frozenset[str]
    out: Out | None
    dismissed: Dismissed | None
    kept_code: KeptCode | None
    connected_at: datetime | None
    paused_at: datetime | None
    alert_mail: bytes | None = field(repr=False)

    def test_code(self, now: datetime) -> KeptCode | None:
        """Return the code that goes along with what is sent now; as `meta_test_code.current` does."""
        code, since = self.kept_code, self.connected_at
        holds = code is not None and since is not None and code.until > now and code.until - LASTS >= since
        return code if holds else None


# Posts of the pixel are kept for 9 days; an order that it reported stays in the totals.
_OVERVIEW = """
SELECT
    (SELECT to_jsonb(p) FROM policy_change p WHERE p.shop_id = s.id AND p.what = 'offline_tracking'
        ORDER BY p.id DESC LIMIT 1) AS switched,
    (SELECT to_jsonb(r) FROM recovery r WHERE r.shop_id = s.id ORDER BY r.id DESC LIMIT 1) AS recovery,
    (SELECT to_jsonb(c) - '{token,meta_user_hash}'::text[] FROM meta_connection c WHERE c.shop_id = s.id
        ORDER BY c.id DESC LIMIT 1) AS connection,
    (SELECT to_jsonb(t) FROM pixel_trouble t WHERE t.shop_id = s.id AND t.until_at IS NULL) AS trouble,
    (SELECT count(*) FROM paid_order o WHERE o.shop_id = s.id AND o.outcome = 'waiting' AND o.reason = 'held'
        AND o.attempt IS NULL AND NOT o.released) AS held,
    EXISTS (SELECT FROM evidence e WHERE e.shop_id = s.id)
        OR EXISTS (SELECT FROM day_total d WHERE d.shop_id = s.id AND d.outcome = 'tracked' AND d.count > 0) AS heard,
    ARRAY(SELECT g.new FROM policy_change g WHERE g.shop_id = s.id AND g.what = 'setup_guide'
        AND g.at >= s.installed_at) AS guide,
    (SELECT jsonb_build_object('ended_at', coalesce(a.ended_at, CASE WHEN a.deadline < now() THEN a.deadline END))
        FROM attempt a WHERE a.shop_id = s.id AND a.attempt = p.request_out
        AND a.post_started > now() - interval '7 days') AS request_out,
    (SELECT paused_at FROM ledger_mark) AS paused_at,
    p.test_code, p.test_code_until, p.alert_mail, s.installed_at
FROM shop s LEFT JOIN shop_policy p ON p.shop_id = s.id WHERE s.id = %s
"""


def of(conn: Conn, shop_id: int) -> Overview:
    """Return how a shop stands."""
    row = conn.execute(_OVERVIEW, (shop_id,)).fetchone()
    assert row is not None  # noqa: S101 - a visit's shop has its row, erased or not
    switched, trouble = _row(row["switched"]), _row(row["trouble"])
    open_connection, ended = _connection(row)
    return Overview(
        switched=(switched["at"], switched["user_id"]) if switched else None,
        decided=bool(switched) and switched["at"] >= row["installed_at"],
        recovery=_recovery(_row(row["recovery"])),
        report=_report(open_connection),
        details=_details(open_connection),
        ended=ended,
        trouble=TroubleTime.from_row(dict(trouble)) if trouble else None,
        held=row["held"],
        heard=row["heard"],
        guide=frozenset(row["guide"]),
        out=Out(_row(row["request_out"])["ended_at"]) if row["request_out"] else None,
        dismissed=_dismissed(open_connection),
        kept_code=KeptCode(row["test_code"], row["test_code_until"]) if row["test_code"] else None,
        connected_at=open_connection.get("from_at"),
        paused_at=row["paused_at"],
        alert_mail=row["alert_mail"],
    )


def _row(told: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A row as JSON, its times read."""
    return {
        name: datetime.fromisoformat(value) if isinstance(value, str) and name in TIMES else value
        for name, value in (told or {}).items()
    }


def _connection(row: DictRow) -> tuple[Mapping[str, Any], str | None]:
    """The open connection; or none, and why the last one ended."""
    last = _row(row["connection"])
    if last and last["until_at"] is None:
        return last, None
    return {}, REMOVED if last and last["broken"] == REMOVED else None


def _details(row: Mapping[str, Any]) -> Details | None:
    if not row:
        return None
    return Details(
        kind=row["kind"],
        dataset_name=row["dataset_name"],
        business=row["business"],
        expires_at=row["token_expires_at"],
        checked_at=row["checked_at"],
        user_hash=None,
    )


def _dismissed(row: Mapping[str, Any]) -> Dismissed | None:
    at = row.get("sender_dismissed_at")
    return None if at is None else Dismissed(row["sender_dismissed"], at)


def _report(row: Mapping[str, Any]) -> tuple[Report, datetime] | None:
    report = Report.from_kept(row["report"]) if row else None
    return None if report is None or row["report_at"] is None else (report, row["report_at"])


def _recovery(row: Mapping[str, Any]) -> Recovery | None:
    if not row:
        return None
    names = ("id", "asked_at", "connection_id", "switch_count", "after_order", "looked_at", "to_send", "ended_at")
    result = None if row["result"] is None else Result(row["result"])
    return Recovery(**{name: row[name] for name in names}, result=result)
