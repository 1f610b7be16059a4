from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import connections
from sandbox.meta_store import DEFAULT_DATASET, DEFAULT_TOKEN
from sandbox.world import World
from tests.builders import ORDER_ID
from tests.conftest import SHOP, MovedClock
from tests.edges import visits
from tests.edges.ledger_view import buy, ended, row, switch_on, work
from tests.edges.visits import Merchant, Page, connect, minted, pixel_of, shop_of


@pytest.fixture
def sandbox() -> Iterator[World]:
    with visits.sandbox() as world:
        yield world


@pytest.fixture
def settings(sandbox: World) -> Settings:
    return visits.settings_for(sandbox)


@pytest.fixture
def merchant(client: FlaskClient, sandbox: World) -> Merchant:
    """Installed by a first visit, and not connected."""
    merchant = Merchant(client, tokens=[minted(sandbox)])
    assert merchant.load().status_code == 200
    return merchant


def test_connecting_places_the_pixel_and_switches_nothing_on(
    merchant: Merchant, services: Services, sandbox: World
) -> None:
    page = connect(merchant)

    shop = shop_of(services)
    assert (page.page["data-connected"], page.page["data-pixel"], page.page["data-tracking"]) == (
        "yes",
        "placed",
        "off",
    )
    assert page.one("meta", name="note")["content"].startswith("Connected, and the pixel is placed.")
    assert shop.connection is not None
    assert shop.connection.dataset == DEFAULT_DATASET
    assert not shop.policy.tracking_on
    assert pixel_of(sandbox) == {
        "pixelID": DEFAULT_DATASET,
        "ingestKey": shop.ingest_key,
        "collector": f"{services.settings.url}/pixel/evidence",
        "contentIds": "product",
        "ldu": "no",
    }


def test_connecting_sends_meta_nothing_that_it_takes(merchant: Merchant, sandbox: World) -> None:
    connect(merchant)

    assert sandbox.meta.events_json() == []


def test_the_access_token_is_sealed_and_never_shown(merchant: Merchant, services: Services, database_url: str) -> None:
    connect(merchant)

    connection = shop_of(services).connection
    assert connection is not None
    assert connections.token_of(shop_of(services), connection) == DEFAULT_TOKEN
    with psycopg.connect(database_url) as conn:
        (kept,) = conn.execute("SELECT token FROM meta_connection").fetchone() or (b"",)
    assert DEFAULT_TOKEN.encode() not in bytes(kept)
    assert DEFAULT_TOKEN not in merchant.get("/settings").text


@pytest.mark.parametrize(
    ("dataset", "token", "field", "words"),
    [
        ("12ab", DEFAULT_TOKEN, "dataset", "5 to 20 digits"),
        ("", DEFAULT_TOKEN, "dataset", "5 to 20 digits"),
        (DEFAULT_DATASET, "two words", "token", "one long word"),
        (DEFAULT_DATASET, "EAAunknownToken", "token", "does not accept this access token"),
        ("9999999999", DEFAULT_TOKEN, "dataset", "finds no dataset"),
    ],
)
def test_what_meta_would_not_take_is_refused_at_its_field(
    merchant: Merchant, services: Services, sandbox: World, dataset: str, token: str, field: str, words: str
) -> None:
    answer = merchant.post("/connect", dataset=dataset, token=token)

    page = Page(answer)
    assert answer.status_code == 422
    assert words in (page.error_at(field) or "")
    assert page.error_at("token" if field == "dataset" else "dataset") is None
    assert page.one("s-text-field", name="dataset")["value"] == dataset
    assert page.one("s-password-field", name="token").get("value") is None
    assert shop_of(services).connection is None
    assert pixel_of(sandbox) is None


def test_while_meta_is_away_nothing_is_connected(merchant: Merchant, services: Services, sandbox: World) -> None:
    sandbox.faults.put({"name": "meta_500"})

    answer = merchant.post("/connect", dataset=DEFAULT_DATASET, token=DEFAULT_TOKEN)

    assert answer.status_code == 422
    assert "Meta cannot be reached" in (Page(answer).error_at("token") or "")
    assert shop_of(services).connection is None


def test_spaces_around_what_is_pasted_do_no_harm(merchant: Merchant, services: Services) -> None:
    connect(merchant, dataset=f" {DEFAULT_DATASET}\n", token=f"\t{DEFAULT_TOKEN} ")

    assert shop_of(services).connection is not None


