from __future__ import annotations

import pytest

from plugin.storage.again import Result
from tests.edges import visits
from tests.edges.before_on import REFUSED, Before
from tests.edges.handwork import do

ANOTHER = "9876543210987654"


def test_what_was_missed_before_the_switch_is_read_again_and_sent(town: Before) -> None:
    sold = [town.sold() for _ in range(3)]
    town.pass_by(hours=20)
    town.judge()
    town.says(sold[0], "checkout_completed", "blocked")
    assert {town.ended(order_id) for order_id in sold} == {("missed", "tracking_off")}

    town.switch_on()
    recovery = town.recover()
    assert town.adds_up()
    town.send()

    assert (recovery.result, recovery.looked_at, recovery.to_send) == (Result.DONE, 3, 3)
    assert [town.ended(order_id) for order_id in sold] == [("recovered", "pixel_blocked")] + 2 * [
        ("recovered", "pixel_silent")
    ]
    assert {event["event_id"] for event in town.received()} == {f"purchase.{order_id}" for order_id in sold}
    told = town.received()[0]["user_data"]
    assert {"em", "fn", "ln", "zp", "client_ip_address"} <= told.keys()
    assert not {"fbp", "fbc", "client_user_agent"} & told.keys()
    assert all(row["again"] and row["sealed_event"] is None for row in town.rows().values())
    assert town.adds_up()


def test_without_the_tick_nothing_that_came_before_is_read_or_sent(town: Before) -> None:
    order_id = town.sold()
    town.pass_by(hours=20)
    town.judge()

    town.switch_on(recovering=False)
    town.send()

    assert town.ended(order_id) == ("missed", "tracking_off")
    assert (town.received(), town.documents("OrdersAgain")) == ([], 0)


def test_each_order_is_decided_by_the_table(town: Before) -> None:
    old = {name: town.sold(delivery=delivery) for name, delivery in (("silent", None), ("late", "timeout"))}
    stopped = town.sold(delivery="blocked")
    town.pass_by(hours=48)
    unknown, refused, delivered = town.sold(consent=None), town.sold(consent=REFUSED), town.sold(delivery="sent")
    cancelled, in_grace = town.sold(), 0
    town.pass_by(hours=1)
    town.judge()
    in_grace = town.sold()
    town.act(cancelled, "cancel")
    town.judge()

    town.switch_on()
    recovery = town.recover()

    assert {town.ended(order_id) for order_id in old.values()} == {("waiting", "held")}
    assert town.ended(stopped) == ("waiting", "sending")
    assert town.ended(unknown) == ("withheld", "consent_unknown")
    assert town.ended(refused) == ("withheld", "consent_declined")
    assert town.ended(delivered) == ("tracked", "pixel_delivered")
    assert town.ended(cancelled) == ("ignored", "cancelled")
    assert town.ended(in_grace) == ("waiting", "grace_period")
    holding = {order_id for order_id, row in town.rows().items() if row["sealed_event"] is not None}
    assert holding == {*old.values(), stopped, in_grace}
    assert (recovery.looked_at, recovery.to_send) == (6, 4)
    assert town.adds_up()

    town.pass_by(hours=1)
    town.send()
    assert town.ended(in_grace) == ("recovered", "pixel_silent")
    assert {town.ended(order_id) for order_id in old.values()} == {("waiting", "held")}
    assert town.adds_up()


def test_an_order_without_a_record_is_sent_where_the_shops_policy_allows_it(town: Before) -> None:
    order_id = town.sold(consent=None, region="US-NY")
    town.pass_by(hours=1)
    town.judge()
    do(town.services, "UPDATE shop_policy SET consent_mode = 'store_policy'")
    rule = '[{"country": "US", "subdivision": null, "consent_required": false, "sale_opt_out_required": false}]'
    do(town.services, "UPDATE shop SET consent_rules = %s::jsonb", rule)

    town.switch_on()
    town.recover()
    town.send()

    assert town.ended(order_id) == ("recovered", "pixel_silent")
    assert town.rows()[order_id]["basis"] == "store_policy"
    assert town.adds_up()


def test_only_the_last_6_days_and_23_hours_under_the_connected_dataset_are_read(town: Before) -> None:
    too_old = town.sold()
    town.pass_by(days=2)
    elsewhere = town.sold()
    town.pass_by(hours=1)
    town.judge()
    town.world.meta.register(ANOTHER, "EAAother")
    visits.connect(town.merchant(), dataset=ANOTHER, token="EAAother")
    town.pass_by(minutes=5)
    mine = town.sold()
    town.pass_by(days=4, hours=23)
    town.judge()

    town.switch_on()
    recovery = town.recover()

    assert recovery.looked_at == 1
    assert town.rows()[mine]["again"]
    assert not town.rows()[too_old]["again"]
    assert not town.rows()[elsewhere]["again"]


def test_what_came_in_after_the_switch_is_none_of_it(town: Before) -> None:
    town.switch_on()
    order_id = town.sold(consent=None)
    town.pass_by(hours=1)
    town.judge()

    recovery = town.recover()

    assert (recovery.result, recovery.looked_at) == (Result.DONE, 0)
    assert town.ended(order_id) == ("withheld", "consent_unknown")
    assert town.documents("OrdersAgain") == 0


def test_the_order_keeps_what_it_was_when_it_was_paid(town: Before) -> None:
    order_id = town.sold()
    town.pass_by(hours=1)
    town.judge()
    before = town.rows()[order_id]
    money = {"amount": "1.00", "currency_code": "EUR"}
    town.edit(order_id, total_price_set={"shop_money": money, "presentment_money": money}, name="#other")

    town.switch_on()
    town.recover()
    town.send()

    after = town.rows()[order_id]
    assert [after[name] for name in ("value", "currency", "number", "day", "placed_at")] == [
        before[name] for name in ("value", "currency", "number", "day", "placed_at")
    ]
    [event] = town.received()
    assert event["custom_data"]["value"] == float(before["value"])
    assert town.adds_up()


def test_an_order_found_without_its_buyer_gets_its_region_and_match_data(town: Before) -> None:
    (order_id,) = town.sell()
    town.says(order_id, "checkout_started", None)
    town.pass_by(minutes=70)
    town.work()
    town.judge()
    assert town.rows()[order_id]["billing_region"] is None

    town.switch_on()
    town.recover()

    row = town.rows()[order_id]
    assert (row["outcome"], row["reason"], row["told_by"]) == ("waiting", "sending", "reconciliation")
    assert row["billing_region"] is not None


def test_every_order_of_a_long_week_is_read_once(town: Before, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.jobs.recover.ORDERS_PAGE", 5)
    sold = [town.sold() for _ in range(23)]
    town.pass_by(hours=1)
    town.judge()

    town.switch_on()
    recovery = town.recover()

    assert (recovery.looked_at, recovery.to_send) == (23, 23)
    assert town.documents("OrdersAgain") == 5
    assert all(town.rows()[order_id]["switch_count"] == town.shop().switch_count for order_id in sold)
