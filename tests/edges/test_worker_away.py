"""The shipped worker while PostgreSQL is away, stopped, or put back to an earlier time.

Ten minutes away are no more to a worker than the half minute after which the queue's own gives up: from then on shifts
begin and end every few seconds, each by itself, and nothing counts them. What Meta answered last is kept for ten
minutes as well (`deliver.KEEP_TRYING`).
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import psycopg
import pytest

from plugin.jobs import deliver
from plugin.storage import heartbeat
from tests.edges.crowd import crowd, open_shop, outcomes
from tests.edges.plant import Plant, plant

RECOVERED = ("recovered", "pixel_silent")
GIVES_UP_AFTER = 36.0
"""Seconds of absence after which the queue's worker has ended itself: it tries five times, for half a minute."""


@pytest.fixture
def site() -> Iterator[Plant]:
    with plant() as made:
        yield made


def beats(site: Plant) -> int:
    with site.services.database.transaction() as conn:
        return heartbeat.count(conn)


def test_an_answer_is_kept_for_ten_minutes() -> None:
    assert deliver.KEEP_TRYING >= 600


@pytest.mark.slow
def test_a_worker_outlives_a_database_that_is_away_for_longer_than_the_queue_bears(site: Plant) -> None:
    shop = open_shop(site.services, site.meta)
    crowd(site.services, shop, 5)
    worker = site.worker()
    site.until(lambda: outcomes(site.services) == {RECOVERED: 5})

    site.postgres.stop(immediate=True)
    time.sleep(GIVES_UP_AFTER)
    assert worker.poll() is None
    site.postgres.start()
    back = time.monotonic()
    crowd(site.services, shop, 5, first=100)
    site.until(lambda: outcomes(site.services) == {RECOVERED: 10}, 75)

    assert worker.poll() is None
    assert time.monotonic() - back < 75
    assert "database away, the next shift begins soon" in site.log()
    assert len(site.meta.received()) == 10
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0


@pytest.mark.slow
def test_a_worker_that_waits_for_the_database_stops_when_told(site: Plant) -> None:
    worker = site.worker()
    site.until(lambda: beats(site) > 0)

    site.postgres.stop(immediate=True)
    time.sleep(2)
    worker.send_signal(signal.SIGTERM)

    ended = worker.wait(30)
    site.postgres.start()

    assert ended == 0


@pytest.mark.slow
def test_a_copy_of_the_servers_files_that_is_put_back_is_noticed_and_nothing_is_sent_twice(site: Plant) -> None:
    witness = str(site.folder / "witness")
    shop = open_shop(site.services, site.meta)
    worker = site.worker(BACKSTOP_WITNESS_FILE=witness)
    site.until(lambda: beats(site) > 0)
    worker.send_signal(signal.SIGTERM)
    worker.wait(20)
    crowd(site.services, shop, 20)
    data, copy = site.folder / "server" / "data", site.folder / "server" / "copy"
    site.postgres.stop()
    _copy(data, copy)
    site.postgres.start()
    second = site.worker(BACKSTOP_WITNESS_FILE=witness)
    site.until(lambda: outcomes(site.services) == {RECOVERED: 20})
    site.until(lambda: beats(site) > 3)
    second.kill()
    second.wait()

    site.postgres.stop(immediate=True)
    shutil.rmtree(data)
    _copy(copy, data)
    site.postgres.start()
    site.worker(BACKSTOP_WITNESS_FILE=witness)
    site.until(lambda: "sending is paused until `backstop db resync`" in site.log())
    time.sleep(3)

    assert len(site.meta.received()) == 20
    with psycopg.connect(site.postgres.url) as conn:
        found = conn.execute("SELECT paused_at IS NOT NULL FROM ledger_mark").fetchone()
    assert found == (True,)


def _copy(source: object, target: object) -> None:
    """Copy the server's files with their owner."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)  # noqa: S603, S607 - a program of the system's
