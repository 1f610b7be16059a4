"""The merchant sends less from now on: what waits is cut to it and judged anew, and nothing taken back leaves."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from plugin.recovery.dial import EVERYTHING
from plugin.services import Services
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock
from tests.edges.handwork import (
    GRACE,
    LATE,
    OPTED_OUT,
    TAKEN,
    Meta,
    browser_ids_kept,
    buy_another,
    claimed,
    do,
    started,
)
from tests.edges.ledger_view import buy, ended, policy_changes, row, switch_on, tell, work
from tests.edges.narrowed import NO_PHONE, kept, sent, wait_for_meta
from tests.edges.servers import reply
from tests.edges.settings_form import save, without
from tests.edges.visits import Merchant

CUSTOMER_ONLY = ["external_id"]


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client)


def test_what_waits_is_rewritten_before_the_answer_and_goes_without_it(
    services: Services, missed: Shop, meta: Meta, merchant: Merchant
) -> None:
    assert "ph" in kept(services, missed)

    save(merchant, fields=NO_PHONE)

    assert "ph" not in kept(services, missed)
    assert {"em", "client_ip_address"} <= kept(services, missed)
    work(services)
    [told] = sent(meta)
    assert "ph" not in told
    assert {"em", "fbp"} <= told
    assert "ph" not in row(services)["fields_sent"]


def test_what_never_reached_meta_is_rewritten_though_it_was_finished(
    services: Services, missed: Shop, meta: Meta, merchant: Merchant, clock: MovedClock
) -> None:
    wait_for_meta(services, meta)
    assert "fbp" in kept(services, missed)

    save(merchant, fields=without("fbp", "client_ip_address"))

    assert not {"fbp", "client_ip_address"} & kept(services, missed)
    meta.says(reply(TAKEN))
    clock.pass_by(hours=1)
    work(services)
    assert not {"fbp", "client_ip_address"} & sent(meta)[-1]
    assert ended(services) == ("recovered", "pixel_silent")


def test_an_order_of_which_nothing_is_left_to_match_by_is_withheld(
    services: Services, missed: Shop, meta: Meta, merchant: Merchant, client: FlaskClient, clock: MovedClock
) -> None:
    tell(client, missed, clock, token="checkout-of-a-guest")
    guest = ORDER_ID + 1
    buy(client, clock, id=guest, admin_graphql_api_id="", checkout_token="checkout-of-a-guest", customer=None)
    wait_for_meta(services, meta)

    save(merchant, fields=CUSTOMER_ONLY)

    assert row(services)["has_match_data"]
    assert not row(services, guest)["has_match_data"]
    meta.says(reply(TAKEN))
    clock.pass_by(minutes=GRACE)
    work(services)
    assert ended(services, guest) == ("withheld", "no_match_data")
    assert ended(services) == ("recovered", "pixel_silent")
    assert sent(meta)[-1] == {"external_id"}


def test_an_order_in_doubt_with_what_was_taken_back_ends_unconfirmed_at_once(
    services: Services, missed: Shop, meta: Meta, merchant: Merchant
) -> None:
    meta.says(LATE)
    work(services)
    assert row(services)["in_doubt_since"] is not None

    save(merchant, fields=NO_PHONE)

    assert ended(services) == ("failed", "unconfirmed")
    assert row(services)["sealed_event"] is None


def test_an_order_in_doubt_without_it_goes_again_with_the_same_bytes(
    services: Services, missed: Shop, meta: Meta, merchant: Merchant, clock: MovedClock
) -> None:
    meta.says(LATE)
    work(services)

    save(merchant, fields=without("fbc"))  # the order has none
    meta.says(reply(TAKEN))
    clock.pass_by(minutes=2)
    work(services)

    first, second = meta.events()
    assert first == second
    assert ended(services) == ("recovered", "pixel_silent")


def test_what_a_dead_worker_may_have_sent_counts_as_in_doubt(
    services: Services, missed: Shop, meta: Meta, merchant: Merchant
) -> None:
    assert started(services, claimed(services, missed)) is not None
    do(services, "UPDATE attempt SET deadline = now() - interval '1 second'")

    save(merchant, fields=NO_PHONE)

    assert ended(services) == ("failed", "unconfirmed")


class TestLimitedDataUse:
    def test_unticked_an_opted_out_buyers_order_is_withheld_at_once(
        self, services: Services, shop: Shop, meta: Meta, merchant: Merchant, client: FlaskClient, clock: MovedClock
    ) -> None:
        switch_on(services, shop)
        save(merchant, ldu="yes")
        tell(client, shop, clock, consent=OPTED_OUT, fbp=None)
        buy(client, clock)
        clock.pass_by(minutes=GRACE)
        wait_for_meta(services, meta)

        save(merchant, ldu="")

        assert ended(services) == ("withheld", "data_sale_opt_out")
        assert row(services)["sealed_event"] is None

    def test_an_opt_out_after_doubt_lets_the_unlimited_bytes_go_no_more(
        self, services: Services, missed: Shop, meta: Meta, merchant: Merchant, client: FlaskClient, clock: MovedClock
    ) -> None:
        save(merchant, ldu="yes")
        meta.says(LATE)
        work(services)
        tell(client, missed, clock, stage="consent_updated", consent=OPTED_OUT, fbp=None)
        meta.says(reply(TAKEN))
        clock.pass_by(minutes=2)

        work(services)

        assert len(meta.events()) == 1
        assert ended(services) == ("failed", "unconfirmed")

    def test_without_the_address_the_strictest_state_is_named(
        self, services: Services, shop: Shop, meta: Meta, merchant: Merchant, client: FlaskClient, clock: MovedClock
    ) -> None:
        switch_on(services, shop)
        save(merchant, ldu="yes", fields=without("client_ip_address"))
        tell(client, shop, clock, consent=OPTED_OUT, fbp=None)
        buy(client, clock)
        clock.pass_by(minutes=GRACE)

        work(services)

        [[event]] = meta.events()
        assert event["data_processing_options"] == ["LDU"]
        assert (event["data_processing_options_country"], event["data_processing_options_state"]) == (1, 1000)


def test_only_with_a_record_from_now_on_withholds_what_waits_without_one(
    services: Services, shop: Shop, meta: Meta, merchant: Merchant, client: FlaskClient, clock: MovedClock
) -> None:
    rule = '[{"country": "US", "subdivision": null, "consent_required": false, "sale_opt_out_required": false}]'
    do(services, "UPDATE shop SET consent_rules = %s::jsonb", rule)
    switch_on(services, shop)
    save(merchant, consent_mode="store_policy")
    buy(client, clock)
    clock.pass_by(minutes=GRACE)
    wait_for_meta(services, meta)

    save(merchant, consent_mode="recorded")

    assert ended(services) == ("withheld", "consent_unknown")


def test_more_holds_only_for_orders_that_come_in_later(
    services: Services, shop: Shop, meta: Meta, merchant: Merchant, client: FlaskClient, clock: MovedClock
) -> None:
    switch_on(services, shop)
    save(merchant, fields=["em"])
    tell(client, shop, clock)
    buy(client, clock)

    save(merchant, fields=sorted(EVERYTHING))
    later = buy_another(client, shop, clock, 1)
    clock.pass_by(minutes=GRACE)
    meta.judge = lambda asked: reply(TAKEN | {"events_received": len(asked.json()["data"])})
    work(services)

    assert row(services)["fields_sent"] == ["em"]
    assert {"em", "ph", "fbp"} <= set(row(services, later)["fields_sent"])


def test_browser_ids_that_may_not_go_are_kept_no_more(
    services: Services, missed: Shop, merchant: Merchant, client: FlaskClient, clock: MovedClock
) -> None:
    assert browser_ids_kept(services) == 1

    save(merchant, fields=["em", "ph"])

    assert browser_ids_kept(services) == 0
    assert policy_changes(services, missed)[0]["what"] == "fields"
