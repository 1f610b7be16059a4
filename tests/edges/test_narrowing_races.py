"""Sending less while requests are under way, and where it breaks off: nothing taken back leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import pytest
from flask.testing import FlaskClient

from plugin.jobs import sweep
from plugin.recovery.purchase import fields_of
from plugin.services import Services
from plugin.storage import locks, narrowing
from plugin.storage.database import DatabaseAway
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.handwork import (
    GRACE,
    LATE,
    OPTED_OUT,
    Meta,
    claimed,
    do,
    started,
    waits_for_a_lock,
)
from tests.edges.ledger_view import buy, ended, row, switch_on, tell, totals, work
from tests.edges.narrowed import NO_PHONE, kept, pending, sent
from tests.edges.settings_form import save, saved
from tests.edges.visits import Merchant


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client)


class TestRaces:
    def test_the_answer_waits_for_a_request_that_is_out(
        self, services: Services, missed: Shop, merchant: Merchant, crew: ThreadPoolExecutor
    ) -> None:
        with locks.sending(services.database, missed.id):
            saving = crew.submit(save, merchant, fields=NO_PHONE)
            assert waits_for_a_lock(services)
            assert not saving.done()
        assert saving.result(10).status_code == 303

        assert "ph" not in kept(services, missed)

    def test_what_was_claimed_before_goes_without_it(
        self, services: Services, missed: Shop, merchant: Merchant
    ) -> None:
        held = claimed(services, missed)
        save(merchant, fields=NO_PHONE)

        post = started(services, held)

        assert post is not None
        assert "ph" not in fields_of(post.events[0])

    def test_limited_data_use_unticked_after_the_claim_withholds_who_opted_out(
        self, services: Services, shop: Shop, merchant: Merchant, client: FlaskClient, clock: MovedClock
    ) -> None:
        switch_on(services, shop)
        save(merchant, ldu="yes")
        tell(client, shop, clock, consent=OPTED_OUT, fbp=None)
        buy(client, clock)
        clock.pass_by(minutes=GRACE)
        held = claimed(services, shop)

        save(merchant, ldu="")

        assert started(services, held) is None
        assert ended(services) == ("withheld", "data_sale_opt_out")
        assert row(services)["sealed_event"] is None
        assert totals(services) == {("withheld", "data_sale_opt_out"): 1}

    def test_after_35_seconds_the_page_says_that_a_request_is_out_and_the_sweep_goes_on(
        self, services: Services, missed: Shop, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("plugin.storage.policy.WAIT_FOR_FLIGHT", 0.3)
        with locks.sending(services.database, missed.id):
            page = saved(merchant, fields=NO_PHONE)

            assert page.all("s-banner", heading="Please note")
            assert pending(services, missed)
        sweep.sweep(services)

        assert not pending(services, missed)
        assert "ph" not in kept(services, missed)

    def test_breaking_off_half_way_lets_nothing_out(
        self, services: Services, missed: Shop, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lost(*_: object) -> NoReturn:
            raise DatabaseAway("AdminShutdown")

        held = claimed(services, missed)
        with monkeypatch.context() as patch:
            patch.setattr(locks, "nothing_in_flight", lost)
            assert save(merchant, fields=NO_PHONE).status_code == 503

        post = started(services, held)

        assert post is not None
        assert "ph" not in fields_of(post.events[0])

    def test_breaking_off_half_way_sends_nothing_that_matches_nobody(self, services: Services, missed: Shop) -> None:
        held = claimed(services, missed)
        do(services, "UPDATE shop_policy SET fields = '{country,ct,client_ip_address}', erase_pending = true")

        assert started(services, held) is None

        assert ended(services) == ("withheld", "no_match_data")

    def test_breaking_off_half_way_repeats_no_bytes_with_what_was_taken_back(
        self, services: Services, missed: Shop, meta: Meta, clock: MovedClock
    ) -> None:
        meta.says(LATE)
        work(services)
        clock.pass_by(minutes=2)
        held = claimed(services, missed)
        do(services, "UPDATE shop_policy SET fields = array_remove(fields, 'ph'), erase_pending = true")

        assert started(services, held) is None

        assert ended(services) == ("failed", "unconfirmed")

    def test_the_sweep_finishes_what_broke_off(self, services: Services, missed: Shop) -> None:
        do(services, "UPDATE meta_connection SET broken = 'token_revoked'")
        do(services, "UPDATE shop_policy SET fields = array_remove(fields, 'ph'), erase_pending = true")

        sweep.sweep(services)

        assert not pending(services, missed)
        assert "ph" not in kept(services, missed)

    def test_a_choice_made_meanwhile_is_not_taken_for_done(self, services: Services, missed: Shop) -> None:
        with services.database.transaction() as conn:
            stand = narrowing.stand_of(conn, missed.id)
        do(services, "UPDATE shop_policy SET fields = array_remove(fields, 'ph'), erase_pending = true")

        with services.database.transaction() as conn:
            narrowing.nothing_pending(conn, missed.id, stand)

        assert pending(services, missed)

    def test_the_first_look_at_an_order_that_came_in_by_older_choices_cuts_it(
        self, services: Services, shop: Shop, merchant: Merchant, client: FlaskClient, clock: MovedClock
    ) -> None:
        switch_on(services, shop)
        tell(client, shop, clock)
        buy(client, clock)
        sealed = row(services)["sealed_event"]
        save(merchant, fields=NO_PHONE)
        do(services, "UPDATE paid_order SET sealed_event = %s", sealed)  # its intake commits after the rewriting
        assert "ph" in kept(services, shop)

        sweep.sweep(services)

        assert "ph" not in kept(services, shop)
        assert ended(services) == ("waiting", "grace_period")

    def test_an_order_that_came_in_by_older_choices_and_then_matches_nobody_is_withheld(
        self, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
    ) -> None:
        switch_on(services, shop)
        tell(client, shop, clock)
        buy(client, clock)
        do(services, "UPDATE shop_policy SET fields = '{country,ct,client_ip_address}'")

        sweep.sweep(services)

        assert kept(services, shop) <= {"country", "ct", "client_ip_address"}
        clock.pass_by(minutes=GRACE)
        sweep.sweep(services)
        assert ended(services) == ("withheld", "no_match_data")

    def test_an_order_that_came_in_by_older_choices_goes_by_the_new_ones(
        self, services: Services, missed: Shop, meta: Meta, merchant: Merchant
    ) -> None:
        sealed = row(services)["sealed_event"]
        save(merchant, fields=NO_PHONE)
        assert "ph" not in kept(services, missed)
        do(services, "UPDATE paid_order SET sealed_event = %s", sealed)  # its intake had read the shop before

        work(services)

        assert "ph" not in sent(meta)[-1]
