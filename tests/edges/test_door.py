from __future__ import annotations

import time
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage.database import Database
from plugin.storage.shops import Shop
from tests import doors
from tests.conftest import SECRETS, SHOP, connect, install, settings_from
from tests.edges.visits import Merchant, Page

RETRY = "X-Shopify-Retry-Invalid-Session-Request"
OTHER = "other.myshopify.com"
PAGES = ("/", "/settings", "/orders", "/orders/5001", "/switch-log")
STEPS = ("/settings", "/connect", "/disconnect", "/place-pixel", "/offline-tracking")
BAD_TOKENS = {
    "none": "",
    "not a token": "hello",
    "another secret": doors.id_token(secret="wrong-secret-of-another-app-000000"),
    "another app": doors.id_token(aud="another-app"),
    "no end": doors.id_token(exp=None),
    "over": doors.id_token(exp=int(time.time()) - 11, nbf=int(time.time()) - 80),
    "another issuer": doors.id_token(iss="https://other.myshopify.com/admin"),
    "no shop of Shopify's": doors.id_token("evil.example.com"),
    "no user": doors.id_token(sub=""),
}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def reload_of(location: str) -> str:
    return parse_qs(urlsplit(location).query)["shopify-reload"][0]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_with_the_id_token_in_its_address_or_as_a_bearer(
    client: FlaskClient, shop: Shop, path: str
) -> None:
    wanted = 404 if path.startswith("/orders/") else 200

    assert Merchant(client).load(path).status_code == wanted
    assert Merchant(client).get(path).status_code == wanted


@pytest.mark.parametrize("secret", SECRETS.split(","))
def test_a_token_of_any_secret_in_use_opens(client: FlaskClient, shop: Shop, secret: str) -> None:
    assert client.get("/", headers=bearer(doors.id_token(secret=secret))).status_code == 200


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_a_page_loaded_without_a_good_token_goes_by_the_bounce_page(client: FlaskClient, shop: Shop, name: str) -> None:
    answer = client.get("/orders", query_string={"outcome": "missed", "id_token": BAD_TOKENS[name], "hmac": "00"})

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/bounce?shopify-reload=")
    assert reload_of(answer.headers["Location"]) == "/orders?outcome=missed"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_a_fetch_without_a_good_token_is_asked_to_try_again(client: FlaskClient, shop: Shop, name: str) -> None:
    answer = client.get("/", headers=bearer(BAD_TOKENS[name]), query_string={"id_token": doors.id_token()})

    assert (answer.status_code, answer.headers[RETRY]) == (401, "1")
    assert answer.mimetype == "text/plain"


@pytest.mark.parametrize("scheme", ["bearer ", "Basic ", "Token ", ""])
def test_only_a_bearer_counts(client: FlaskClient, shop: Shop, scheme: str) -> None:
    assert client.get("/", headers={"Authorization": scheme + doors.id_token()}).status_code == 401


@pytest.mark.parametrize("path", STEPS)
def test_a_step_takes_a_bearer_and_nothing_else(client: FlaskClient, shop: Shop, path: str) -> None:
    good = doors.id_token()

    for answer in (
        client.post(path),
        client.post(path, query_string={"id_token": good}),
        client.post(path, data={"id_token": good}),
        client.post(path, headers={"Cookie": f"id_token={good}"}),
        client.post(path, headers=bearer("x")),
    ):
        assert (answer.status_code, answer.headers[RETRY]) == (401, "1")


def test_the_token_alone_names_the_shop(client: FlaskClient, services: Services, shop: Shop) -> None:
    connect(services, install(services, OTHER), "9999999999")
    asked = {"shop": OTHER, "host": "b3RoZXI", "id_token": doors.id_token(OTHER)}

    answer = client.get("/settings", query_string=asked, headers=bearer(doors.id_token()))

    assert "1234567890123456" in answer.text
    assert "9999999999" not in answer.text


def test_the_bounce_page_loads_app_bridge_alone(client: FlaskClient, settings: Settings) -> None:
    answer = client.get("/bounce?shopify-reload=%2Forders%3Foutcome%3Dmissed&shop=" + SHOP)

    scripts = Page(answer).all("script")
    assert answer.status_code == 200
    assert [script["src"] for script in scripts] == [settings.app_bridge_js_url]
    assert Page(answer).one("meta", name="shopify-api-key")["content"] == settings.api_key


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "/\\evil.example.com/",
        "/\t/evil.example.com/",
        "\\\\evil.example.com",
        " /orders",
        "orders",
        "javascript:alert(1)",
        "/bounce?shopify-reload=/",
        "/orders\u200b",
        "",
    ],
)
def test_the_bounce_page_leads_to_our_own_pages_only(client: FlaskClient, path: str) -> None:
    answer = client.get("/bounce", query_string={"shopify-reload": path})

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/bounce?shopify-reload=%2F"


