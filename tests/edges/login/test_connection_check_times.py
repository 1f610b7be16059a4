"""When connections are tried: in time for a login's end, all of a big crowd within the day, and not over and over."""

from __future__ import annotations

from datetime import timedelta

from plugin.jobs import connecting
from plugin.services import Services
from plugin.storage import meta_users
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges.logins import checked, connect, later, row_of
from tests.edges.visits import Merchant

ROUND = timedelta(minutes=10)
SHOPS = 20_000


def test_a_day_is_enough_for_all_shops() -> None:
    assert meta_users.EVERY / ROUND * meta_users.MOST_SHOPS >= SHOPS


def test_a_logins_end_is_found_when_it_comes_and_not_a_day_later(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant, lasts="60")
    later(clock, sandbox, days=59, hours=20)
    assert checked(services) is None
    assert connecting.due(services) == []
    later(clock, sandbox, hours=4, minutes=1)

    assert checked(services) == "token_expired"
    assert connecting.due(services) == []


def test_while_meta_is_away_nothing_breaks_nothing_is_mended_and_nobody_is_hammered(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    sandbox.faults.put({"name": "meta_500"})
    sandbox.faults.put({"name": "debug_500"})
    later(clock, sandbox, days=1)
    rounds = 0
    for _ in range(36):  # six hours
        rounds += len(connecting.due(services))
        assert checked(services) is None
        later(clock, sandbox, minutes=10)

    assert rounds == 6
    with services.database.transaction() as conn:
        conn.execute("UPDATE meta_connection SET broken = 'token_revoked', broken_at = %s", (clock.now(),))
    later(clock, sandbox, hours=1)
    assert checked(services) == "token_revoked"
    sandbox.faults.clear(None)
    later(clock, sandbox, hours=1)
    assert checked(services) is None
    assert row_of(services, "meta_connection")["broken_at"] is None
