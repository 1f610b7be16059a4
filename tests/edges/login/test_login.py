from __future__ import annotations

import logging
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import requests
from flask.testing import FlaskClient

from plugin.logs import JsonLines
from plugin.meta.login import user_hash
from plugin.pages.popup import cookie_of
from plugin.services import Services
from plugin.storage import connections
from sandbox.meta_people import FIRST
from sandbox.meta_store import DEFAULT_DATASET
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges import logins
from tests.edges.logins import USER, begin, connect, count, log_in, row_of
from tests.edges.visits import Merchant, Page, pixel_of, shop_of


def test_a_login_connects_places_the_pixel_and_switches_nothing_on(
    merchant: Merchant, services: Services, sandbox: World
) -> None:
    page = connect(merchant)

    row = row_of(services, "meta_connection")
    assert (page.page["data-connected"], page.page["data-pixel"], page.page["data-tracking"]) == (
        "yes",
        "placed",
        "off",
    )
    assert (row["kind"], row["dataset"], row["dataset_name"]) == ("login", DEFAULT_DATASET, "Lantern pixel")
    assert (row["business"], row["token_expires_at"], row["connected_by"]) == (FIRST.id, None, "42")
    assert bytes(row["meta_user_hash"]) == user_hash(sandbox.options.meta_app_secret, USER)
    assert (pixel_of(sandbox) or {})["pixelID"] == DEFAULT_DATASET
    assert sandbox.meta.events_json() == []


def test_nothing_of_the_login_is_left_beside_the_connection(merchant: Merchant, services: Services) -> None:
    connect(merchant)

    assert count(services, "meta_login") == 0


def test_the_dialog_is_opened_as_meta_asks(merchant: Merchant, sandbox: World) -> None:
    window = begin(merchant)

    window.go_on()

    query = {name: values[0] for name, values in parse_qs(urlsplit(window.dialog).query).items()}
    state = query.pop("state")
    assert query == {
        "client_id": sandbox.options.meta_app_id,
        "redirect_uri": f"{logins.APP}/meta/callback",
        "config_id": sandbox.options.meta_config_id,
        "response_type": "code",
        "override_default_response_type": "true",
    }
    assert len(state.rpartition(".")[2]) == 43  # 256 bits in base64


def test_our_own_page_names_the_shop_and_may_not_be_framed(merchant: Merchant, sandbox: World) -> None:
    window = begin(merchant)

    page = window.look()

    policy = page.headers["Content-Security-Policy"]
    assert "Lantern" in page.text
    assert "lantern.myshopify.com" in page.text
    assert "frame-ancestors 'none'" in policy
    assert f"form-action 'self' {sandbox.options.own_url}" in policy
    assert "script-src" not in policy
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"


def test_looking_at_the_page_uses_nothing_up(merchant: Merchant) -> None:
    window = begin(merchant)
    for _ in range(3):
        assert window.look().status_code == 200

    assert window.go_on().status_code == 303


def test_a_ticket_is_good_once(merchant: Merchant) -> None:
    window = begin(merchant)
    window.go_on()

    assert window.go_on().status_code == 410
    assert window.look().status_code == 410


def test_a_ticket_is_good_for_ten_minutes(merchant: Merchant, clock: MovedClock) -> None:
    window = begin(merchant)
    clock.pass_by(minutes=10)

    assert window.look().status_code == 410
    assert window.go_on().status_code == 410


def test_a_new_login_takes_the_place_of_the_one_before(merchant: Merchant) -> None:
    first = begin(merchant)
    second = begin(merchant)

    assert first.go_on().status_code == 410
    assert second.go_on().status_code == 303


def test_the_admin_learns_how_far_the_login_has_come(merchant: Merchant) -> None:
    def state() -> str:
        return str((merchant.get("/facebook/state").json or {})["state"])

    assert state() == "none"
    window = begin(merchant)
    assert state() == "started"
    window.go_on()
    assert state() == "away"
    window.come_back(window.answer())
    assert state() == "granted"


def test_a_token_that_ends_is_known_to_end(merchant: Merchant, services: Services, clock: MovedClock) -> None:
    connect(merchant, lasts="60")

    left = row_of(services, "meta_connection")["token_expires_at"] - clock.now()
    assert 59 < left.total_seconds() / 86_400 <= 60


def test_the_token_is_sealed_and_nowhere_else(
    merchant: Merchant, services: Services, sandbox: World, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    window = begin(merchant)
    window.go_on()
    back = window.answer()
    code = parse_qs(urlsplit(back).query)["code"][0]
    pages = [window.come_back(back).text, merchant.get("/settings").text]
    (grant,) = sandbox.people.grants.values()
    with psycopg.connect(database_url) as conn:
        stored = "".join(str(line) for line in conn.execute("SELECT l::text FROM meta_login l").fetchall())
    pages += [merchant.go("/facebook/choose", dataset=DEFAULT_DATASET).text, merchant.get("/settings").text]

    shop = shop_of(services)
    lines = "".join(JsonLines().format(record) for record in caplog.records if not record.name.startswith("urllib3"))
    assert shop.connection is not None
    assert connections.token_of(shop, shop.connection) == grant.token
    for secret in (grant.token, code, sandbox.options.meta_app_secret):
        assert all(secret not in text for text in (*pages, stored, lines))
        assert secret.encode().hex() not in stored


def test_the_cookie_is_bound_to_host_and_https(client: FlaskClient, merchant: Merchant, services: Services) -> None:
    window = begin(merchant)
    https = "https://app.example.com"
    object.__setattr__(services, "settings", replace(services.settings, url=https))

    cookie = window.go_on(https).headers["Set-Cookie"]

    name, _, rest = cookie.partition("=")
    assert name == "__Host-facebook-login"
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=600"} <= set(rest.split("; "))
    assert "Domain" not in rest


def test_on_this_machine_the_cookie_goes_over_plain_http(merchant: Merchant, services: Services) -> None:
    cookie = begin(merchant).go_on().headers["Set-Cookie"]

    assert cookie.startswith("facebook-login=")
    assert "Secure" not in cookie
    assert cookie_of(services.settings) == ("facebook-login", False)


def test_without_an_app_at_meta_only_a_pasted_token_is_offered(
    merchant: Merchant, services: Services, client: FlaskClient
) -> None:
    assert Page(merchant.get("/settings")).all("s-button", data_facebook="begin")
    object.__setattr__(services, "settings", replace(services.settings, meta_config_id=""))

    page = Page(merchant.get("/settings"))

    assert not page.all("s-button", data_facebook="begin")
    assert len(page.all("form", id="connect")) == 1
    assert merchant.post("/facebook/start").status_code == 404
    assert client.get("/facebook/connect").status_code == 404
    assert client.get("/meta/callback").status_code == 404


def test_a_login_can_be_cancelled(merchant: Merchant, services: Services) -> None:
    page = log_in(merchant)
    assert page.all("form", id="facebook-choose")

    after = Page(merchant.go("/facebook/cancel"))

    assert not after.all("form", id="facebook-choose")
    assert count(services, "meta_login") == 0
    assert shop_of(services).connection is None


def test_the_dialog_turns_away_what_is_not_the_apps_own(sandbox: World) -> None:
    answer = requests.get(f"{sandbox.options.own_url}/meta/v26.0/dialog/oauth?client_id=1", timeout=5)

    assert answer.status_code == 400
    assert "Invalid parameter" in answer.text
