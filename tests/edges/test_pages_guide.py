from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage.shops import Shop
from tests.conftest import MovedClock, install
from tests.edges.handwork import do
from tests.edges.ledger_view import policy_changes, switch_on, tell
from tests.edges.visits import Merchant, Page


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


def steps(page: Page) -> dict[str, str]:
    return {e["data-step"]: e["data-is-done"] for e in page.all("s-grid") if e.get("data-step")}


def test_a_new_shop_has_four_steps_before_it(merchant: Merchant, services: Services) -> None:
    install(services)

    page = Page(merchant.get("/"))

    assert steps(page) == dict.fromkeys(("connect", "other-pixel", "pixel", "decide"), "no")
    assert page.one("s-section", data_guide="open")["data-done"] == "0"


def test_each_step_is_done_by_its_cause_and_the_guide_is_then_put_away(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    assert steps(Page(merchant.get("/"))) == {"connect": "yes", "other-pixel": "no", "pixel": "no", "decide": "no"}
    do(services, "UPDATE shop_policy SET other_pixel = 'none'")
    do(services, "UPDATE shop SET web_pixel_id = 'gid://shopify/WebPixel/1'")
    assert "Go through a checkout in your shop" in merchant.get("/").text
    tell(client, shop, clock)
    assert steps(Page(merchant.get("/"))) == {"connect": "yes", "other-pixel": "yes", "pixel": "yes", "decide": "no"}
    assert merchant.post("/guide", answer="closed").status_code == 409

    decided = merchant.go("/guide", answer="left off")

    assert "stays off" in Page(decided).one("meta", name="note")["content"]
    assert Page(decided).all("s-section", data_guide="done")
    closed = merchant.go("/guide", answer="closed")
    assert "data-guide" not in closed.text
    assert [(c["what"], c["user_id"], c["new"]) for c in policy_changes(services, shop)][:2] == [
        ("setup_guide", "7001", "closed"),
        ("setup_guide", "7001", "left off"),
    ]
    merchant.post("/guide", answer="closed")
    assert len([c for c in policy_changes(services, shop) if c["what"] == "setup_guide"]) == 2

    do(services, "UPDATE shop SET web_pixel_id = NULL")  # what is no longer done is shown again
    assert steps(Page(merchant.get("/")))["pixel"] == "no"


def test_moving_the_switch_is_a_decision(merchant: Merchant, services: Services, shop: Shop) -> None:
    switch_on(services, shop)

    assert steps(Page(merchant.get("/")))["decide"] == "yes"


def test_an_answer_that_is_none_is_refused(merchant: Merchant, services: Services, shop: Shop) -> None:
    assert merchant.post("/guide", answer="x").status_code == 422
    assert merchant.client.post("/guide", data={"answer": "closed"}).status_code == 401
    assert policy_changes(services, shop) == []


def test_a_shop_that_has_left_meanwhile_answers_nothing(
    merchant: Merchant, services: Services, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.storage.reading.hold", lambda *_: False)

    assert merchant.post("/guide", answer="left off").status_code == 409
