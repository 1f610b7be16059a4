"""The database's shape: migrations, the queue's tables, and the evidence partitions of the coming days."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import errors, sql
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError

from plugin.storage import building
from plugin.storage.database import Conn, DatabaseAway

EVIDENCE_DAYS = 9
"""7 days in which a late delivery or a recovery may still need the evidence, plus slack."""
LOCK_TIMEOUT = 3.0
"""Seconds that a change of a table waits for others: all who come later wait behind it; Shopify gives up after 5."""
OTHERS_TIMEOUT = 60.0
"""Seconds for which another upgrade is waited for."""
ONE_AT_A_TIME = (4711, 1)
"""The advisory lock of upgrades."""


class NotUpgraded(Exception):
    """The database has the shape that it had; the text is one sentence, without values."""


def for_sqlalchemy(url: str) -> str:
    """Return a psycopg address as SQLAlchemy spells it."""
    return "postgresql+psycopg://" + url.partition("://")[2]


def config() -> Config:
    """Return Alembic's configuration; there is no ini file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return made


def upgrade(url: str, *, lock_timeout: float = LOCK_TIMEOUT, until: str = "head") -> bool:
    """Bring the database to the newest shape, or that of a revision; return whether that took anything but looking.

    Safe to repeat; two at once wait for each other. All of it is one transaction: what fails changes nothing, but for
    new indexes of tables that may be large: they are built before it (`building`), and stay for the next try. The
    database of a newer version stays as it is.

    Raises:
        NotUpgraded: a lock was not to be had within `lock_timeout` seconds, or a statement failed.
        DatabaseAway: the server does not answer.
    """
    engine = create_engine(for_sqlalchemy(url))
    try:
        with _alone(engine) as guard:
            revision = MigrationContext.configure(guard).get_current_revision()
            if is_newer(revision):
                return False
            _build_ahead(guard, revision, until)
            with engine.begin() as connection:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(lock_timeout * 1000)}")
                made = config()
                made.attributes["connection"] = connection
                command.upgrade(made, until)
            return True
    except DBAPIError as fault:
        raise _told(fault, lock_timeout) from None
    finally:
        engine.dispose()


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Let no other upgrade run; yields a connection that commits each statement by itself.

    It asks again and again: whoever waited inside a statement would be waited for by an index that is being built.
    """
    end = time.monotonic() + OTHERS_TIMEOUT
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s, %s)", ONE_AT_A_TIME).scalar():
            if time.monotonic() > end:
                raise NotUpgraded(f"Nothing was changed: another upgrade has run for {OTHERS_TIMEOUT:g} s.")
            time.sleep(0.1)
        yield connection  # the lock goes with it


def _build_ahead(guard: Connection, revision: str | None, until: str) -> None:
    """Build the indexes of the migrations that come. Raises NotUpgraded."""
    if revision is None:  # there are no tables yet
        return
    coming = [*ScriptDirectory.from_config(config()).iterate_revisions(until, revision)]
    guard.exec_driver_sql(f"SET lock_timeout = {int(OTHERS_TIMEOUT * 1000)}")
    try:
        building.build(guard, (getattr(script.module, "AHEAD", {}) for script in reversed(coming)))
    except DBAPIError as fault:
        raise _told(fault, OTHERS_TIMEOUT) from None


def _told(fault: DBAPIError, lock_timeout: float) -> NotUpgraded | DatabaseAway:
    """What to say of a fault: no text of the server's, for that may quote values."""
    if isinstance(fault.orig, errors.LockNotAvailable):
        return NotUpgraded(
            f"Nothing was changed: a table was in use for longer than {lock_timeout:g} s (a backup, a long statement)."
            " Try again; what serves goes on meanwhile."
        )
    state = getattr(fault.orig, "sqlstate", None)
    if state is None or fault.connection_invalidated:
        return DatabaseAway()
    return NotUpgraded(f"The upgrade failed, and nothing was changed: {type(fault.orig).__name__} ({state}).")


def is_current(url: str) -> bool:
    """Whether the database has the newest shape."""
    engine = create_engine(for_sqlalchemy(url))
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == newest()
    finally:
        engine.dispose()


def newest() -> str:
    """Return the name of the newest migration of this version."""
    return _known()[0]


def is_newer(revision: str | None) -> bool:
    """Whether a database's revision is one that this version has not heard of: a newer version's, which only adds."""
    return revision is not None and revision not in _known()


def suits(revision: str) -> bool:
    """Whether this version can work with a database of that revision: its own newest one, or a newer version's."""
    return revision == newest() or is_newer(revision)


@cache
def _known() -> tuple[str, ...]:
    """Return all revisions of this version, the newest first; read once, so that a running process stays what it is."""
    return tuple(script.revision for script in ScriptDirectory.from_config(config()).walk_revisions())


def keep_partitions(conn: Conn, now: datetime) -> None:
    """Make the evidence partitions of today and the next three days; drop those of EVIDENCE_DAYS ago.

    So no post is kept for longer than that, and each for eight days at least. A day without its own partition lands in
    the default one (a moved clock, a worker that was away); such rows are deleted when their time has come.
    """
    today = now.astimezone(UTC).date()
    have = set(_partitions(conn))
    taken = {row["day"] for row in conn.execute("SELECT DISTINCT day FROM evidence_rest").fetchall()}
    for day in (today + timedelta(days=ahead) for ahead in range(4)):
        if day not in have and day not in taken:
            _make(conn, day)
    for day in have:
        if day <= today - timedelta(days=EVIDENCE_DAYS):
            conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_name(day)))
    conn.execute("DELETE FROM evidence_rest WHERE day <= %s", (today - timedelta(days=EVIDENCE_DAYS),))


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
