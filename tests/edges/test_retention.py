from __future__ import annotations

from flask.testing import FlaskClient

from plugin.jobs import compliance
from plugin.services import Services
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.handwork import GRACE, Meta, do
from tests.edges.ledger_view import (
    totals,
    work,
)
from tests.edges.privacy import (
    rows,
)


def test_decided_orders_go_after_400_days_and_requests_after_90(
    client: FlaskClient, services: Services, waiting: Shop, meta: Meta, clock: MovedClock
) -> None:
    clock.pass_by(minutes=GRACE)
    work(services)
    do(services, "UPDATE attempt SET claimed_at = %s", clock.now())

    clock.pass_by(days=91)
    compliance.drop_old(services)
    assert (rows(services, "attempt"), rows(services, "paid_order")) == (0, 1)
    clock.pass_by(days=310)
    compliance.drop_old(services)

    assert rows(services, "paid_order") == 0
    assert totals(services) == {("recovered", "pixel_silent"): 1}


def test_a_waiting_order_is_never_dropped_for_its_age(services: Services, waiting: Shop, clock: MovedClock) -> None:
    clock.pass_by(days=500)
    compliance.drop_old(services)

    assert rows(services, "paid_order") == 1
