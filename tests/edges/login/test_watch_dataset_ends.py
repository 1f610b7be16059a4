"""When a dataset is read, whatever may come of it, and that the connection never depends on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin import jobs
from plugin.jobs import watch_dataset
from plugin.recovery.dataset_report import Told
from plugin.services import Services
from plugin.storage import reports
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges import logins, visits
from tests.edges.logins import later, new_merchant, row_of
from tests.edges.readings import other_sender, read
from tests.edges.visits import Merchant, shop_of


@pytest.fixture
def sandbox() -> Iterator[World]:
    with logins.sandbox() as world:
        world.clock.offset -= 60  # it runs, the app's stands still: what comes in is never of the app's future
        yield world


@pytest.fixture
def merchant(client: FlaskClient, sandbox: World) -> Merchant:
    merchant = new_merchant(client, sandbox)
    visits.connect(merchant)
    return merchant


def test_a_dataset_is_read_at_once_and_then_daily(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    assert watch_dataset.due(services) == [shop_of(services).id]
    assert read(services).told is Told.NO_DATA
    assert watch_dataset.due(services) == []
    later(clock, sandbox, hours=23)
    assert watch_dataset.due(services) == []
    later(clock, sandbox, hours=1)
    assert watch_dataset.due(services) == [shop_of(services).id]
    assert row_of(services, "meta_connection")["report_at"] == clock.now() - timedelta(days=1)


@pytest.mark.parametrize(
    ("fault", "told", "code"),
    [
        ("reports_denied", Told.NOT_PERMITTED, "200"),
        ("reports_500", Told.ERROR, "2"),
        ("reports_empty", Told.NO_DATA, None),
    ],
)
def test_the_three_empties_are_told_apart_and_break_nothing(
    merchant: Merchant, services: Services, sandbox: World, fault: str, told: Told, code: str | None
) -> None:
    other_sender(sandbox, 2)
    sandbox.faults.put({"name": fault})
    before = row_of(services, "meta_connection")

    report = read(services)

    assert (report.told, report.code) == (told, code)
    assert report.quality.told is told
    changed = {name for name, value in row_of(services, "meta_connection").items() if value != before[name]}
    assert changed == {"report", "report_at"}


def test_after_an_error_it_is_asked_again_in_an_hour_and_keeps_what_it_knew(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    other_sender(sandbox, 2)
    assert read(services).foreign == 2
    later(clock, sandbox, days=1)
    sandbox.faults.put({"name": "reports_500"})
    away = read(services)
    assert (away.told, away.foreign) == (Told.ERROR, 2)
    assert watch_dataset.due(services) == []
    later(clock, sandbox, hours=1)
    assert watch_dataset.due(services) == [shop_of(services).id]

    sandbox.faults.clear()

    assert read(services).told is Told.COUNTED


def test_a_connection_that_is_broken_closed_or_of_a_shop_that_left_is_not_read(
    merchant: Merchant, services: Services
) -> None:
    shop_id = shop_of(services).id
    with services.database.transaction() as conn:
        conn.execute("UPDATE meta_connection SET broken = 'token_revoked'")
    assert watch_dataset.due(services) == []
    with services.database.transaction() as conn:
        conn.execute("UPDATE meta_connection SET broken = NULL")
    visits.uninstall(services)
    assert watch_dataset.due(services) == []

    watch_dataset.read(services, shop_id)

    assert row_of(services, "meta_connection")["report"] is None


def test_a_connection_that_is_closed_meanwhile_keeps_nothing(merchant: Merchant, services: Services) -> None:
    shop = shop_of(services)
    assert shop.connection is not None
    report = read(services)
    merchant.post("/disconnect")

    with services.database.transaction() as conn:
        assert not reports.keep(conn, shop.id, shop.connection, report, services.clock.now())
        assert reports.latest(conn, shop.id) is None


def test_a_token_that_does_not_open_asks_nothing(merchant: Merchant, services: Services, sandbox: World) -> None:
    with services.database.transaction() as conn:
        conn.execute("UPDATE meta_connection SET token = '\\x00'::bytea")
    before = len(sandbox.history.after(0))

    assert read(services).told is Told.NOT_PERMITTED

    assert len(sandbox.history.after(0)) == before


def test_the_queue_reads_what_is_due(merchant: Merchant, services: Services, sandbox: World) -> None:
    other_sender(sandbox, 1)

    async def run() -> None:
        queue = jobs.build(services)
        async with queue.open_async():
            for _ in range(2):  # one that waits already is not asked for twice
                await queue.tasks["datasets"].func(timestamp=0)
            await queue.run_worker_async(
                queues=["meta"], wait=False, install_signal_handlers=False, delete_jobs="always"
            )

    asyncio.run(run())

    with services.database.transaction() as conn:
        found = reports.latest(conn, shop_of(services).id)
    assert found is not None
    assert found[0].foreign == 1
