from __future__ import annotations

from decimal import Decimal
from typing import Any

from plugin.jobs import reconcile, sweep
from plugin.shopify.queries import CHANGED_ORDERS, CHANGED_ORDERS_WITH_BUYER
from plugin.storage import erasure
from tests.edges.ledger_view import switch_on, tell, work
from tests.edges.lost_webhooks import Town

BUYER = ("email", "phone", "clientIp", "Address", "firstName", "lastName", "city", "zip", "province", "customer")


def test_while_tracking_is_off_no_buyer_is_asked_for(town: Town) -> None:
    (order_id,) = town.sell()
    town.pass_by(minutes=70)

    town.work()
    sweep.sweep(town.services)

    assert town.asked()
    assert not any(word in document for document in town.asked() for word in BUYER)
    row = town.rows()[order_id]
    assert (row["sealed_event"], row["switch_count"], row["billing_region"]) == (None, None, None)


def test_while_tracking_is_on_the_buyer_is_read_and_sealed(town: Town) -> None:
    switch_on(town.services, town.shop())
    (order_id,) = town.sell(region="US-CA")
    town.pass_by(minutes=70)

    town.work()

    assert town.asked()[-1] == CHANGED_ORDERS_WITH_BUYER.document
    row = town.rows()[order_id]
    assert row["sealed_event"] is not None
    assert (row["billing_region"], row["has_match_data"]) == ("US-CA", True)


def test_a_lost_order_is_recovered_like_any_other(town: Town) -> None:
    switch_on(town.services, town.shop())
    (order_id,) = town.sell()
    agree(town, order_id)
    town.pass_by(minutes=70)

    town.work()
    work(town.services)

    row = town.rows()[order_id]
    assert (row["outcome"], row["reason"], row["sealed_event"]) == ("recovered", "pixel_silent", None)
    assert {"em", "ph", "fn", "ln", "country"} <= set(row["fields_sent"])
    assert row["value"] == Decimal("47.90")


def test_a_lost_order_of_a_shop_whose_tracking_is_off_is_missed(town: Town) -> None:
    (order_id,) = town.sell()
    agree(town, order_id)
    town.pass_by(minutes=70)

    town.work()
    switch_on(town.services, town.shop())
    work(town.services)

    row = town.rows()[order_id]
    assert (row["outcome"], row["reason"]) == ("missed", "tracking_off")


def agree(town: Town, order_id: int) -> None:
    """Let the pixel tell that the order's buyer began a checkout, and agreed."""
    token = town.shopify.orders[order_id]["checkout_token"]
    tell(town.client, town.shop(), town.clock, token=token)


def test_data_that_shopify_hides_from_us_hides_no_order(town: Town) -> None:
    switch_on(town.services, town.shop())
    town.world.faults.put({"name": "protected_null"})
    (order_id,) = town.sell()
    town.pass_by(minutes=70)

    town.work()

    assert town.rows()[order_id]["has_match_data"] is False


def test_a_switch_that_is_moved_while_a_page_is_read_has_the_page_read_again(town: Town) -> None:
    admin = town.services.admin

    class Slow:
        asked: list[str] = []  # noqa: RUF012 - of this test alone

        def run(self, domain: str, token: str, query: Any, variables: Any) -> Any:
            answer = admin.run(domain, token, query, variables)
            if not self.asked:
                switch_on(town.services, town.shop())
            self.asked.append(query.name)
            return answer

    town.offer(Slow())
    (order_id,) = town.sell()
    town.pass_by(minutes=70)

    reconcile.reconcile(town.services, town.shop().id)

    assert Slow.asked == [CHANGED_ORDERS.name, CHANGED_ORDERS_WITH_BUYER.name]
    assert town.rows()[order_id]["sealed_event"] is not None


def test_an_erased_order_stays_away_and_is_no_find(town: Town) -> None:
    (order_id,) = town.sell()
    with town.services.database.transaction() as conn:
        erasure.bury(conn, town.shop(), [order_id])
    town.pass_by(minutes=70)

    done = reconcile.reconcile(town.services, town.shop().id)

    assert town.rows() == {}
    assert done is not None
    assert (done.found, done.finished) == (0, True)
