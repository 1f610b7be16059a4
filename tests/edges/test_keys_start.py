"""What a process does not start with: wrong keys, and a pooler that takes sessions away."""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from plugin.cli import main
from plugin.services import Services
from plugin.storage import sessions
from plugin.storage.database import DatabaseAway
from plugin.storage.sessions import NoSession
from plugin.storage.shops import Shop
from sandbox.ports import free_port
from tests.conftest import API_KEY
from tests.edges.pooler import pooler

OLD = f"k1:{base64.b64encode(bytes(range(32))).decode()}"
OTHER = base64.b64encode(bytes([7] * 32)).decode()


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch, database_url: str) -> pytest.MonkeyPatch:
    for name, value in {
        "SHOPIFY_API_KEY": API_KEY,
        "SHOPIFY_API_SECRET": "secret",
        "BACKSTOP_URL": "http://127.0.0.1:1",
        "DATABASE_URL": database_url,
        "BACKSTOP_KEYS": OLD,
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def kept(services: Services) -> list[bytes]:
    with services.database.transaction() as conn:
        return [bytes(row["data_key"]) for row in conn.execute("SELECT data_key FROM shop_key").fetchall()]


@pytest.mark.parametrize("command", [["web"], ["worker"]])
@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (f"k1:{OTHER}", "the master key k1 of the settings is not the one that the database was sealed with"),
        (f"k2:{OTHER}", "the master key k1, which the database needs, is not in the settings"),
        (f"k2:{OTHER},k1:{OTHER}", "the master key k1 of the settings is not the one"),
    ],
)
def test_with_a_wrong_key_nothing_starts_and_nothing_is_written(
    env: pytest.MonkeyPatch,
    services: Services,
    shop: Shop,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    keys: str,
    said: str,
) -> None:
    before = kept(services)
    env.setenv("BACKSTOP_KEYS", keys)

    assert main(command) == 78

    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert OTHER not in told
    assert kept(services) == before


def test_a_database_without_our_tables_is_said_to_need_an_upgrade(
    env: pytest.MonkeyPatch, migrated: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(migrated, autocommit=True) as conn:
        conn.execute("DROP DATABASE IF EXISTS bare")
        conn.execute("CREATE DATABASE bare")
    env.setenv("DATABASE_URL", f"postgresql://postgres@/bare?{urlsplit(migrated).query}")

    assert main(["worker"]) == 78

    assert "backstop db upgrade" in capsys.readouterr().err


def place(url: str) -> tuple[str, str]:
    """Return the folder of the server's socket, and the database's name."""
    parts = urlsplit(url)
    return parse_qs(parts.query)["host"][0], parts.path.lstrip("/")


@pytest.mark.parametrize("in_turn", [False, True])
def test_a_pooler_that_lends_sessions_for_a_transaction_is_found(database_url: str, in_turn: bool) -> None:  # noqa: FBT001 - parametrized
    with pooler(*place(database_url), keeps_sessions=False, in_turn=in_turn) as url:
        for _ in range(3):
            with pytest.raises(NoSession):
                sessions.check(url)


def test_such_a_pooler_is_found_with_sessions_idle_already(database_url: str) -> None:
    with pooler(*place(database_url), keeps_sessions=False, in_turn=True) as url:
        crowd = [psycopg.connect(url) for _ in range(6)]
        for one in crowd:
            one.execute("SELECT 1")
        for one in crowd:
            one.close()

        with pytest.raises(NoSession):
            sessions.check(url)


def test_a_pooler_that_keeps_sessions_and_a_direct_connection_are_let_pass(database_url: str) -> None:
    sessions.check(database_url)
    with pooler(*place(database_url), keeps_sessions=True) as url:
        sessions.check(url)


def test_a_server_that_is_away_is_no_pooler() -> None:
    with pytest.raises(DatabaseAway):
        sessions.check(f"postgresql://nobody@127.0.0.1:{free_port()}/none")


def test_behind_such_a_pooler_no_process_starts(
    env: pytest.MonkeyPatch, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pooler(*place(database_url), keeps_sessions=False) as url:
        env.setenv("DATABASE_URL", url)

        assert main(["worker"]) == 78

    assert "pooler in session mode" in capsys.readouterr().err


@contextmanager
def pgbouncer(folder: Path, url: str, mode: str) -> Iterator[str]:
    host, name = place(url)
    port = free_port()
    file = folder / "pgbouncer.ini"
    lines = (
        "[databases]",
        f"{name} = host={host} dbname={name} user=postgres",
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        f"listen_port = {port}",
        "auth_type = any",
        f"pool_mode = {mode}",
        "unix_socket_dir =",
    )
    file.write_text("\n".join(lines))
    for place_of in (folder, file):
        place_of.chmod(0o755)
    program = shutil.which("pgbouncer") or ""
    quiet = subprocess.DEVNULL
    running = subprocess.Popen([program, "-u", "nobody", str(file)], stdout=quiet, stderr=quiet)  # noqa: S603 - ours
    try:
        time.sleep(0.5)
        yield f"postgresql://postgres@127.0.0.1:{port}/{name}"
    finally:
        running.terminate()
        running.wait(10)


@pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="PgBouncer is not installed here")
def test_pgbouncer_is_let_pass_in_session_mode_only(database_url: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="backstop-pgbouncer-", dir="/var/tmp"))
    try:
        for mode in ("transaction", "statement"):
            with pgbouncer(folder, database_url, mode) as url, pytest.raises(NoSession):
                sessions.check(url)
        with pgbouncer(folder, database_url, "session") as url:
            sessions.check(url)
    finally:
        shutil.rmtree(folder)
