"""The optional scope read_customers: asked for in the app, given back there, and never believed from the browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.settings import Settings
from sandbox.world import World
from tests.conftest import SHOP, MovedClock
from tests.doors import webhook
from tests.edges import visits
from tests.edges.visits import Merchant, Page, minted, shop_of


@pytest.fixture
def sandbox() -> Iterator[World]:
    with visits.sandbox() as world:
        yield world


@pytest.fixture
def settings(sandbox: World) -> Settings:
    return visits.settings_for(sandbox)


@pytest.fixture
def merchant(client: FlaskClient, sandbox: World) -> Merchant:
    merchant = Merchant(client, tokens=[minted(sandbox)])
    merchant.load()
    visits.connect(merchant)
    return merchant


def grants(sandbox: World, *, is_granted: bool) -> None:
    """The staff have answered Shopify, which has not told the app yet."""
    scopes = sandbox.shops[SHOP].scopes
    (scopes.add if is_granted else scopes.discard)("read_customers")


def reads(page: Page) -> str:
    return page.one("s-section", id="opt-outs")["data-reads-customers"]


def note(page: Page) -> str:
    return page.one("meta", name="note")["content"]


def test_it_is_asked_for_with_what_it_brings(merchant: Merchant) -> None:
    answer = merchant.get("/settings")

    page = Page(answer)
    assert reads(page) == "no"
    assert len(page.all("s-button", data_scope="read_customers")) == 1
    assert page.one("form", id="scopes")["action"] == "/scopes"
    assert page.one("input", name="step")["value"] == "request"
    assert "Nothing else is read of customers" in answer.text


def test_granted_is_shown_at_once_and_given_back_too(merchant: Merchant, sandbox: World, services: Services) -> None:
    grants(sandbox, is_granted=True)
    page = Page(merchant.go("/scopes", step="request", said="granted-all"))

    assert (reads(page), page.one("input", name="step")["value"]) == ("yes", "revoke")
    assert note(page) == "Shopify is asked for your customers' choice from now on."
    assert "read_customers" in shop_of(services).scopes.split(",")

    grants(sandbox, is_granted=False)
    page = Page(merchant.go("/scopes", step="revoke", said=""))

    assert reads(page) == "no"
    assert "no longer asked" in note(page)


@pytest.mark.parametrize(
    ("said", "words"),
    [("declined-all", "Nothing has changed"), ("unavailable", "could not ask you"), ("", "could not ask you")],
)
def test_declined_and_unavailable_are_told_apart(merchant: Merchant, said: str, words: str) -> None:
    answer = merchant.go("/scopes", step="request", said=said)

    assert reads(Page(answer)) == "no"
    assert words in answer.text


def test_the_browser_is_not_believed(merchant: Merchant, sandbox: World) -> None:
    assert reads(Page(merchant.go("/scopes", step="request", said="granted-all"))) == "no"
    grants(sandbox, is_granted=True)
    assert reads(Page(merchant.go("/scopes", step="request", said="declined-all"))) == "yes"
    refused = merchant.go("/scopes", step="revoke", said="unavailable")
    assert reads(Page(refused)) == "yes"
    assert "still lets this app read customers" in refused.text


def test_where_shopify_does_not_tell_the_page_says_so(merchant: Merchant, sandbox: World) -> None:
    grants(sandbox, is_granted=True)
    sandbox.faults.put({"name": "graphql_500"})

    answer = merchant.go("/scopes", step="request", said="granted-all")

    assert reads(Page(answer)) == "no"
    assert "does not tell right now" in answer.text


def test_the_webhook_tells_the_same_and_an_older_one_changes_nothing(
    merchant: Merchant, sandbox: World, client: FlaskClient, clock: MovedClock
) -> None:
    before = clock.now().isoformat()
    told = {"id": 1, "shop_id": "gid://shopify/Shop/1", "previous": [], "current": sorted(sandbox.shops[SHOP].scopes)}
    clock.pass_by(minutes=1)
    grants(sandbox, is_granted=True)
    merchant.go("/scopes", step="request", said="granted-all")

    assert webhook(client, "/webhooks/app/scopes_update", told | {"updated_at": before}).status_code == 200
    assert reads(Page(merchant.get("/settings"))) == "yes"

    clock.pass_by(minutes=1)
    assert (
        webhook(client, "/webhooks/app/scopes_update", told | {"updated_at": clock.now().isoformat()}).status_code
        == 200
    )
    assert reads(Page(merchant.get("/settings"))) == "no"


def test_without_a_bearer_nothing_is_asked(client: FlaskClient, merchant: Merchant) -> None:
    assert client.post("/scopes", data={"step": "request"}).status_code == 401
