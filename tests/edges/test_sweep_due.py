from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from plugin.jobs import sweep
from plugin.recovery.verdict import SENDING_ENDS
from plugin.services import Services
from plugin.storage import shops
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.handwork import do
from tests.edges.ledger_view import ended


def due(services: Services) -> list[int]:
    with services.database.transaction() as conn:
        return shops.due(conn, services.clock.now())


def nothing_changes(_services: Services, _clock: MovedClock) -> None:
    """Only its turn is waited for."""


def its_time_is_over(_services: Services, clock: MovedClock) -> None:
    clock.pass_by(minutes=SENDING_ENDS / timedelta(minutes=1))


def its_connection_breaks(services: Services, _clock: MovedClock) -> None:
    do(services, "UPDATE meta_connection SET broken = 'token_refused'")


def its_connection_is_closed(services: Services, clock: MovedClock) -> None:
    do(services, "UPDATE meta_connection SET until_at = %s, token = NULL", clock.now())


def its_worker_dies(services: Services, _clock: MovedClock) -> None:
    do(services, "UPDATE paid_order SET attempt = gen_random_uuid(), lease_until = now() - interval '1 s'")


@pytest.mark.parametrize(
    ("change", "times"),
    [
        (nothing_changes, 0),
        (its_time_is_over, 1),
        (its_connection_breaks, 1),
        (its_connection_is_closed, 1),
        (its_worker_dies, 1),
    ],
)
def test_a_shop_whose_orders_only_wait_for_their_turn_is_not_swept(
    services: Services, missed: Shop, clock: MovedClock, change: Callable[[Services, MovedClock], None], times: int
) -> None:
    assert due(services) == [missed.id]
    assert sweep.sweep(services) == [missed.id]
    assert ended(services) == ("waiting", "sending")

    change(services, clock)

    assert due(services) == [missed.id] * times
