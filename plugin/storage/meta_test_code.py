"""The code of Meta's test tool: what is sent while one is kept shows there - and counts all the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from plugin.storage.database import Conn

LASTS: Final = timedelta(hours=24)
"""Then it is used no more: a code that is forgotten would leave its mark on every purchase."""


@dataclass(frozen=True, slots=True)
class KeptCode:
    """A dataset's code, and until when it goes along."""

    code: str
    until: datetime


# A code is one dataset's: with another connection it is void, though its time is not over.
_CURRENT = """
SELECT p.test_code, p.test_code_until FROM shop_policy p
JOIN meta_connection c ON c.shop_id = p.shop_id AND c.until_at IS NULL
WHERE p.shop_id = %(shop_id)s AND p.test_code_until > %(now)s AND p.test_code_until - %(lasts)s >= c.from_at
"""


def current(conn: Conn, shop_id: int, now: datetime) -> KeptCode | None:
    """Return the code that goes along with what is sent now, None if there is none."""
    row = conn.execute(_CURRENT, {"shop_id": shop_id, "now": now, "lasts": LASTS}).fetchone()
    return None if row is None else KeptCode(row["test_code"], row["test_code_until"])


def keep(conn: Conn, shop_id: int, code: str, now: datetime) -> KeptCode:
    """Use a code from now on, for a day."""
    kept = KeptCode(code, now + LASTS)
    conn.execute(
        "UPDATE shop_policy SET test_code = %s, test_code_until = %s WHERE shop_id = %s", (code, kept.until, shop_id)
    )
    return kept


def drop(conn: Conn, shop_id: int) -> None:
    """Use no code from now on."""
    conn.execute("UPDATE shop_policy SET test_code = NULL, test_code_until = NULL WHERE shop_id = %s", (shop_id,))
