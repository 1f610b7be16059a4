"""The cart's choice where no webhook told of it: by reconciliation, and when orders are read again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from plugin.jobs import reconcile
from tests.edges.before_on import Before
from tests.edges.handwork import do


def wants(town: Before) -> None:
    do(town.services, "UPDATE shop_policy SET cart_choices = true")


def noted(town: Before, letters: str = "maps") -> dict[str, Any]:
    at = town.services.clock.now() - timedelta(minutes=1)
    return {"note_attributes": [{"name": "_backstop", "value": f"1;{letters};{at.isoformat()};;"}]}


def test_orders_read_again_bring_the_carts_choice_if_it_is_wanted(town: Before) -> None:
    allowed = town.sold(consent=None, changes=noted(town))
    refused = town.sold(consent=None, changes=noted(town, "-"))
    silent = town.sold(consent=None)
    town.pass_by(hours=20)
    town.judge()
    assert {town.ended(each) for each in (allowed, refused, silent)} == {("withheld", "consent_unknown")}

    wants(town)
    town.switch_on()
    town.recover()
    town.send()

    assert town.ended(allowed) == ("recovered", "pixel_silent")
    assert town.ended(refused) == ("withheld", "consent_declined")
    assert town.ended(silent) == ("withheld", "consent_unknown")
    assert town.rows()[allowed]["cart_choice"]["consent"] == [True] * 4
    assert town.adds_up()


def test_reading_again_asks_for_no_attributes_unless_they_are_wanted(town: Before) -> None:
    order_id = town.sold(consent=None, changes=noted(town))
    town.pass_by(hours=20)
    town.judge()
    town.switch_on()
    town.recover()
    town.send()

    assert town.ended(order_id) == ("withheld", "consent_unknown")
    assert town.rows()[order_id]["cart_choice"] is None


@pytest.mark.parametrize("is_wanted", [True, False])
def test_an_order_that_no_webhook_told_of_brings_the_carts_choice(town: Before, *, is_wanted: bool) -> None:
    if is_wanted:
        wants(town)
    (order_id,) = town.sell(changes=noted(town))
    town.pass_by(hours=2)
    for shop_id in reconcile.due(town.services):
        reconcile.reconcile(town.services, shop_id)

    found = town.rows()[order_id]["cart_choice"]
    assert (found is not None) is is_wanted
