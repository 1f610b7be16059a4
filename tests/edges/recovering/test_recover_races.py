from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from plugin.jobs import compliance, recover
from plugin.storage.again import Result
from tests import doors
from tests.edges import visits
from tests.edges.before_on import Before, meanwhile, nothing_is_kept, outcomes
from tests.edges.visits import Page, uninstall


@pytest.mark.parametrize("how", ["before", "while"])
def test_switching_off_stops_it_and_leaves_nothing(town: Before, missed: list[int], how: str) -> None:
    if how == "before":
        town.switch_off()
    else:
        meanwhile(town, town.switch_off)

    recovery = town.recover()
    town.send()

    assert recovery.result is Result.STOPPED
    assert outcomes(town) == {("missed", "tracking_off")}
    assert nothing_is_kept(town)
    assert town.received() == []
    assert town.adds_up()
    assert Page(town.merchant().get("/")).one("s-text", data_recovery="stopped")["data-to-send"] == "0"


def test_off_and_on_again_meanwhile_stops_it_too(town: Before, missed: list[int]) -> None:
    def off_and_on() -> None:
        town.switch_off()
        town.switch_on(recovering=False)

    meanwhile(town, off_and_on)

    assert town.recover().result is Result.STOPPED
    assert outcomes(town) == {("missed", "tracking_off")}
    assert nothing_is_kept(town)


@pytest.mark.parametrize("how", ["disconnect", "dataset", "uninstall"])
def test_leaving_the_dataset_meanwhile_stops_it(town: Before, missed: list[int], how: str) -> None:
    def leave() -> None:
        if how == "uninstall":
            uninstall(town.services)
        elif how == "disconnect":
            assert town.merchant().post("/disconnect").status_code == 303
        else:
            town.world.meta.register("9876543210987654", "EAAother")
            visits.connect(town.merchant(), dataset="9876543210987654", token="EAAother")

    shop = town.shop()
    meanwhile(town, leave)
    recover.recover(town.services, shop.id)
    town.judge()

    with town.services.database.transaction() as conn:
        found = conn.execute("SELECT result FROM recovery WHERE shop_id = %s", (shop.id,)).fetchall()
    assert [row["result"] for row in found] == ["stopped"]
    assert {outcome for outcome, _ in outcomes(town)} == {"missed"}
    assert nothing_is_kept(town)
    assert town.received() == []


def test_an_order_erased_meanwhile_stays_erased(town: Before, missed: list[int]) -> None:
    def erase() -> None:
        body = {
            "shop_domain": town.shop().domain,
            "customer": {"id": 1, "email": "x@example.com", "phone": None},
            "orders_to_redact": [missed[0]],
        }
        told = {"X-Shopify-Topic": "customers/redact"}
        assert doors.webhook(town.client, "/webhooks/compliance", body, headers=told).status_code == 200
        compliance.settle_requests(town.services)

    meanwhile(town, erase)
    recovery = town.recover()
    town.send()

    assert (recovery.looked_at, recovery.to_send) == (6, 5)
    assert missed[0] not in town.rows()
    assert f"purchase.{missed[0]}" not in {event["event_id"] for event in town.received()}


def test_a_delivery_told_while_it_was_read_has_the_last_word(town: Before, missed: list[int]) -> None:
    meanwhile(town, lambda: town.says(missed[0], "checkout_completed", "sent"))

    recovery = town.recover()
    town.says(missed[1], "checkout_completed", "sent")
    town.send()

    assert recovery.to_send == 5
    assert [town.ended(order_id) for order_id in missed[:3]] == [
        ("tracked", "pixel_delivered"),
        ("tracked", "pixel_delivered"),
        ("recovered", "pixel_silent"),
    ]
    assert town.adds_up()


def test_a_webhook_that_comes_again_while_it_is_read_changes_only_what_shopify_has_told(
    town: Before, missed: list[int]
) -> None:
    def cancelled() -> None:
        town.shopify.orders[missed[0]] |= {"cancelled_at": town.clock.now().isoformat()}
        town.tell(missed[0])
        town.tell(missed[1])

    meanwhile(town, cancelled)
    town.recover()
    town.send()

    assert town.ended(missed[0]) == ("ignored", "cancelled")
    assert town.ended(missed[1]) == ("recovered", "pixel_silent")
    assert town.adds_up()


def test_two_workers_read_once(town: Before, missed: list[int]) -> None:
    shop_id = town.shop().id
    threads = [threading.Thread(target=recover.recover, args=(town.services, shop_id)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    recover.recover(town.services, shop_id)

    assert (town.recovery().looked_at, town.recovery().to_send) == (6, 6)
    assert outcomes(town) == {("waiting", "sending")}


def test_switching_off_and_writing_a_page_at_once_leave_no_receipt_data(
    town: Before, missed: list[int], crew: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.jobs.recover.ORDERS_PAGE", 1)
    for _ in range(4):
        off = crew.submit(town.switch_off)
        town.recover()
        off.result(20)
        town.judge()
        assert nothing_is_kept(town)
        assert town.adds_up()
        town.switch_on()
    town.recover()
    town.judge()

    assert outcomes(town) == {("waiting", "sending")}
