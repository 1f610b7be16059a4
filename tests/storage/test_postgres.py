from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from plugin.storage.postgres import EmbeddedPostgres, EmbeddedPostgresError, default_folder

ROOT = os.geteuid() == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's user can reach."""
    made = Path(tempfile.mkdtemp(prefix="backstop-pg-", dir="/var/tmp"))
    made.chmod(0o711)
    yield made
    EmbeddedPostgres(made).stop(immediate=True)
    shutil.rmtree(made, ignore_errors=True)


def test_it_starts_once_however_many_ask_and_keeps_its_rows_over_a_crash(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    urls: list[str] = []
    askers = [threading.Thread(target=lambda: urls.append(EmbeddedPostgres(folder).start())) for _ in range(3)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert urls == [server.url] * 3
    with psycopg.connect(server.url, autocommit=True) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 42 AS x")

    server.stop(immediate=True)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url)
    server.start()

    with psycopg.connect(server.url) as conn:
        assert conn.execute("SELECT x FROM kept").fetchone() == (42,)
    server.stop()
    server.stop()


@pytest.fixture
def bad_parent() -> Iterator[None]:
    """Be the parent of all that lose theirs, as a container's first process is, and ask for nobody's end."""
    become = ctypes.CDLL(None).prctl
    become(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    yield
    become(36, 0, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt others")
@pytest.mark.usefixtures("bad_parent")
def test_after_a_kill_it_starts_although_nobody_asked_for_the_end_of_the_old_one(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    killed = int((folder / "server" / "data" / "postmaster.pid").read_text().split()[0])
    children = [int(pid) for pid in Path(f"/proc/{killed}/task/{killed}/children").read_text().split()]

    os.kill(killed, signal.SIGKILL)
    end = time.monotonic() + 10
    while any(_state(pid) != "Z" for pid in (killed, *children)):  # its children see that it is gone
        assert time.monotonic() < end
        time.sleep(0.05)
    server.start()

    with psycopg.connect(server.url) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)
    for pid in (killed, *children):
        os.waitpid(pid, 0)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_it_listens_on_no_network(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()

    with psycopg.connect(server.url) as conn:
        assert conn.execute("SHOW listen_addresses").fetchone() == ("",)


def test_a_long_path_gets_its_socket_elsewhere(folder: Path) -> None:
    deep = folder / ("d" * 100)

    assert len(EmbeddedPostgres(deep).url) < len(str(deep)) + 40
    assert EmbeddedPostgres(deep).url == EmbeddedPostgres(deep).url


@pytest.mark.skipif(not ROOT, reason="only as root does the server run as another user")
def test_a_folder_that_its_user_cannot_reach_is_said_to_be_so(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(EmbeddedPostgresError, match="cannot reach"):
        EmbeddedPostgres(closed / "data").start()


def test_as_root_the_home_is_no_place_for_it() -> None:
    home = Path.home() / ".local" / "share" / "conversion-backstop"

    assert default_folder(Path("/srv/data")) == Path("/srv/data")
    assert default_folder(home) == (Path("/var/lib/conversion-backstop") if ROOT else home)
