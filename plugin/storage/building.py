"""Indexes over tables that may be large: built before the upgrade's one transaction, while everybody goes on writing.

A migration names them in `AHEAD` (index: statement) and creates in its own `upgrade` those that are not there yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from psycopg import errors, sql
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_IS_BROKEN = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid"
TOO_EARLY = (errors.UndefinedTable, errors.UndefinedColumn)


def build(connection: Connection, wanted: Iterable[Mapping[str, str]]) -> None:
    """Build what is not there yet, over a connection that commits each statement by itself.

    It waits for transactions that are under way, and nobody waits for it. One that was broken off is built anew; one of
    a table or column that the upgrade has yet to make is left to it.

    Raises:
        DBAPIError: it could not be built; nothing else was changed.
    """
    for indexes in wanted:
        for name, statement in indexes.items():
            if connection.exec_driver_sql(_IS_BROKEN, (name,)).first():
                dropped = sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(name))
                connection.exec_driver_sql(dropped.as_string())
            try:
                connection.exec_driver_sql(statement)
            except DBAPIError as fault:
                if not isinstance(fault.orig, TOO_EARLY):
                    raise
