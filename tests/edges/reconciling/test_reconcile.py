from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from plugin.jobs import reconcile, sweep
from plugin.storage import reconciling
from tests.edges import visits
from tests.edges.lost_webhooks import Town
from tests.edges.visits import Page, uninstall


def test_four_hours_of_lost_webhooks_are_repaired_within_a_quarter_of_an_hour(town: Town) -> None:
    sold: list[int] = []
    town.live(timedelta(hours=4), lambda: sold.extend(town.sell(3)))
    sold += town.sell(5)

    town.live(timedelta(minutes=15))

    assert len(sold) == 149
    assert town.rows().keys() == set(sold)
    assert {row["told_by"] for row in town.rows().values()} == {"reconciliation"}


def test_a_worker_that_was_away_for_four_hours_reads_all_of_them_at_once(town: Town) -> None:
    town.work()
    sold = []
    for _ in range(8):
        town.pass_by(minutes=30)
        sold += town.sell(16)
    before = len(town.asked())

    reconcile.on_start(town.services)
    rounds = town.work()

    assert town.rows().keys() == set(sold)
    assert (len(sold), rounds, len(town.asked()) - before) == (128, 1, 3)


def test_what_a_late_webhook_tells_is_one_row_and_no_longer_untold(town: Town) -> None:
    sold = town.sell(3)
    town.pass_by(minutes=70)
    town.work()
    before = town.rows()

    for order_id in (*sold, *sold):
        town.tell(order_id, late=timedelta(minutes=70))

    after = town.rows()
    assert {row["told_by"] for row in before.values()} == {"reconciliation"}
    assert {row["told_by"] for row in after.values()} == {"webhook"}
    assert after == {order_id: row | {"told_by": "webhook"} for order_id, row in before.items()}


def test_what_a_webhook_told_before_is_left_as_it_is(town: Town) -> None:
    (order_id,) = town.sell()
    town.tell(order_id)
    before = town.rows()
    town.pass_by(minutes=70)

    town.work()

    assert town.rows() == before


def test_a_round_reads_the_last_half_hour_again(town: Town) -> None:
    town.work()
    (order_id,) = town.sell()
    hidden = town.shopify.orders.pop(order_id)  # the search does not know it yet
    town.pass_by(minutes=20)
    reconcile.on_start(town.services)
    town.work()
    town.shopify.orders[order_id] = hidden
    town.pass_by(minutes=9)
    reconcile.on_start(town.services)
    assert town.rows() == {}

    town.pass_by(minutes=40)
    assert town.work() == 1

    assert town.rows().keys() == {order_id}


@pytest.mark.parametrize("action", ["cancel", "refund"])
def test_an_order_called_off_before_it_was_judged_is_ignored(town: Town, action: str) -> None:
    told, untold = town.sell(2)
    town.tell(told)
    for order_id in (told, untold):
        town.act(order_id, action)
    town.pass_by(minutes=70)

    town.work()
    sweep.sweep(town.services)

    assert {(row["outcome"], row["reason"]) for row in town.rows().values()} == {("ignored", "cancelled")}


def test_an_order_refunded_in_part_was_a_purchase(town: Town) -> None:
    (order_id,) = town.sell()
    town.act(order_id, "partial_refund")
    town.pass_by(minutes=70)

    town.work()

    assert [(row["order_id"], row["cancelled"]) for row in town.rows().values()] == [(order_id, False)]


def test_later_edits_change_nothing(town: Town) -> None:
    (order_id,) = town.sell()
    town.pass_by(minutes=70)
    town.work()
    before = town.rows()
    money = {"amount": "1.00", "currency_code": "EUR"}
    town.edit(order_id, email="other@example.com", total_price_set={"shop_money": money, "presentment_money": money})
    town.pass_by(minutes=70)

    town.work()

    assert town.rows() == before


@pytest.mark.parametrize("status", ["pending", "partially_paid", "authorized", "voided", "expired"])
def test_only_what_is_paid_in_full_is_taken(town: Town, status: str) -> None:
    town.sell(changes={"financial_status": status})
    town.pass_by(minutes=70)

    assert town.work() == 1

    assert town.rows() == {}


def test_an_order_is_paid_when_its_payment_came(town: Town) -> None:
    early, late = town.sell(2, pay=False)
    town.pass_by(hours=50)
    town.act(early, "pay")
    paid = town.clock.now()
    town.pass_by(days=6)
    town.act(late, "pay")
    town.pass_by(minutes=70)

    town.work()
    sweep.sweep(town.services)

    rows = town.rows()
    assert abs(rows[early]["paid_at"] - paid) < timedelta(seconds=2)
    assert (rows[late]["outcome"], rows[late]["reason"]) == ("ignored", "paid_late")


def test_orders_paid_before_the_install_are_none_of_ours(town: Town) -> None:
    old, older = town.sell(2, placed_ago=3 * 3600)
    town.edit(old, note="packed")
    town.pass_by(minutes=70)

    town.work()

    assert older != old
    assert town.rows() == {}


def test_an_order_that_cannot_be_read_hides_no_other(town: Town) -> None:
    town.sell(changes={"name": "#1\x00"})
    (good,) = town.sell()
    town.pass_by(minutes=70)

    town.work()

    assert town.rows().keys() == {good}


def test_the_dashboard_says_how_many_no_webhook_told_of(town: Town) -> None:
    merchant = visits.Merchant(town.client, tokens=[visits.minted(town.world)])
    assert not [e for e in Page(merchant.load()).elements if e.get("data-untold")]
    sold = town.sell(3)
    town.tell(sold[0])
    town.pass_by(minutes=70)
    town.work()

    assert Page(merchant.load()).one("s-paragraph", data_untold="2").tag == "s-paragraph"


def test_two_workers_at_once_read_once(town: Town) -> None:
    shop_id, seen = town.shop().id, []
    town.sell(60)
    town.pass_by(minutes=70)
    threads = [
        threading.Thread(target=lambda: seen.append(reconcile.reconcile(town.services, shop_id))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert len(town.rows()) == 60
    assert len([done for done in seen if done is not None and done.found]) == 1


def test_a_shop_that_comes_back_is_read_from_then_on(town: Town) -> None:
    town.work()
    uninstall(town.services)
    assert town.work() == 0
    town.sell()
    town.pass_by(hours=3)

    town.open()
    town.work()

    assert town.rows() == {}
    with town.services.database.transaction() as conn:
        assert reconciling.position(conn, town.shop()) is not None
