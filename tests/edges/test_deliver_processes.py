from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from tests.edges.crowd import attempts, crowd, open_shop, outcomes
from tests.edges.plant import LEASE, Plant, plant

RECOVERED = ("recovered", "pixel_silent")


@pytest.fixture(scope="module")
def built() -> Iterator[Plant]:
    with plant() as made:
        yield made


@pytest.fixture
def site(built: Plant) -> Iterator[Plant]:
    yield built
    built.stop()


def reposts(site: Plant) -> int:
    with site.services.database.transaction() as conn:
        row = conn.execute("SELECT sum(reposts)::int AS n FROM paid_order").fetchone()
    assert row is not None
    return int(row["n"])


def all_recovered(site: Plant, count: int) -> None:
    site.until(lambda: outcomes(site.services) == {RECOVERED: count})


def test_a_result_outlives_a_crash_of_postgresql_and_nothing_is_sent_twice(site: Plant) -> None:
    shop = open_shop(site.services, site.meta)
    crowd(site.services, shop, 20)
    site.meta.fault("meta_slow", delay=3)
    worker = site.worker(BACKSTOP_LEASE_SECONDS="20")
    site.until(site.meta.received)

    site.postgres.stop(immediate=True)
    time.sleep(1)
    site.postgres.start()
    all_recovered(site, 20)
    worker.kill()
    site.worker()
    time.sleep(3)

    assert (len(site.meta.posts()), len(site.meta.received()), reposts(site)) == (1, 20, 0)
    assert [one["result"] for one in attempts(site.services)] == ["accepted"]


def test_a_graceful_stop_finishes_the_request_that_is_out_begins_no_other_and_sends_nothing_twice(
    site: Plant,
) -> None:
    shop = open_shop(site.services, site.meta)
    crowd(site.services, shop, 450)
    site.meta.fault("meta_slow", delay=1.5)
    worker = site.worker(BACKSTOP_LEASE_SECONDS="20")
    site.until(site.meta.received)

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(20) == 0
    assert (len(site.meta.posts()), outcomes(site.services)[RECOVERED]) == (1, 200)
    site.meta.repair()
    site.worker()
    all_recovered(site, 450)
    assert (len(site.meta.received()), reposts(site)) == (450, 0)


@pytest.mark.parametrize(("point", "copies"), [("before_post", 1), ("after_post", 2)])
def test_a_worker_killed_around_its_request_leaves_it_in_doubt_and_meta_counts_each_order_once(
    site: Plant, point: str, copies: int
) -> None:
    shop = open_shop(site.services, site.meta)
    crowd(site.services, shop, 5)

    assert site.worker(BACKSTOP_CRASH_AT=point).wait(30) == 137
    time.sleep(LEASE / 2)
    site.worker()
    all_recovered(site, 5)

    assert (len(site.meta.received()), site.meta.counted(), reposts(site)) == (5 * copies, 5, 5)
    assert [one["result"] for one in attempts(site.services)] == ["in_doubt", "accepted"]
    first, second = attempts(site.services)
    assert first["digest"] == second["digest"]
