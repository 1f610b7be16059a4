"""A shop that changes while the group writer reads it: its order is written all the same, or not answered 200."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage import known_shops
from plugin.storage.shops import Shop
from tests import doors
from tests.builders import paid_payload
from tests.conftest import MovedClock
from tests.edges.handwork import do
from tests.edges.ledger_view import row, switch_on


def test_an_order_of_a_shop_that_changes_whenever_it_is_read_is_kept(
    services: Services, shop: Shop, client: FlaskClient, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_on(services, shop)
    whole = known_shops.read

    def read(*given: Any) -> Any:
        found = whole(*given)
        do(services, "UPDATE meta_connection SET served_at = clock_timestamp()")  # another worker's turn
        return found

    monkeypatch.setattr(known_shops, "read", read)

    at = clock.now().isoformat()
    order = paid_payload(processed_at=at, created_at=at, updated_at=at)
    assert doors.webhook(client, "/webhooks/orders/paid", order).status_code == 200

    assert row(services)["sealed_event"] is not None
