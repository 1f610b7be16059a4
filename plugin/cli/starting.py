"""What must hold before a server or a worker starts: the right keys, and a way to PostgreSQL that keeps sessions."""

from __future__ import annotations

from plugin.settings import Settings
from plugin.storage import keys, sessions
from plugin.storage.database import Database
from plugin.storage.vault import Vault

NO_CONFIG = 78
"""Exit status: EX_CONFIG of sysexits.h. A supervisor should not start the process again by itself."""


class NotReady(Exception):
    """The database is not as this version needs it; the text says what to do."""


def check(settings: Settings, url: str) -> None:
    """Make sure of all that; nothing is written.

    Raises:
        NoSession, WrongKeys, NotReady: it does not hold; each with one sentence.
        DatabaseAway: nobody knows.
    """
    sessions.check(url)
    database = Database(url, size=1)
    try:
        with database.transaction() as conn:
            made = conn.execute("SELECT to_regclass('ledger_mark') IS NOT NULL AS is_there").fetchone()
            if made is None or not made["is_there"]:
                raise NotReady("The database does not have this version's shape: run `backstop db upgrade` first.")
            keys.check(conn, Vault(settings.keys))
    finally:
        database.close()
