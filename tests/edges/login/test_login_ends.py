"""What Meta, or the app itself, may do to a login that came back well: it still ends in one sentence, or is let go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from plugin.services import Services
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges import logins, visits
from tests.edges.logins import APP, OTHER_SHOP, away, begin, changed, count, refused, row_of
from tests.edges.visits import Merchant, Page, minted, shop_of, uninstall


@pytest.fixture
def sandbox() -> Iterator[World]:
    with logins.sandbox() as world:
        visits.add_shop(world, OTHER_SHOP)
        yield world


@pytest.mark.parametrize("code", [None, "", "invented", "a" * 9000, "a\nb"])
def test_a_code_that_meta_does_not_take_connects_nothing(
    merchant: Merchant, services: Services, code: str | None
) -> None:
    window = away(merchant)

    refused(window.come_back(changed(window.answer(), code=code)), words="did not complete the login")

    row = row_of(services, "meta_login")
    assert (row["state"], row["problem"], row["token"]) == ("ended", "code_refused", None)
    assert shop_of(services).connection is None


@pytest.mark.parametrize(
    ("fault", "words", "status"),
    [
        ("login_refused", "did not complete the login", 400),
        ("login_500", "does not answer right now", 502),
        ("debug_500", "does not answer right now", 502),
    ],
)
def test_whatever_meta_does_instead_leaves_nothing(
    merchant: Merchant, services: Services, sandbox: World, fault: str, words: str, status: int
) -> None:
    window = away(merchant)
    back = window.answer()
    sandbox.faults.put({"name": fault})

    refused(window.come_back(back), words=words, status=status)

    assert row_of(services, "meta_login")["token"] is None
    assert not Page(merchant.get("/settings")).all("form", id="facebook-choose")
    assert shop_of(services).connection is None


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", f"{APP}0"])
def test_a_strangers_page_cannot_send_a_browser_through_a_login(
    merchant: Merchant, services: Services, origin: str
) -> None:
    window = begin(merchant)

    refused(window.go_on(origin), words="from our own page only", status=403)

    assert row_of(services, "meta_login")["state"] == "started"
    assert merchant.client.get_cookie("facebook-login") is None


def test_a_login_does_not_outlive_its_install(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    window = away(merchant)
    back = window.answer()
    uninstall(services)

    refused(window.come_back(back), words="can be used once")

    assert sandbox.people.grants == {}
    assert count(services, "meta_login") == 0


def test_neither_state_nor_code_stays_in_an_address(merchant: Merchant) -> None:
    window = away(merchant)
    parts = urlsplit(window.answer())

    answer = merchant.client.get(f"{parts.path}?{parts.query}")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/facebook/ended?how=granted")
    assert parse_qs(parts.query)["code"][0] not in answer.text
    assert merchant.client.get("/facebook/ended?how=otherwise").status_code == 404


def test_without_an_id_token_nothing_begins(client: FlaskClient, merchant: Merchant, services: Services) -> None:
    for path in ("/facebook/start", "/facebook/choose", "/facebook/find", "/facebook/cancel"):
        assert client.post(path).status_code == 401

    assert count(services, "meta_login") == 0


def test_only_whoever_began_may_choose(
    flask_app: Flask, merchant: Merchant, other: Merchant, services: Services, sandbox: World
) -> None:
    logins.log_in(merchant)
    colleague = Merchant(flask_app.test_client(), tokens=[minted(sandbox, sub="43")])

    for somebody in (colleague, other):
        assert not Page(somebody.get("/settings")).all("form", id="facebook-choose")
        answer = somebody.post("/facebook/choose", dataset=logins.OUTLET)
        assert answer.status_code == 422
        assert "This login is over" in answer.text

    assert count(services, "meta_connection") == 0
    assert row_of(services, "meta_login")["state"] == "granted"


def test_facebook_may_lead_on_to_its_other_hosts(client: FlaskClient, merchant: Merchant, services: Services) -> None:
    dialog = "https://www.facebook.com/v26.0/dialog/oauth"
    object.__setattr__(services, "settings", replace(services.settings, dialog_url=dialog))

    policy = begin(merchant).look().headers["Content-Security-Policy"]

    assert "form-action 'self' https://*.facebook.com;" in policy
