"""The master keys against the database: does each open what it wrapped, which are in use, and wrapping anew.

No row of its own stands for the keys: one shop's keys of each master key's name do. So a fresh database takes any key,
and a wrong one of the right name is found before anything is sealed with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from psycopg.rows import DictRow

from plugin.storage.database import Conn
from plugin.storage.vault import Unsealable, Vault, WrappedKey

BATCH: Final = 500
"""Shops in one transaction: a few hundredths of a second, for which only somebody who installs one of them waits."""


class WrongKeys(Exception):
    """The master keys of the settings do not open what the database holds; the text names keys, never their bytes."""


@dataclass(frozen=True, slots=True)
class InUse:
    """How many shops' keys a master key wraps, and whether the settings hold one of that name."""

    name: str
    shops: int
    is_ours: bool


_ONE_OF_EACH = "SELECT DISTINCT ON (kid) * FROM shop_key ORDER BY kid, shop_id DESC"
_SOME = """
SELECT * FROM shop_key WHERE kid <> %(active)s ORDER BY shop_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
_WRAP_ANEW = """
UPDATE shop_key k SET kid = %(active)s, data_key = n.data_key, lookup_key = n.lookup_key
FROM unnest(%(shops)s::bigint[], %(data)s::bytea[], %(lookup)s::bytea[]) AS n (shop_id, data_key, lookup_key)
WHERE k.shop_id = n.shop_id
"""


def check(conn: Conn, vault: Vault) -> None:
    """Open one shop's keys of each master key that is in use.

    Raises:
        WrongKeys: a master key is missing, or has other bytes than the one of its name that wrapped them.
    """
    missing, wrong = [], []
    for row in conn.execute(_ONE_OF_EACH).fetchall():
        if row["kid"] not in vault.names:
            missing.append(row["kid"])
        elif not _opens(vault, row):
            wrong.append(row["kid"])
    if missing or wrong:
        raise WrongKeys(_sentence(missing, wrong))


def _sentence(missing: list[str], wrong: list[str]) -> str:
    faults = [f"the master key {name}, which the database needs, is not in the settings" for name in missing]
    faults += [
        f"the master key {name} of the settings is not the one that the database was sealed with" for name in wrong
    ]
    return (
        f"Nothing was started or changed: {'; '.join(faults)}. Put the right key into BACKSTOP_KEYS or"
        " BACKSTOP_KEYS_FILE."
    )


def unreadable(conn: Conn, vault: Vault) -> int:
    """Open every shop's keys; return how many do not open. Takes about a second for a hundred thousand shops."""
    with conn.cursor(name="all_shop_keys") as rows:
        rows.execute("SELECT * FROM shop_key")
        return sum(not _opens(vault, row) for row in rows)


def in_use(conn: Conn, vault: Vault) -> list[InUse]:
    """Return the master keys that shops' keys are wrapped with, by name."""
    rows = conn.execute("SELECT kid, count(*)::int AS n FROM shop_key GROUP BY kid ORDER BY kid").fetchall()
    return [InUse(row["kid"], row["n"], row["kid"] in vault.names) for row in rows]


def wrap_some(conn: Conn, vault: Vault, limit: int = BATCH) -> int:
    """Wrap the keys of some shops with the newest master key; return how many there were, 0 at the end.

    What is sealed with them stays as it is. Those that somebody holds at this moment are left for the next call.

    Raises:
        WrongKeys: a row does not open; nothing of this call is kept.
    """
    rows = conn.execute(_SOME, {"active": vault.active, "limit": limit}).fetchall()
    try:
        fresh = [(row["shop_id"], vault.wrap(vault.unwrap(row["shop_id"], _wrapped(row)))) for row in rows]
    except Unsealable:
        check(conn, vault)
        raise WrongKeys("Nothing was changed: a store's keys do not open; `backstop doctor` counts them.") from None
    if fresh:
        conn.execute(
            _WRAP_ANEW,
            {
                "active": vault.active,
                "shops": [shop_id for shop_id, _ in fresh],
                "data": [wrapped.data for _, wrapped in fresh],
                "lookup": [wrapped.lookup for _, wrapped in fresh],
            },
        )
    return len(fresh)


def left(conn: Conn, vault: Vault) -> int:
    """Return how many shops' keys are still wrapped with an older master key."""
    row = conn.execute("SELECT count(*)::int AS n FROM shop_key WHERE kid <> %s", (vault.active,)).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return int(row["n"])


def _opens(vault: Vault, row: DictRow) -> bool:
    try:
        vault.unwrap(row["shop_id"], _wrapped(row))
    except Unsealable:
        return False
    return True


def _wrapped(row: DictRow) -> WrappedKey:
    return WrappedKey(row["generation"], row["kid"], row["data_key"], row["lookup_key"])
