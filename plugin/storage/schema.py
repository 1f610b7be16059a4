"""The database's shape: migrations, the queue's tables, and the evidence partitions of the coming days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import create_engine

from plugin.storage.database import Conn

EVIDENCE_DAYS = 9
"""7 days in which a late delivery or a recovery may still need the evidence, plus slack."""


def for_sqlalchemy(url: str) -> str:
    """Return a psycopg address as SQLAlchemy spells it."""
    return "postgresql+psycopg://" + url.partition("://")[2]


def config() -> Config:
    """Return Alembic's configuration; there is no ini file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return made


def upgrade(url: str) -> None:
    """Bring the database to the newest shape. Safe to repeat; two at once wait for each other."""
    engine = create_engine(for_sqlalchemy(url))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(4711, 1)")
            made = config()
            made.attributes["connection"] = connection
            command.upgrade(made, "head")
    finally:
        engine.dispose()


def is_current(url: str) -> bool:
    """Whether the database has the newest shape."""
    engine = create_engine(for_sqlalchemy(url))
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == newest()
    finally:
        engine.dispose()


def newest() -> str | None:
    """Return the newest migration's name."""
    return ScriptDirectory.from_config(config()).get_current_head()


def keep_partitions(conn: Conn, now: datetime) -> None:
    """Make the evidence partitions of today and the next three days; drop those older than EVIDENCE_DAYS.

    A day without its own partition lands in the default one (a moved clock, a worker that was away); such rows are
    deleted when their time has come.
    """
    today = now.astimezone(UTC).date()
    have = set(_partitions(conn))
    taken = {row["day"] for row in conn.execute("SELECT DISTINCT day FROM evidence_rest").fetchall()}
    for day in (today + timedelta(days=ahead) for ahead in range(4)):
        if day not in have and day not in taken:
            _make(conn, day)
    for day in have:
        if day < today - timedelta(days=EVIDENCE_DAYS):
            conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_name(day)))
    conn.execute("DELETE FROM evidence_rest WHERE day < %s", (today - timedelta(days=EVIDENCE_DAYS),))


def _name(day: date) -> sql.Identifier:
    return sql.Identifier(f"evidence_{day:%Y%m%d}")


def _make(conn: Conn, day: date) -> None:
    statement = "CREATE TABLE IF NOT EXISTS {} PARTITION OF evidence FOR VALUES FROM ({}) TO ({})"
    bounds = (_name(day), sql.Literal(day), sql.Literal(day + timedelta(days=1)))
    conn.execute(sql.SQL(statement).format(*bounds))


def _partitions(conn: Conn) -> list[date]:
    rows = conn.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'evidence'::regclass AND c.relname ~ '^evidence_[0-9]{8}$'"
    ).fetchall()
    return [
        datetime.strptime(name[-8:], "%Y%m%d").replace(tzinfo=UTC).date() for name in (row["relname"] for row in rows)
    ]
