"""Shops as they were read before, for those that write by the thousand: good only if nothing of them changed since.

Each look asks PostgreSQL, in the transaction that will write, which version of its rows a shop has by now. So what is
returned is never older than what a plain look-up in the same place would find.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from psycopg.rows import DictRow

from plugin.storage import shops
from plugin.storage.database import Conn
from plugin.storage.shops import Shop, _shop
from plugin.storage.vault import Vault

# A row's version is its place and the transaction that wrote it: any change makes another one.
_VERSION = "concat_ws(' ', s.xmin, s.ctid, k.xmin, k.ctid, p.xmin, p.ctid, c.xmin, c.ctid) AS version"
_LOOK = f"""
SELECT s.domain, s.ingest_key, {_VERSION}
FROM shop s
JOIN shop_key k ON k.shop_id = s.id
JOIN shop_policy p ON p.shop_id = s.id
LEFT JOIN meta_connection c ON c.shop_id = s.id AND c.until_at IS NULL
WHERE s.uninstalled_at IS NULL AND s.
"""  # noqa: S608 - nothing from outside


def _reading(one: str) -> str:
    """Return the statement that reads one shop as one that reads many, each with its version."""
    return one.replace("SELECT", f"SELECT {_VERSION},", 1).replace("= %s", "= ANY(%s)")


_LOOKS: Final = {name: f"{_LOOK.rstrip()}{name} = ANY(%s)" for name in ("domain", "ingest_key")}
_READS: Final = {"domain": _reading(shops.BY_DOMAIN), "ingest_key": _reading(shops.BY_INGEST_KEY)}


@dataclass(frozen=True, slots=True)
class _Read:
    version: str
    shop: Shop


def by_domains(conn: Conn, vault: Vault, domains: Iterable[str]) -> dict[str, Shop]:
    """Return the installed shops among these verified domains."""
    return _found(conn, vault, "domain", set(domains))


def by_ingest_keys(conn: Conn, vault: Vault, keys: Iterable[str]) -> dict[str, Shop]:
    """Return the installed shops that these keys of pixels name."""
    return _found(conn, vault, "ingest_key", set(keys))


def _found(conn: Conn, vault: Vault, column: str, names: set[str]) -> dict[str, Shop]:
    known = {name: read for name in names if isinstance(read := vault.beside(f"{column} {name}"), _Read)}
    found: dict[str, Shop] = {}
    gone = set(known)
    for row in _rows(conn, _LOOKS[column], list(known)):
        name = row[column]
        if known[name].version == row["version"]:
            found[name] = known[name].shop
            gone.discard(name)
    for row in _rows(conn, _READS[column], list(names - set(known) | gone)):
        shop = _shop(row, vault)
        assert shop is not None  # noqa: S101 - there is a row
        vault.keep_beside(shop.key, f"{column} {row[column]}", _Read(row["version"], shop))
        found[row[column]] = shop
    return found


def _rows(conn: Conn, statement: Any, names: list[str]) -> list[DictRow]:
    return conn.execute(statement, (names,)).fetchall() if names else []
