"""What leaves, as Meta's door sees it: from the form on the settings page to `/meta/received.json`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from flask.testing import FlaskClient

from plugin.meta.conversions import PARTNER_AGENT
from plugin.recovery.dial import EVERYTHING
from plugin.services import Services
from plugin.settings import Settings
from sandbox.meta_store import DEFAULT_DATASET, DEFAULT_TOKEN
from sandbox.world import World
from tests.builders import CHECKOUT_TOKEN
from tests.conftest import SHOP, MovedClock
from tests.edges import visits
from tests.edges.handwork import OPTED_OUT
from tests.edges.ledger_view import ended, switch_on, work
from tests.edges.settings_form import save, saved, without
from tests.edges.visits import Merchant, minted
from tests.edges.wire import Town


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


def test_an_order_says_what_was_bought_by_ids_and_nothing_more(town: Town) -> None:
    event = town.sent()

    assert event["custom_data"] == {
        "value": 115.9,
        "currency": "EUR",
        "order_id": str(town.number),
        "content_type": "product",
        "content_ids": ["8001"],
        "contents": [{"id": "8001", "quantity": 2, "item_price": 57.95}],
        "num_items": 2,
    }
    assert set(event["user_data"]) == EVERYTHING - {"fbc"}
    assert event.keys() == {
        "event_name",
        "event_time",
        "event_id",
        "action_source",
        "event_source_url",
        "user_data",
        "custom_data",
    }
    assert event["action_source"] == "website"


def test_the_page_is_named_without_query_and_without_the_checkouts_token(town: Town) -> None:
    told = town.sent(url="https://lantern.example/checkouts")
    assert told["event_source_url"] == "https://lantern.example/checkouts"

    token = f"{CHECKOUT_TOKEN}{town.number + 1}"
    for url in (f"https://lantern.example/checkouts/cn/{token}/thank-you?key=1", "https://lantern.example/a?email=z"):
        found = town.sent(url=url)["event_source_url"]
        assert "?" not in found
        assert CHECKOUT_TOKEN not in found
        token = f"{CHECKOUT_TOKEN}{town.number + 1}"


@pytest.mark.parametrize(
    ("fbp", "fbc"),
    [
        ("fb.1.1764000000000.1234567890", "fb.1.1764000000000.IwAR_aem-X.y"),
        ("fb.2.1764000000000.639940942831715561.AQICAQMC", "fb.1.1764000000000.AbC_dEf.AQQCAQMC"),
    ],
    ids=["four parts", "five parts"],
)
def test_browser_ids_arrive_as_they_were_found(town: Town, fbp: str, fbc: str) -> None:
    told = town.sent(fbp=fbp, fbc=fbc)["user_data"]

    assert (told["fbp"], told["fbc"]) == (fbp, fbc)


def test_a_request_names_the_app(town: Town) -> None:
    town.sent()

    request = town.received()["requests"][-1]
    assert request["partner_agent"] == PARTNER_AGENT
    assert request["test_event_code"] is None


def test_what_was_unticked_does_not_arrive(town: Town) -> None:
    save(town.merchant, fields=without("ph", "fbp", "client_ip_address"))

    assert set(town.sent()["user_data"]) == EVERYTHING - {"ph", "fbp", "fbc", "client_ip_address"}


def test_limited_data_use_is_one_choice_for_server_and_pixel(town: Town) -> None:
    told = visits.pixel_of(town.world)
    assert told is not None
    assert told["ldu"] == "no"
    withheld = town.missed(consent=OPTED_OUT, fbp=None)
    work(town.services)
    assert ended(town.services, withheld) == ("withheld", "data_sale_opt_out")

    saved(town.merchant, ldu="yes")

    told = visits.pixel_of(town.world)
    assert told is not None
    assert told["ldu"] == "yes"
    limited = town.sent(consent=OPTED_OUT, fbp=None)
    assert limited["data_processing_options"] == ["LDU"]
    assert (limited["data_processing_options_country"], limited["data_processing_options_state"]) == (0, 0)
    assert not {"fbp", "fbc"} & limited["user_data"].keys()
    assert "data_processing_options" not in town.sent()


def test_the_built_pixel_asks_meta_for_the_same_limits(town: Town) -> None:
    saved(town.merchant, ldu="yes")
    base = town.world.options.own_url
    wish = {"region": "US", "consent": {"sale_of_data": False}, "wait_webhook": False}

    answer = requests.post(f"{base}/shop/{SHOP}/checkout", json=wish, timeout=120)

    assert answer.ok, answer.text
    [purchase] = [e for e in town.received()["events"] if e["event_id"] == f"purchase.{answer.json()['order_id']}"]
    assert purchase["source"] == "browser"
    assert (purchase["payload"]["dpo"], purchase["payload"]["dpoco"]) == ("LDU", "0")
    assert not {"fbp", "fbc"} & purchase["payload"].keys()
