"""`backstop db upgrade` where it cannot go on: one plain sentence, nothing changed, nobody kept waiting for long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest

from plugin.cli import main
from plugin.storage import schema
from sandbox.ports import free_port
from tests.conftest import API_KEY

KEY = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {
        "SHOPIFY_API_KEY": API_KEY,
        "SHOPIFY_API_SECRET": "secret",
        "BACKSTOP_URL": "http://127.0.0.1:1",
        "BACKSTOP_KEYS": KEY,
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def behind(migrated: str, env: pytest.MonkeyPatch) -> Iterator[str]:
    """A database of an older version, without the newest migrations; the command's own."""
    with psycopg.connect(migrated, autocommit=True) as conn:
        conn.execute("DROP DATABASE IF EXISTS behind WITH (FORCE)")
        conn.execute("CREATE DATABASE behind")
    url = f"postgresql://postgres@/behind?{urlsplit(migrated).query}"
    schema.upgrade(url, until="0005")
    env.setenv("DATABASE_URL", url)
    yield url
    with psycopg.connect(migrated, autocommit=True) as conn:
        conn.execute("DROP DATABASE IF EXISTS behind WITH (FORCE)")


WHO = """SELECT pid FROM pg_stat_activity WHERE xact_start < now() - interval '0 seconds' ORDER BY xact_start"""
"""As docs/runbook.md asks, without the seconds."""


@contextmanager
def held(url: str, statement: str) -> Iterator[None]:
    """Hold what a statement takes; whoever looks is told by whom."""
    with psycopg.connect(url) as conn, psycopg.connect(url, autocommit=True) as other:
        conn.execute(statement.encode())
        assert (conn.info.backend_pid,) in other.execute(WHO).fetchall()
        yield


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, float]:
    """Run the command; return its exit status, what it said on stderr, and the seconds that it took."""
    begun = time.monotonic()
    status = main(["db", "upgrade", *words])
    return status, capsys.readouterr().err, time.monotonic() - begun


def test_a_table_that_somebody_holds_ends_it_with_one_sentence_and_nothing_changed(
    behind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with held(behind, "LOCK TABLE shop_policy IN ACCESS SHARE MODE"):
        status, said, seconds = told(capsys, "--lock-timeout", "0.2")

    assert status == 1
    assert said.count("\n") == 1
    assert "0.2 s" in said
    assert "Nothing was changed" in said
    assert seconds < 5
    assert not schema.is_current(behind)
    assert main(["db", "upgrade"]) == 0
    assert schema.is_current(behind)


def test_unless_told_otherwise_it_waits_for_no_lock_longer_than_shopify_waits_for_an_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert 1 <= schema.LOCK_TIMEOUT < 5
    assert main(["db", "upgrade", "--help"]) == 0
    assert f"default: {schema.LOCK_TIMEOUT}" in capsys.readouterr().out


def test_another_upgrade_is_waited_for_but_not_for_ever(
    behind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "OTHERS_TIMEOUT", 0.2)
    with held(behind, f"SELECT pg_advisory_xact_lock({schema.ONE_AT_A_TIME[0]}, {schema.ONE_AT_A_TIME[1]})"):
        status, said, _ = told(capsys)

    assert (status, said.count("\n")) == (1, 1)
    assert "another upgrade" in said


@contextmanager
def under_way(url: str) -> Iterator[psycopg.Connection]:
    """Write to the orders, and end neither well nor badly."""
    with psycopg.connect(url) as conn:
        conn.execute("UPDATE paid_order SET number = number WHERE false")
        conn.execute("SELECT 1")
        yield conn


def index_is_valid(conn: psycopg.Connection, name: str) -> bool | None:
    found = conn.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", (name,)).fetchone()
    return None if found is None else bool(found[0])


def test_orders_come_in_while_an_index_of_theirs_is_built(behind: str) -> None:
    with psycopg.connect(behind, autocommit=True) as conn, ThreadPoolExecutor(1) as crew:
        conn.execute("SET lock_timeout = '2s'")
        with under_way(behind):
            upgrading = crew.submit(schema.upgrade, behind)
            end = time.monotonic() + 10
            while not conn.execute("SELECT 1 FROM pg_stat_progress_create_index").fetchone():
                assert time.monotonic() < end
                time.sleep(0.02)
            conn.execute("UPDATE paid_order SET number = number WHERE false")
            assert not upgrading.done()
        assert upgrading.result(20)

    assert schema.is_current(behind)


def test_an_index_that_was_broken_off_is_built_anew(
    behind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schema, "OTHERS_TIMEOUT", 0.3)
    with psycopg.connect(behind, autocommit=True) as conn:
        with under_way(behind):
            status, said, _ = told(capsys)
        assert status == 1
        assert "0.3 s" in said
        assert index_is_valid(conn, "ix_paid_order_checkout") is False

        assert schema.upgrade(behind)

        assert index_is_valid(conn, "ix_paid_order_checkout") is True
    assert schema.is_current(behind)


def test_a_server_that_is_away_or_refuses_is_told_in_one_sentence(
    behind: str, env: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(behind, autocommit=True) as conn:
        conn.execute("CREATE VIEW ledger_mark AS SELECT 1 AS one")
    assert told(capsys)[:2] == (1, "The upgrade failed, and nothing was changed: DuplicateTable (42P07).\n")

    env.setenv("DATABASE_URL", f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    assert told(capsys)[:2] == (1, "The database does not answer.\n")


def test_old_code_leaves_a_newer_database_as_it_is(behind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with psycopg.connect(behind, autocommit=True) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '0999'")

    assert main(["db", "upgrade"]) == 0

    assert "newer" in capsys.readouterr().out
