from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from plugin.jobs import opt_outs as job
from plugin.storage import claiming, open_orders, opt_outs
from tests.edges import visits
from tests.edges.before_on import REFUSED, Before, grant, held, limited, meanwhile
from tests.edges.visits import Page

OPTED_OUT: dict[str, Any] = {"buyer": {"sale_opt_out": True, "email": "zoe@example.com"}}


@pytest.fixture
def town(bare: Before) -> Before:
    """The same, where the merchant granted read_customers."""
    grant(bare)
    return bare


def test_without_the_scope_nothing_is_asked_and_orders_go_as_ever(bare: Before) -> None:
    order_id = bare.sold(**OPTED_OUT)
    bare.pass_by(minutes=31)

    bare.ask_customers()
    bare.send()

    assert bare.documents("SaleOptOuts") == 0
    assert (bare.ended(order_id), held(bare, order_id)) == (("recovered", "pixel_silent"), None)


def test_who_opted_out_in_the_shop_is_withheld_at_once_and_others_are_sent(town: Before) -> None:
    out, other = town.sold(**OPTED_OUT), town.sold()
    town.judge()

    town.ask_customers()

    assert (town.ended(out), held(town, out)) == (("withheld", "data_sale_opt_out"), True)
    assert (town.ended(other), held(town, other)) == (("waiting", "grace_period"), False)
    assert town.rows()[out]["sealed_event"] is None
    town.pass_by(minutes=31)
    town.send()
    assert [event["event_id"] for event in town.received()] == [f"purchase.{other}"]
    assert town.documents("SaleOptOuts") == 1
    assert town.adds_up()


def test_who_opted_out_is_sent_with_limited_data_use_where_that_is_chosen(town: Before) -> None:
    limited(town)
    out, other = town.sold(**OPTED_OUT), town.sold()
    town.ask_customers()
    town.pass_by(minutes=31)

    town.send()

    told = {event["event_id"]: event for event in town.received()}
    assert told[f"purchase.{out}"]["data_processing_options"] == ["LDU"]
    assert "data_processing_options" not in told[f"purchase.{other}"]
    assert {order_id: town.rows()[order_id]["basis"] for order_id in (out, other)} == {
        out: "recorded_consent_ldu",
        other: "recorded_consent",
    }
    page = Page(town.merchant().get(f"/orders/{out}"))
    assert page.all("dd", data_customer="opted-out")


def test_the_webhook_never_asks(town: Before) -> None:
    town.sold(**OPTED_OUT)

    assert town.documents("SaleOptOuts") == 0


def test_an_order_without_a_customer_has_nobody_who_opted_out_and_one_that_is_gone_nobody_to_ask(town: Before) -> None:
    nobody, gone = town.sold(), town.sold()
    town.shopify.orders[nobody]["customer"] = None
    del town.shopify.orders[gone]

    town.ask_customers()

    assert (held(town, nobody), held(town, gone)) == (False, True)
    assert town.ended(gone) == ("withheld", "data_sale_opt_out")


def test_leave_that_was_withdrawn_unheard_is_noticed_and_nothing_is_asked_any_more(town: Before) -> None:
    order_id = town.sold()
    town.shopify.scopes.discard("read_customers")
    town.pass_by(minutes=31)

    town.ask_customers()
    town.ask_customers()
    town.send()

    assert town.documents("SaleOptOuts") == 1
    assert (town.ended(order_id), held(town, order_id)) == (("recovered", "pixel_silent"), None)
    assert not opt_outs.readable(town.shop())


def test_only_orders_that_may_be_sent_are_asked_about(town: Before) -> None:
    town.sold(consent=REFUSED)
    town.sold(changes={"test": True})
    town.sold(delivery="sent")
    town.judge()

    town.ask_customers()

    assert town.documents("SaleOptOuts") == 0


def test_many_are_asked_about_at_once(town: Before, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.jobs.opt_outs.OPT_OUTS_PAGE", 4)
    sold = [town.sold() for _ in range(9)]

    town.ask_customers()

    assert {held(town, order_id) for order_id in sold} == {False}
    assert town.documents("SaleOptOuts") == 3


@pytest.mark.parametrize("late", ["sent", "off", "uninstalled"])
def test_what_happens_while_shopify_is_asked_has_the_last_word(town: Before, late: str) -> None:
    order_id = town.sold(**OPTED_OUT)
    town.judge()
    steps: dict[str, Callable[[], object]] = {
        "sent": lambda: town.says(order_id, "checkout_completed", "sent"),
        "off": town.switch_off,
        "uninstalled": lambda: visits.uninstall(town.services),
    }
    shop_id = town.shop().id
    meanwhile(town, steps[late])

    job.ask(town.services, shop_id)
    town.pass_by(minutes=31)
    town.judge()

    expected = {"sent": ("tracked", "pixel_delivered"), "off": ("withheld", "data_sale_opt_out")}
    assert town.ended(order_id) == expected.get(late, ("missed", "not_connected"))
    assert town.rows()[order_id]["sealed_event"] is None


def test_recovered_days_ask_too(bare: Before) -> None:
    bare.switch_off()
    out, other = bare.sold(**OPTED_OUT), bare.sold()
    bare.pass_by(hours=5)
    bare.judge()
    grant(bare)
    bare.switch_on()
    bare.recover()
    bare.send()
    assert bare.received() == []

    bare.ask_customers()
    bare.send()

    assert bare.ended(out) == ("withheld", "data_sale_opt_out")
    assert bare.ended(other) == ("recovered", "pixel_silent")
    assert bare.adds_up()


def test_trouble_of_one_shop_is_told_and_no_other_shops(town: Before, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = town.sold()
    monkeypatch.setattr("plugin.shopify.orders_again.read_opt_outs", lambda *_: 1 / 0)

    town.ask_customers()

    assert held(town, order_id) is None


def test_what_is_asked_of_the_ledger_can_be_answered_by_an_index(town: Before) -> None:
    with town.services.database.transaction() as conn:
        conn.execute("SET LOCAL enable_seqscan = off")
        asked = {
            "shop_id": 1,
            "connection_id": 1,
            "since": town.clock.now(),
            "switch_count": 0,
            "after": 0,
            "limit": 50,
        }
        plans = [
            conn.execute("EXPLAIN " + opt_outs._PAGE, (1, 250)).fetchall(),  # noqa: SLF001 - its plan is the point
            conn.execute("EXPLAIN " + open_orders._PAGE, asked).fetchall(),  # noqa: SLF001 - likewise
            conn.execute("EXPLAIN " + open_orders._FIRST, asked).fetchall(),  # noqa: SLF001 - likewise
        ]

    for plan in plans:
        assert not any("Seq Scan on paid_order" in row["QUERY PLAN"] for row in plan)


def test_a_look_at_all_shops_asks_once_a_shop_and_not_once_an_order(town: Before) -> None:
    with town.services.database.transaction() as conn:
        asked = {"now": town.clock.now(), "oldest": town.clock.now(), "down": False, "well": False, "limit": 500}
        plan = conn.execute("EXPLAIN " + claiming._TO_SEND, asked).fetchall()  # noqa: SLF001 - its plan is the point

    filters = [row["QUERY PLAN"] for row in plan if "sale_opted_out" in row["QUERY PLAN"]]
    assert filters
    assert all("hashed SubPlan" in line for line in filters)


def test_the_answer_is_waited_for_an_hour_and_no_longer_where_limited_data_use_is_chosen() -> None:
    assert timedelta(hours=1) == opt_outs.BOUNDED
    assert f"interval '{opt_outs.BOUNDED.seconds} seconds'" in opt_outs.MAY_GO
