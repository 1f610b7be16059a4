"""The field dial, the form that came too late, and the preview."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.logs import JsonLines
from plugin.pages.identifiers import IDENTIFIERS
from plugin.recovery.dial import DIAL, EVERYTHING
from plugin.recovery.purchase import user_data_of
from plugin.services import Services
from plugin.storage.orders import event_place
from plugin.storage.shops import Shop
from tests.builders import BUYERS_ADDRESS, BUYERS_BROWSER, ORDER_ID
from tests.conftest import MovedClock
from tests.edges.handwork import OPTED_OUT, buy_another, do
from tests.edges.ledger_view import buy, policy_changes, row, switch_on, tell
from tests.edges.privacy import FBP
from tests.edges.settings_form import WHOLE, Fields, save, saved, shown, without
from tests.edges.visits import Merchant, Page, shop_of

PREVIEW = "/settings/preview"


@pytest.fixture
def merchant(client: FlaskClient, shop: Shop) -> Merchant:
    """Of a shop that is connected."""
    return Merchant(client, sub="7001")


def sent_rows(page: Page) -> set[str]:
    return {row["data-identifier"] for row in page.all("s-table-row", data_sent="yes")} & EVERYTHING


def test_every_identifier_has_a_name_and_one_sentence() -> None:
    assert tuple(each.name for each in IDENTIFIERS) == DIAL
    assert all(each.use.count(". ") == 0 and each.use.endswith(".") for each in IDENTIFIERS)


@pytest.mark.parametrize("chosen", [[], ["fn"], ["ct", "st", "zp", "country"], ["client_ip_address", "fbp"], ["email"]])
def test_what_could_match_nobody_is_refused_at_the_field_and_nothing_is_lost(
    merchant: Merchant, services: Services, shop: Shop, chosen: list[str]
) -> None:
    answer = save(merchant, fields=chosen, grace_minutes="77", consent_mode="store_policy")

    page = Page(answer)
    assert answer.status_code == 422
    assert "could mean anybody" in (page.error_at("fields") or "")
    assert shown(page)["fields"] == [name for name in chosen if name in DIAL]
    assert (shown(page)["grace_minutes"], shown(page)["consent_mode"]) == ("77", "store_policy")
    assert shop_of(services).fields == EVERYTHING
    assert policy_changes(services, shop) == []


def test_the_table_of_what_is_sent_follows_the_dial(merchant: Merchant) -> None:
    assert sent_rows(Page(merchant.get("/settings"))) == EVERYTHING

    page = saved(merchant, fields=without("ph", "client_ip_address"))

    assert sent_rows(page) == EVERYTHING - {"ph", "client_ip_address"}
    log = merchant.get("/switch-log").text
    assert "Identifiers sent" in log
    assert "Email, First name" in log


class TestTwoAtOnce:
    def test_the_second_save_is_refused_with_what_changed_and_keeps_what_was_typed(
        self, merchant: Merchant, client: FlaskClient, services: Services
    ) -> None:
        stale = shown(Page(merchant.get("/settings")))
        save(Merchant(client, sub="8"), grace_minutes="45", fields=without("ph"))

        answer = merchant.post("/settings", **stale | {"consent_mode": "store_policy", "fields": without("fbp")})

        page = Page(answer)
        assert answer.status_code == 409
        assert page.one("s-banner", data_meanwhile="grace_minutes fields")["heading"].startswith("Not saved")
        assert "Grace period (minutes): 30 → 45" in answer.text
        assert "Identifiers sent: Email, Phone" in answer.text
        typed = shown(page)
        assert (typed["consent_mode"], typed["grace_minutes"]) == ("store_policy", "30")
        assert typed["fields"] == without("fbp")
        kept = shop_of(services)
        assert (kept.policy.grace, kept.policy.consent_mode) == (timedelta(minutes=45), "recorded")
        assert kept.fields == EVERYTHING - {"ph"}

    def test_saved_once_more_with_open_eyes_it_holds(
        self, merchant: Merchant, client: FlaskClient, services: Services
    ) -> None:
        stale = shown(Page(merchant.get("/settings")))
        save(Merchant(client, sub="8"), grace_minutes="45")
        refused = Page(merchant.post("/settings", **stale | {"ldu": "yes"}))

        answer = merchant.post("/settings", **shown(refused))

        assert answer.status_code == 303
        assert (shop_of(services).policy.grace, shop_of(services).policy.ldu) == (timedelta(minutes=30), True)

    def test_an_error_on_the_way_does_not_hide_it(self, merchant: Merchant, client: FlaskClient) -> None:
        stale = shown(Page(merchant.get("/settings")))
        save(Merchant(client, sub="8"), grace_minutes="45")
        wrong = Page(merchant.post("/settings", **stale | {"grace_minutes": "3"}))

        answer = merchant.post("/settings", **shown(wrong) | {"grace_minutes": "60"})

        assert answer.status_code == 409

    def test_the_same_change_twice_is_no_quarrel(self, merchant: Merchant) -> None:
        form = shown(Page(merchant.get("/settings")))

        answers = [merchant.post("/settings", **form).status_code for _ in range(2)]

        assert answers == [303, 303]

    @pytest.mark.parametrize("seen", ["", "{}", "[1]", "null", "x", "[" * 20_000, '{"fields":"em"}'])
    def test_a_form_of_another_page_is_looked_at_once_more(
        self, merchant: Merchant, services: Services, shop: Shop, seen: str
    ) -> None:
        form: Fields = shown(Page(merchant.get("/settings"))) | {"seen": seen, "grace_minutes": "60"}

        answer = merchant.post("/settings", **form)

        assert answer.status_code == 409
        assert shown(Page(answer))["grace_minutes"] == "60"
        assert shop_of(services).policy == shop.policy


class TestPreview:
    def test_without_an_order_that_waits_an_example_is_called_one(self, merchant: Merchant) -> None:
        answer = merchant.get(PREVIEW)

        page = Page(answer)
        assert page.page["data-example"] == "yes"
        assert page.all("s-banner", heading="An example: no order waits with its data right now")
        assert sent_rows(page) == EVERYTHING
        assert "alex@example.com" not in answer.text

    def test_the_example_follows_the_dial(self, merchant: Merchant) -> None:
        save(merchant, fields=["em", "ph", "fbc"])

        assert sent_rows(Page(merchant.get(PREVIEW))) == {"em", "ph", "fbc"}

    def test_the_latest_order_that_waits_is_shown_as_it_would_go_and_never_in_the_clear(
        self, merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
    ) -> None:
        switch_on(services, shop)
        buy(client, clock)
        clock.pass_by(minutes=1)
        latest = buy_another(client, shop, clock, 1)
        event = shop.key.unseal(row(services, latest)["sealed_event"], event_place(latest))

        answer = merchant.get(PREVIEW)

        page, text = Page(answer), answer.text
        assert page.page["data-example"] == "no"
        assert f"/orders/{latest}" in text
        assert sent_rows(page) == EVERYTHING - {"fbc"}
        told = user_data_of(event)
        hashes = [value for values in told.values() if isinstance(values, list) for value in values]
        assert all(value[:6] + "…" in text for value in hashes)
        secrets = (*hashes, BUYERS_ADDRESS, BUYERS_BROWSER, "1764000000000", "zoe@", "EAAtesttoken")
        assert not any(secret in text for secret in secrets)
        assert "purchase." + str(latest) in text
        assert "115.90" in text

    def test_it_shows_what_the_present_choices_would_send(
        self, merchant: Merchant, waiting: Shop, client: FlaskClient, clock: MovedClock
    ) -> None:
        save(merchant, fields=without("ph", "fbp"), ldu="yes")
        assert FBP not in merchant.get(PREVIEW).text

        tell(client, waiting, clock, stage="consent_updated", consent=OPTED_OUT, fbp=None)

        text = merchant.get(PREVIEW).text
        assert sent_rows(Page(merchant.get(PREVIEW))) == EVERYTHING - {"ph", "fbp", "fbc"}
        assert "data_processing_options" in text
        assert "LDU" in text

    def test_a_look_at_an_order_is_on_record_and_one_at_the_example_is_not(
        self,
        merchant: Merchant,
        services: Services,
        shop: Shop,
        client: FlaskClient,
        clock: MovedClock,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.INFO)
        merchant.get(PREVIEW)
        switch_on(services, shop)
        buy(client, clock)

        merchant.get(PREVIEW)

        [line] = [record for record in caplog.records if record.msg == "customer data read"]
        written = json.loads(JsonLines().format(line))
        about = {"shop_id": shop.id, "order_id": ORDER_ID, "user_id": "7001", "purpose": "preview", "count": 1}
        assert about.items() <= written.items()

    @pytest.mark.usefixtures("waiting")
    def test_what_came_before_a_switch_off_is_not_shown(self, merchant: Merchant, services: Services) -> None:
        do(services, "UPDATE shop_policy SET switch_count = switch_count + 1")

        assert Page(merchant.get(PREVIEW)).page["data-example"] == "yes"

    @pytest.mark.usefixtures("waiting")
    def test_an_event_that_does_not_open_gives_way_to_the_example(self, merchant: Merchant, services: Services) -> None:
        do(services, "UPDATE paid_order SET sealed_event = 'x'")

        assert Page(merchant.get(PREVIEW)).page["data-example"] == "yes"

    def test_it_names_the_test_code_that_goes_along(self, merchant: Merchant) -> None:
        merchant.post("/test-code", test_code="TEST99")

        assert "TEST99" in merchant.get(PREVIEW).text


def test_the_form_names_what_is_chosen_in_the_dials_order(merchant: Merchant) -> None:
    assert shown(Page(merchant.get("/settings")))["fields"] == WHOLE
