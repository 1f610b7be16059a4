"""Orders that were paid in full, and then edited to cost more: partially paid from then on."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from sandbox.world import World
from tests.edges.lost_webhooks import Town


@pytest.fixture
def town(sandbox: World, services: Services, client: FlaskClient) -> Town:
    made = Town(sandbox, services, client)
    made.open()
    made.work()
    return made


def reconcile(town: Town) -> None:
    town.pass_by(hours=1)
    assert town.work() == 1


def test_one_that_no_webhook_told_of_is_found_with_what_it_cost_when_it_was_paid(town: Town) -> None:
    (order_id,) = town.sell()
    price = Decimal(town.shopify.orders[order_id]["total_price"])
    town.act(order_id, "add_item")

    reconcile(town)

    (row,) = town.rows().values()
    assert (row["order_id"], row["value"], row["told_by"]) == (order_id, price, "reconciliation")


def test_one_that_a_webhook_told_of_is_left_as_it_is(town: Town) -> None:
    (order_id,) = town.sell()
    town.tell(order_id)
    before = town.rows()
    town.act(order_id, "add_item")

    reconcile(town)
    town.act(order_id, "pay")
    town.tell(order_id)
    reconcile(town)

    assert town.rows() == before


def test_one_of_which_only_a_part_was_ever_paid_is_not_taken(town: Town) -> None:
    (order_id,) = town.sell(pay=False)
    town.edit(order_id, financial_status="partially_paid")

    reconcile(town)

    assert town.rows() == {}