def test_a_second_reload_address_does_not_count(client: FlaskClient) -> None:
    answer = client.get("/bounce?shopify-reload=%2F&shopify-reload=https%3A%2F%2Fevil.example.com")

    assert answer.headers["Location"] == "/bounce?shopify-reload=%2F"


def framed_by(policy: str) -> list[str]:
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    return directives["frame-ancestors"].split()


PUBLIC = {
    "BACKSTOP_URL": "https://app.example.com",
    "DATABASE_URL": "postgresql://db.example.com/backstop",
    "META_GRAPH_URL": "",
    "SHOPIFY_ADMIN_URL_TEMPLATE": "",
}


def made_public(app: Flask) -> None:
    object.__setattr__(app.extensions["backstop"], "settings", settings_from(**PUBLIC))


def test_a_page_is_framed_by_its_shops_admin_alone(client: FlaskClient, flask_app: Flask, shop: Shop) -> None:
    made_public(flask_app)

    answer = Merchant(client).get("/?shop=evil.myshopify.com")

    assert framed_by(answer.headers["Content-Security-Policy"]) == [f"https://{SHOP}", "https://admin.shopify.com"]
    assert "https://cdn.shopify.com" in answer.headers["Content-Security-Policy"]
    assert "localhost" not in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_guarded(client: FlaskClient, shop: Shop, path: str) -> None:
    headers = Merchant(client).get(path).headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "script-src 'self' https://cdn.shopify.com;" in headers["Content-Security-Policy"]
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    ("asked", "framers"),
    [
        ({}, ["https://admin.shopify.com"]),
        ({"shop": SHOP}, [f"https://{SHOP}", "https://admin.shopify.com"]),
        ({"shop": "evil.example.com"}, ["https://admin.shopify.com"]),
        ({"shop": f"{SHOP}; script-src *"}, ["https://admin.shopify.com"]),
    ],
)
def test_the_bounce_page_is_framed_by_shopify_and_a_shop_of_its_own(
    client: FlaskClient, flask_app: Flask, asked: dict[str, str], framers: list[str]
) -> None:
    made_public(flask_app)

    answer = client.get("/bounce", query_string={"shopify-reload": "/"} | asked)

    assert framed_by(answer.headers["Content-Security-Policy"]) == framers


def test_on_this_machine_the_stand_ins_sites_may_frame_and_serve_scripts(
    client: FlaskClient, flask_app: Flask, shop: Shop
) -> None:
    stand_in = "http://admin.localhost:9401"
    local = settings_from(
        APP_BRIDGE_JS_URL=f"{stand_in}/admin/js/app-bridge.js", POLARIS_JS_URL=f"{stand_in}/admin/js/polaris.js"
    )
    object.__setattr__(flask_app.extensions["backstop"], "settings", local)

    policy = Merchant(client).load().headers["Content-Security-Policy"]

    assert framed_by(policy)[2:] == [stand_in, "http://*.localhost:*"]
    assert f"script-src 'self' {stand_in};" in policy


def test_a_form_larger_than_any_of_ours_is_refused(client: FlaskClient, shop: Shop) -> None:
    answer = Merchant(client).post("/connect", dataset="1", token="x" * 70_000)

    assert answer.status_code == 413
    assert "Nothing was changed" in answer.text


def test_the_apps_files_are_kept_by_version(client: FlaskClient, shop: Shop) -> None:
    script = Page(Merchant(client).load()).all("script")[-1]["src"]

    assert script.startswith("/static/app.js?v=")
    with client.get(script) as versioned:
        assert versioned.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert versioned.headers["X-Content-Type-Options"] == "nosniff"
    for other in ("/static/app.js", "/static/app.js?v=old"):
        with client.get(other) as answer:
            assert "immutable" not in answer.headers["Cache-Control"]
    assert client.get("/static/none.js?v=").status_code == 404


def test_without_its_database_a_page_says_so(settings: Settings) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    app = create_app(settings, nowhere)
    app.extensions["backstop"].database.close()
    with closing(Database(nowhere, patience=0.2)) as away:
        object.__setattr__(app.extensions["backstop"], "database", away)

        answer = Merchant(app.test_client()).get("/")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "data-stopped" in Page(answer).page.attributes
    assert f"https://{SHOP}" in answer.headers["Content-Security-Policy"]
