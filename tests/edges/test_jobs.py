from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from plugin import jobs
from plugin.jobs import sweep
from plugin.meta.conversions import ConversionsClient
from plugin.services import Services
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock
from tests.edges.ledger_view import buy, ended, switch_on, tell
from tests.edges.servers import Server, reply


async def run_until_idle(services: Services, *tasks: tuple[str, dict[str, Any]]) -> None:
    """Defer jobs, and let a worker do them and what follows from them."""
    queue = jobs.build(services)
    async with queue.open_async():
        for name, arguments in tasks:
            await queue.tasks[name].defer_async(**arguments)
        for _ in range(2):  # a worker that does not wait may go home before the last job has made its own
            await queue.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="always")


def jobs_left(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as conn:
        return [
            (name, status) for name, status in conn.execute("SELECT task_name, status::text FROM procrastinate_jobs")
        ]


@pytest.mark.parametrize(
    ("seconds", "cron"), [(1, "* * * * * */1"), (15, "* * * * * */15"), (60, "* * * * *"), (0.2, "* * * * * */1")]
)
def test_a_period_is_told_as_cron(seconds: float, cron: str) -> None:
    assert jobs.every(timedelta(seconds=seconds)) == cron


def test_a_sweep_judges_and_wakes_the_delivery(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=31)

    with Server(reply({"events_received": 1, "fbtrace_id": "A"})) as meta:
        object.__setattr__(services, "meta", ConversionsClient(f"{meta.url}/v26.0"))
        asyncio.run(run_until_idle(services, ("sweep", {"timestamp": 0})))

    assert ended(services) == ("recovered", "pixel_silent")
    assert len(meta.received) == 1


def test_a_sweep_judges_more_than_a_shops_share_while_there_is_time(
    client: FlaskClient, services: Services, clock: MovedClock, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "BATCH", 1)
    monkeypatch.setattr(sweep, "ROUNDS", 1)
    switch_on(services, shop)
    for number in range(3):
        buy(client, clock, id=ORDER_ID + number, checkout_token=f"checkout-{number}")
    clock.pass_by(minutes=31)

    sweep.sweep(services)

    with services.database.transaction() as conn:
        judged = conn.execute("SELECT reason, count(*) AS n FROM paid_order GROUP BY 1").fetchall()
    assert judged == [{"reason": "consent_unknown", "n": 3}]


def test_jobs_carry_ids_only(client: FlaskClient, services: Services, shop: Shop, clock: MovedClock) -> None:
    switch_on(services, shop)
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=31)
    seen: list[dict[str, Any]] = []

    async def sweep_only() -> None:
        queue = jobs.build(services)
        async with queue.open_async():
            await queue.tasks["sweep"].func(timestamp=0)
            await queue.tasks["sweep"].func(timestamp=0)  # a delivery that waits already is not asked for twice

    asyncio.run(sweep_only())
    with psycopg.connect(services.database.url) as conn:
        seen = [args for (args,) in conn.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'deliver'")]

    assert seen == [{"lane": 0}]  # a lane, whichever shops wait


def test_upkeep_ends_the_jobs_of_killed_workers(services: Services, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        worker = conn.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
        ).fetchone()
        assert worker is not None
        conn.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id, args)"
            " VALUES ('meta', 'deliver', 'doing', %s, '{\"shop_id\": 1}')",
            worker,
        )

    asyncio.run(run_until_idle(services, ("upkeep", {"timestamp": 0})))

    assert ("deliver", "doing") not in jobs_left(database_url)
