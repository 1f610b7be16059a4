"""The code of Meta's test tool: it goes along for a day, to one dataset, and what is sent counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.settings import Settings
from sandbox.meta_store import DEFAULT_DATASET, DEFAULT_TOKEN
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges import visits
from tests.edges.ledger_view import policy_changes, switch_on
from tests.edges.visits import Merchant, Page, minted
from tests.edges.wire import Town

CODE = "TEST12345"


@pytest.fixture
def sandbox() -> Iterator[World]:
    with visits.sandbox() as world:
        yield world


@pytest.fixture
def settings(sandbox: World) -> Settings:
    return visits.settings_for(sandbox)


@pytest.fixture
def town(sandbox: World, client: FlaskClient, services: Services, clock: MovedClock) -> Town:
    clock.pass_by(minutes=1)
    merchant = Merchant(client, tokens=[minted(sandbox)])
    merchant.load()
    merchant.post("/connect", dataset=DEFAULT_DATASET, token=DEFAULT_TOKEN)
    clock.pass_by(minutes=2)
    town = Town(sandbox, merchant, client, services, clock)
    switch_on(services, town.shop)
    return town


class TestTestCode:
    def test_it_goes_along_for_a_day_and_then_by_itself_no_more(self, town: Town) -> None:
        page = Page(town.merchant.go("/test-code", test_code=f" {CODE} "))
        assert page.all("s-section", data_test_code="on")
        assert page.all("s-banner", heading="Test events count at Meta like real ones")
        town.sent()
        assert town.received()["requests"][-1]["test_event_code"] == CODE

        town.pass_a_day()

        assert Page(town.merchant.get("/settings")).all("s-section", data_test_code="off")
        town.sent()
        assert town.received()["requests"][-1]["test_event_code"] is None

    def test_it_can_be_removed_earlier_and_both_are_on_record(self, town: Town) -> None:
        town.merchant.post("/test-code", test_code=CODE)

        page = Page(town.merchant.go("/test-code", remove="yes"))

        assert page.all("s-section", data_test_code="off")
        town.sent()
        assert town.received()["requests"][-1]["test_event_code"] is None
        changes = [(c["old"], c["new"]) for c in policy_changes(town.services, town.shop) if c["what"] == "test_code"]
        assert changes == [(CODE, "none"), ("none", CODE)]

    @pytest.mark.parametrize("code", ["", "TES", "TEST 12345", "TEST12345\x00", "a" * 33, "TÉST1234", '"><b>'])
    def test_another_form_is_refused_at_the_field(self, town: Town, code: str) -> None:
        answer = town.merchant.post("/test-code", test_code=code)

        page = Page(answer)
        assert answer.status_code == 422
        assert page.error_at("test_code")
        assert page.one("s-text-field", name="test_code")["value"] == code.strip()
        town.sent()
        assert town.received()["requests"][-1]["test_event_code"] is None

    def test_it_is_one_datasets(self, town: Town) -> None:
        town.merchant.post("/test-code", test_code=CODE)
        other = {"dataset": "7777777777777777", "token": "EAAother0000000000000"}
        requests.post(f"{town.world.options.own_url}/meta/datasets", json=other, timeout=5)
        town.clock.pass_by(minutes=1)
        town.merchant.post("/connect", **other)
        town.clock.pass_by(minutes=2)

        town.sent()

        assert town.received()["requests"][-1]["test_event_code"] is None

    def test_without_a_dataset_there_is_none(self, town: Town) -> None:
        town.merchant.post("/disconnect")

        answer = town.merchant.post("/test-code", test_code=CODE)

        assert answer.status_code == 422
        assert Page(answer).error_at("dataset")
        assert not Page(answer).all("s-text-field", name="test_code")
