"""The daily check where something comes between: Meta undoes what it did, or is away, or the merchant was quicker."""

from __future__ import annotations

import asyncio

import pytest

from plugin import jobs
from plugin.jobs import connecting
from plugin.meta.graph import TokenState
from plugin.services import Services
from sandbox.meta_store import DEFAULT_TOKEN
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges import logins, visits
from tests.edges.ledger_view import buy, ended, row, switch_on, tell, work
from tests.edges.logins import checked, connect, later, row_of
from tests.edges.visits import Merchant, shop_of


def test_a_check_that_succeeds_mends_what_meta_has_undone(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    switch_on(services, shop_of(services))
    tell(merchant.client, shop_of(services), clock)
    buy(merchant.client, clock, processed_at=clock.now().isoformat())
    sandbox.faults.put({"name": "meta_denied"})
    later(clock, sandbox, hours=1)
    work(services)
    assert row(services)["reason"] == "connection_broken"
    sandbox.faults.clear(None)
    later(clock, sandbox, hours=23)

    assert checked(services) is None
    work(services)

    assert ended(services) == ("recovered", "pixel_silent")
    assert row_of(services, "meta_connection")["broken_at"] is None


@pytest.mark.parametrize("fault", ["meta_500", "meta_throttle", "meta_reset_before"])
def test_while_meta_is_away_nothing_is_said_of_the_connection(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock, fault: str
) -> None:
    connect(merchant)
    later(clock, sandbox, days=1)
    sandbox.faults.put({"name": fault})

    assert checked(services) is None

    assert connecting.due(services) == []  # not at once again
    later(clock, sandbox, hours=1)
    assert connecting.due(services) == [shop_of(services).id]


def test_a_broken_connection_stays_so_while_meta_is_away(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    later(clock, sandbox, days=1)
    sandbox.people.remove(logins.USER)
    assert checked(services) == "token_revoked"
    sandbox.faults.put({"name": "debug_500"})
    sandbox.faults.put({"name": "meta_500"})
    later(clock, sandbox, days=1)

    assert checked(services) == "token_revoked"


def test_where_the_token_cannot_be_inspected_the_trial_decides(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    later(clock, sandbox, days=1)
    sandbox.faults.put({"name": "debug_500"})
    assert checked(services) is None
    later(clock, sandbox, days=1)
    sandbox.people.remove(logins.USER)

    assert checked(services) == "token_revoked"


def test_what_was_found_of_the_old_token_is_not_said_of_the_new_one(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(merchant)
    later(clock, sandbox, days=1)
    sandbox.people.remove(logins.USER)
    look = services.graph.inspect

    def meanwhile(token: str) -> TokenState:
        found = look(token)
        visits.connect(merchant, token=DEFAULT_TOKEN)
        return found

    monkeypatch.setattr(services.graph, "inspect", meanwhile)

    assert checked(services) is None


def test_a_token_that_does_not_open_is_as_good_as_revoked(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    later(clock, sandbox, days=1)
    with services.database.transaction() as conn:
        conn.execute("UPDATE meta_connection SET token = 'nonsense'")

    assert checked(services) == "token_revoked"


def test_whose_login_it_is_is_known_by_the_present_secret(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    kept = row_of(services, "meta_connection")["meta_user_hash"]
    with services.database.transaction() as conn:
        conn.execute("UPDATE meta_connection SET meta_user_hash = 'of another secret'")
    later(clock, sandbox, days=1)

    assert checked(services) is None

    assert row_of(services, "meta_connection")["meta_user_hash"] == kept


def test_the_worker_checks_what_is_due(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    later(clock, sandbox, days=1)
    sandbox.people.remove(logins.USER)

    async def a_round() -> None:
        queue = jobs.build(services)
        async with queue.open_async():
            for name in ("connections", "tidy_logins"):
                await queue.tasks[name].defer_async(timestamp=0)
            for _ in range(2):
                await queue.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="always")

    asyncio.run(a_round())

    assert row_of(services, "meta_connection")["broken"] == "token_revoked"
