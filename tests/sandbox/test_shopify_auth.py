"""Shopify's own Python library judges the stand-in's id tokens and tokens; the token endpoint is held to its rules."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import requests
from jwt.types import Options
from shopify_app import ShopifyApp
from shopify_app.types import RequestInput

from tests.sandbox.conftest import KEY, SECRET, SHOP, Sandbox

pytestmark = pytest.mark.usefixtures("shop")


@pytest.fixture
def oracle() -> ShopifyApp:
    return ShopifyApp(client_id=KEY, client_secret=SECRET)


def page(url: str, **headers: str) -> RequestInput:
    return {"method": "GET", "headers": headers, "url": url, "body": ""}


def test_its_id_token_convinces_shopifys_library(sandbox: Sandbox, oracle: ShopifyApp) -> None:
    token = sandbox.post(f"/admin/{SHOP}/id-token", {"sub": "42"})["id_token"]

    judged = oracle.verify_app_home_req(
        page("https://app.example/", authorization=f"Bearer {token}"), app_home_patch_id_token_path="/bounce"
    )

    assert judged.ok, judged.log
    assert judged.shop == "lantern"
    assert judged.user_id == "42"


def test_the_query_of_a_page_convinces_it_too(sandbox: Sandbox, oracle: ShopifyApp) -> None:
    query = sandbox.post(f"/admin/{SHOP}/id-token")["query"]

    judged = oracle.verify_app_home_req(page(f"https://app.example/?{query}"), app_home_patch_id_token_path="/bounce")

    assert judged.ok, judged.log
    assert parse_qs(query)["embedded"] == ["1"]


def test_an_id_token_lives_a_minute(sandbox: Sandbox) -> None:
    token = sandbox.post(f"/admin/{SHOP}/id-token", {"sub": "7"})["id_token"]
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience=KEY)

    assert (claims["iss"], claims["dest"]) == (f"https://{SHOP}/admin", f"https://{SHOP}")
    assert claims["exp"] - claims["iat"] == 60
    assert {"sub", "nbf", "jti", "sid"} <= claims.keys()

    sandbox.advance(seconds=61)
    assert sandbox.exchange({"subject_token": token}, status=400)["error"] == "invalid_subject_token"


def test_an_id_token_may_be_dated_by_the_real_clock(sandbox: Sandbox) -> None:
    sandbox.advance(hours=30)
    moved = sandbox.post(f"/admin/{SHOP}/id-token")["id_token"]
    real = sandbox.post(f"/admin/{SHOP}/id-token", {"real_time": True})["id_token"]

    loose: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
    dates = [jwt.decode(token, SECRET, algorithms=["HS256"], options=loose)["iat"] for token in (moved, real)]

    assert dates[0] - dates[1] == pytest.approx(30 * 3600, abs=5)
    assert dates[1] == pytest.approx(time.time(), abs=5)
    assert sandbox.exchange({"subject_token": real})["expires_in"] == 3600


def test_an_exchange_gives_an_expiring_pair(sandbox: Sandbox) -> None:
    pair = sandbox.tokens()

    assert pair["access_token"].startswith("shpat_")
    assert pair["refresh_token"].startswith("shprt_")
    assert (pair["expires_in"], pair["refresh_token_expires_in"]) == (3600, 7_776_000)
    assert set(pair["scope"].split(",")) == {"read_orders", "write_pixels", "read_customer_events"}


def test_the_endpoint_takes_forms_too(sandbox: Sandbox) -> None:
    refresh = sandbox.tokens()["refresh_token"]
    fields = {"client_id": KEY, "client_secret": SECRET, "grant_type": "refresh_token", "refresh_token": refresh}

    answer = requests.post(f"{sandbox.url}/admin/{SHOP}/oauth/access_token", data=fields, timeout=10)

    assert answer.json()["refresh_token"] != refresh


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({"client_secret": "another"}, 401, "invalid_client"),
        ({"client_id": "another"}, 401, "invalid_client"),
        ({"subject_token": "no.jwt.atall"}, 400, "invalid_subject_token"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"expiring": "0"}, 400, "invalid_request"),
    ],
)
def test_a_wrong_exchange_is_refused(sandbox: Sandbox, changes: dict[str, str], status: int, word: str) -> None:
    token = sandbox.post(f"/admin/{SHOP}/id-token")["id_token"]

    assert sandbox.exchange({"subject_token": token} | changes, status=status)["error"] == word


def test_another_shops_id_token_is_refused(sandbox: Sandbox) -> None:
    sandbox.post("/admin/shops", {"shop": "other.myshopify.com"})
    token = sandbox.post("/admin/other.myshopify.com/id-token")["id_token"]

    assert sandbox.exchange({"subject_token": token}, status=400)["error"] == "invalid_subject_token"


def test_a_refresh_token_is_good_until_its_replacement_is_used(sandbox: Sandbox) -> None:
    first = sandbox.tokens()

    second = refreshed(sandbox, first)
    third = refreshed(sandbox, first)  # the answer with the second got lost: the first still works
    sandbox.admin(third["access_token"], "{ shop { id } }")

    assert second["refresh_token"] != third["refresh_token"]
    assert refreshed(sandbox, first, status=400)["error"] == "invalid_grant"
    assert refreshed(sandbox, third)["access_token"]


def test_tokens_grow_old_by_the_clock_of_the_sandbox(sandbox: Sandbox) -> None:
    pair = sandbox.tokens()

    sandbox.advance(minutes=61)
    sandbox.admin(pair["access_token"], "{ shop { id } }", status=401)
    younger = refreshed(sandbox, pair)
    sandbox.admin(younger["access_token"], "{ shop { id } }")
    sandbox.advance(hours=24 * 91)

    assert refreshed(sandbox, younger, status=400)["error"] == "invalid_grant"


def test_the_endpoint_can_fail_and_can_lose_its_answer(sandbox: Sandbox) -> None:
    token = sandbox.post(f"/admin/{SHOP}/id-token")["id_token"]
    sandbox.fault("token_500", count=1)
    sandbox.exchange({"subject_token": token}, status=500)

    sandbox.fault("token_lost", count=1)
    with pytest.raises(requests.ConnectionError):
        sandbox.exchange({"subject_token": token})

    assert sandbox.get(f"/admin/{SHOP}/state.json")["token_exchanges"] == 1


def refreshed(sandbox: Sandbox, pair: dict[str, Any], *, status: int = 200) -> Any:
    return sandbox.exchange({"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}, status=status)
