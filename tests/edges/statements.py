"""Counts the SQL statements of a request: every cursor of psycopg is looked at, the pages' sessions included."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest


@contextmanager
def counted() -> Iterator[list[str]]:
    """Return the statements that run meanwhile; what begins or ends a transaction, or tries a connection, is none."""
    seen: list[str] = []
    execute, many = psycopg.Cursor.execute, psycopg.Cursor.executemany

    def note(self: psycopg.Cursor[Any], query: Any, *args: Any, **options: Any) -> Any:
        seen.extend(filter(None, [" ".join(str(query).split())]))
        return execute(self, query, *args, **options)

    def note_many(self: psycopg.Cursor[Any], query: Any, *args: Any, **options: Any) -> Any:
        seen.append(" ".join(str(query).split()))
        return many(self, query, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", note)
        patch.setattr(psycopg.Cursor, "executemany", note_many)
        yield seen
