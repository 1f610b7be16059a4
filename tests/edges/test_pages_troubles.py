from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from plugin.meta.conversions import ConversionsClient
from plugin.services import Services
from plugin.shopify.admin import AdminClient
from plugin.shopify.tokens import TokenClient
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import SHOP, MovedClock, install
from tests.edges.ledger_view import buy, switch_on, tell, work
from tests.edges.servers import Received, Reply, Server, reply
from tests.edges.visits import Merchant, Page, shop_of, stored, uninstall

TOO_OLD = reply({"error": {"message": "old", "code": 100, "error_subcode": 2804003}}, 400)
NO_PIXEL = reply(
    {"data": {"webPixel": None}, "errors": [{"message": "No web pixel", "extensions": {"code": "NOT_FOUND"}}]}
)
FORM = {"dataset": "1234567890123456", "token": "EAAtesttoken"}


def refused(code: str) -> Reply:
    error = {"code": code, "field": None, "message": "no"}
    return reply({"data": {"webPixelCreate": {"webPixel": None, "userErrors": [error]}}})


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client)


@pytest.fixture
def meta(services: Services) -> Iterator[Server]:
    """A Meta that takes every token for every dataset."""
    with Server(TOO_OLD) as server:
        object.__setattr__(services, "meta", ConversionsClient(f"{server.url}/v26.0", timeout=(1, 1)))
        yield server


def shopify_says(services: Services, server: Server) -> None:
    template = f"{server.url}/admin/{{shop}}"
    object.__setattr__(services, "admin", AdminClient(template, pause=lambda _: None))
    object.__setattr__(services, "tokens", TokenClient(template, "key", "secret"))


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ([Reply(403)], "turned this app's server away"),
        ([Reply(500)], "does not answer right now"),
        ([NO_PIXEL, refused("BLANK")], "Shopify did not place the pixel"),
        ([NO_PIXEL, refused("NO_EXTENSION")], "does not know our pixel yet"),
        ([Reply(401)], "did not let the app into your shop"),
        ([Reply(401), reply({"error": "invalid_subject_token"}, 400)], "did not let the app into your shop"),
    ],
)
def test_why_the_pixel_is_not_placed_is_told_in_a_sentence(
    merchant: Merchant, services: Services, shop: Shop, meta: Server, replies: list[Reply], words: str
) -> None:
    with Server(*replies) as shopify:
        shopify_says(services, shopify)

        answer = merchant.go("/connect", **FORM)

    page = Page(answer)
    assert (page.page["data-connected"], page.page["data-pixel"]) == ("yes", "none")
    assert words in answer.text.replace("&#39;", "'")
    assert page.all("s-banner", heading="Please note")


def test_a_shop_that_leaves_while_meta_is_asked_is_not_connected(
    merchant: Merchant, services: Services, meta: Server
) -> None:
    install(services)

    def leave(_: Received) -> Reply:
        uninstall(services)
        return TOO_OLD

    meta.judge = leave
    answer = merchant.post("/connect", **FORM)

    assert answer.status_code == 409
    assert "was removed from your shop" in answer.text
    assert stored(services) is None


def test_an_event_that_meta_takes_though_it_is_stale_connects_nothing(
    merchant: Merchant, services: Services, meta: Server
) -> None:
    install(services)
    meta.judge = lambda _: reply({"events_received": 1})

    answer = merchant.post("/connect", **FORM)

    assert answer.status_code == 422
    assert shop_of(services).connection is None


def test_an_order_in_doubt_says_so(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock, meta: Server
) -> None:
    meta.judge = lambda _: Reply(500)
    switch_on(services, shop)
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=31)
    work(services)

    answer = merchant.load(f"/orders/{ORDER_ID}")

    assert Page(answer).page["data-reason"] == "meta_unavailable"
    assert "its answer never came" in answer.text
    assert Page(answer).all("s-paragraph", data_personal_data="held")
    assert "Looked at again" in answer.text


def test_the_way_to_the_bounce_page_keeps_what_app_bridge_starts_from(client: FlaskClient, shop: Shop) -> None:
    asked = {"shop": SHOP, "host": "YWRtaW4uc2hvcGlmeS5jb20", "embedded": "1", "session": "x"}

    location = client.get("/settings", query_string=asked).headers["Location"]

    query = parse_qs(urlsplit(location).query)
    assert (query["shop"], query["host"]) == ([SHOP], ["YWRtaW4uc2hvcGlmeS5jb20"])
    assert query["shopify-reload"] == [f"/settings?shop={SHOP}&host=YWRtaW4uc2hvcGlmeS5jb20&embedded=1"]


@pytest.mark.parametrize("asked", [{"shop": "evil.example.com"}, {"host": "a b"}, {"host": "x" * 600}])
def test_strange_parameters_stay_out_of_the_bounce_pages_own(
    client: FlaskClient, shop: Shop, asked: dict[str, str]
) -> None:
    query = parse_qs(urlsplit(client.get("/", query_string=asked).headers["Location"]).query)

    assert query.keys() == {"shopify-reload"}


def test_a_method_that_a_page_does_not_have_changes_nothing(client: FlaskClient, shop: Shop) -> None:
    assert client.put("/settings", headers={"Authorization": f"Bearer {Merchant(client).token()}"}).status_code == 405
    assert Merchant(client).get("/connect").status_code == 405