def test_a_pixel_that_cannot_be_placed_leaves_the_connection_and_can_be_placed_later(
    merchant: Merchant, services: Services, sandbox: World
) -> None:
    sandbox.faults.put({"name": "graphql_500"})

    page = connect(merchant)

    assert (page.page["data-connected"], page.page["data-pixel"]) == ("yes", "none")
    assert "Shopify does not answer" in merchant.get("/settings?note=pixel_shopify_away").text
    sandbox.faults.clear(None)
    again = Page(merchant.go("/place-pixel"))
    assert again.page["data-pixel"] == "placed"
    assert (pixel_of(sandbox) or {})["pixelID"] == DEFAULT_DATASET


def test_without_a_connection_no_pixel_is_placed(merchant: Merchant, sandbox: World) -> None:
    answer = merchant.post("/place-pixel")

    assert answer.status_code == 422
    assert pixel_of(sandbox) is None


def test_tokens_that_shopify_killed_are_exchanged_again_on_the_spot(
    merchant: Merchant, services: Services, sandbox: World
) -> None:
    sandbox.shops[SHOP].tokens.kill()

    page = connect(merchant)

    assert page.page["data-pixel"] == "placed"
    assert sandbox.shops[SHOP].tokens.exchanges == 2


def test_the_same_dataset_with_a_new_token_keeps_the_connection(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    first = shop_of(services)
    assert first.connection is not None
    with services.database.transaction() as conn:
        connections.mark_broken(conn, first.id, first.connection, "token_revoked", clock.now())
    assert "no longer accepts the access token" in merchant.get("/settings").text
    assert "no longer accepts the access token" in merchant.get("/").text
    sandbox.meta.register(DEFAULT_DATASET, "EAAsecondToken")

    connect(merchant, token="EAAsecondToken")

    second = shop_of(services)
    assert second.connection is not None
    assert (second.connection.id, second.connection.broken) == (first.connection.id, None)
    assert connections.token_of(second, second.connection) == "EAAsecondToken"


def test_another_dataset_takes_its_place_in_the_pixel_too(
    merchant: Merchant, services: Services, sandbox: World
) -> None:
    connect(merchant)
    first = shop_of(services).connection
    sandbox.meta.register("5555555555", DEFAULT_TOKEN)

    connect(merchant, dataset="5555555555")

    second = shop_of(services).connection
    assert first is not None
    assert second is not None
    assert (second.id != first.id, second.dataset) == (True, "5555555555")
    assert (pixel_of(sandbox) or {})["pixelID"] == "5555555555"


def test_a_pixel_with_another_datasets_settings_does_not_count_as_placed(
    merchant: Merchant, services: Services, sandbox: World
) -> None:
    connect(merchant)
    sandbox.meta.register("5555555555", DEFAULT_TOKEN)
    sandbox.faults.put({"name": "graphql_500"})

    assert connect(merchant, dataset="5555555555").page["data-pixel"] == "none"


def test_disconnecting_switches_off_drops_what_waits_and_takes_the_pixel_out(
    merchant: Merchant, services: Services, sandbox: World, client: FlaskClient, clock: MovedClock
) -> None:
    connect(merchant)
    switch_on(services, shop_of(services))
    clock.pass_by(minutes=2)
    buy(client, clock)

    page = Page(merchant.go("/disconnect"))

    assert (page.page["data-connected"], page.page["data-pixel"], page.page["data-tracking"]) == ("no", "none", "off")
    assert "1 waiting order was dropped" in page.one("meta", name="note")["content"]
    assert pixel_of(sandbox) is None
    assert row(services)["sealed_event"] is None
    work(services)
    clock.pass_by(hours=1)
    work(services)
    assert ended(services, ORDER_ID) == ("withheld", "consent_unknown")
    assert sandbox.meta.events_json() == []


def test_connecting_again_does_not_switch_on_again(merchant: Merchant, services: Services) -> None:
    connect(merchant)
    switch_on(services, shop_of(services))
    merchant.post("/disconnect")

    assert connect(merchant).page["data-tracking"] == "off"


def test_a_pixel_that_could_not_be_taken_out_can_be_later(
    merchant: Merchant, services: Services, sandbox: World
) -> None:
    connect(merchant)
    sandbox.faults.put({"name": "graphql_500"})

    page = Page(merchant.go("/disconnect"))

    assert (page.page["data-connected"], page.page["data-pixel"]) == ("no", "placed")
    assert page.all(id="remove-pixel")
    sandbox.faults.clear(None)
    assert Page(merchant.go("/disconnect")).page["data-pixel"] == "none"
    assert pixel_of(sandbox) is None


def test_disconnecting_what_is_not_connected_does_no_harm(merchant: Merchant) -> None:
    answer = merchant.go("/disconnect")

    assert answer.status_code == 200
    assert "No order was waiting" in Page(answer).one("meta", name="note")["content"]
