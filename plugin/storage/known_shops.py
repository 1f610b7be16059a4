"""Shops as they were read before, for those that write by the thousand: good only if nothing of them changed since.

Whoever uses one asks PostgreSQL, in the statement that reads or writes for it, whether its rows are still of the
version that was read. So what comes of it is never older than what a plain look-up in the same place would find.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from plugin.storage import shops
from plugin.storage.database import Conn
from plugin.storage.shops import Shop, _shop
from plugin.storage.vault import Vault

# A row's version is its place and the transaction that wrote it: any change makes another one.
VERSION: Final = "concat_ws(' ', s.xmin, s.ctid, k.xmin, k.ctid, p.xmin, p.ctid, c.xmin, c.ctid)"
INSTALLED: Final = """shop s
    JOIN shop_key k ON k.shop_id = s.id
    JOIN shop_policy p ON p.shop_id = s.id
    LEFT JOIN meta_connection c ON c.shop_id = s.id AND c.until_at IS NULL"""
"""Of which rows a shop is made, as `shops` reads it; to be narrowed to installed ones."""


def _reading(one: str) -> str:
    """Return the statement that reads one shop as one that reads many, each with its version."""
    return one.replace("SELECT", f"SELECT {VERSION} AS version,", 1).replace("= %s", "= ANY(%s)")


_READS: Final = {"domain": _reading(shops.BY_DOMAIN), "ingest_key": _reading(shops.BY_INGEST_KEY)}


@dataclass(frozen=True, slots=True)
class Known:
    """A shop and the version of its rows."""

    version: str
    shop: Shop


def remembered(vault: Vault, column: str, names: Iterable[str]) -> dict[str, Known]:
    """Return the shops among these names (`domain`, `ingest_key`) that were read before, to be asked for by version."""
    found = {name: vault.beside(f"{column} {name}") for name in set(names)}
    return {name: known for name, known in found.items() if isinstance(known, Known)}


def read(conn: Conn, vault: Vault, column: str, names: Iterable[str]) -> dict[str, Known]:
    """Return the installed shops of these names as they are now, and remember them."""
    asked = list(set(names))
    found: dict[str, Known] = {}
    for row in conn.execute(_READS[column], (asked,)).fetchall() if asked else ():
        shop = _shop(row, vault)
        assert shop is not None  # noqa: S101 - there is a row
        known = found[row[column]] = Known(row["version"], shop)
        vault.keep_beside(shop.key, f"{column} {row[column]}", known)
    return found
