"""The stand-in login: codes, tokens and lists as Meta's pages tell of them; Meta's own library reads the lists."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from facebook_business.adobjects.business import Business
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from plugin.meta.graph import GraphClient
from plugin.meta.login import businesses_of
from sandbox.server import running
from sandbox.world import Options, World

BUSINESS = "2000000000000001"
USER = "610000000000001"


@pytest.fixture
def world() -> Iterator[World]:
    with running(Options(port=0, app_url="http://127.0.0.1:1")) as world:
        yield world


def dialog(world: World, **changes: str) -> str:
    app = world.options
    fields = {
        "client_id": app.meta_app_id,
        "config_id": app.meta_config_id,
        "redirect_uri": "http://127.0.0.1:1/meta/callback",
        "response_type": "code",
        "override_default_response_type": "true",
        "state": "s-1",
    } | changes
    return requests.Request("GET", f"{app.own_url}/meta/v26.0/dialog/oauth", params=fields).prepare().url or ""


def code(world: World, **form: str) -> str:
    answer = requests.post(
        dialog(world), data={"answer": "yes", "business": BUSINESS} | form, timeout=5, allow_redirects=False
    )
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == ["s-1"]
    return query["code"][0]


def exchange(world: World, **fields: str) -> requests.Response:
    app = world.options
    wanted = {
        "client_id": app.meta_app_id,
        "client_secret": app.meta_app_secret,
        "redirect_uri": "http://127.0.0.1:1/meta/callback",
    }
    return requests.get(f"{app.own_url}/meta/v26.0/oauth/access_token", params=wanted | fields, timeout=5)


def token(world: World, **form: str) -> str:
    return str(exchange(world, code=code(world, **form)).json()["access_token"])


def ask(world: World, path: str, token: str, method: str = "GET", **query: str) -> Any:
    proof = hmac.new(world.options.meta_app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    url = f"{world.options.own_url}/meta/v26.0/{path}"
    fields = {"access_token": token, "appsecret_proof": proof} | query
    return requests.request(method, url, params=fields, timeout=5).json()


def debug(world: World, token: str) -> Any:
    own = f"{world.options.meta_app_id}|{world.options.meta_app_secret}"
    url = f"{world.options.own_url}/meta/v26.0/debug_token"
    return requests.get(url, params={"input_token": token, "access_token": own}, timeout=5).json()


@pytest.mark.parametrize(
    "changes", [{"client_id": "1"}, {"config_id": ""}, {"redirect_uri": "http://evil.example/"}, {"scope": "ads_read"}]
)
def test_a_dialog_that_is_not_the_apps_own_leads_nowhere(world: World, changes: dict[str, str]) -> None:
    assert requests.get(dialog(world, **changes), timeout=5).status_code == 400
    assert requests.post(dialog(world, **changes), data={"answer": "yes"}, timeout=5).status_code == 400


def test_a_no_comes_back_as_one(world: World) -> None:
    answer = requests.post(dialog(world), data={"answer": "no"}, timeout=5, allow_redirects=False)

    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (query["error"], query["error_reason"], query["state"]) == (["access_denied"], ["user_denied"], ["s-1"])


def test_a_code_is_good_once(world: World) -> None:
    first = code(world)

    assert exchange(world, code=first).json()["token_type"] == "bearer"
    assert exchange(world, code=first).json()["error"]["error_subcode"] == 36009


@pytest.mark.parametrize(
    "fields", [{"client_secret": "x"}, {"client_id": "1"}, {"redirect_uri": "http://127.0.0.1:1/"}, {"code": "x"}]
)
def test_a_code_is_exchanged_for_the_app_alone(world: World, fields: dict[str, str]) -> None:
    assert exchange(world, **{"code": code(world)} | fields).status_code == 400


def test_a_code_is_good_for_ten_minutes(world: World) -> None:
    first = code(world)
    world.clock.offset += 600

    assert exchange(world, code=first).json()["error"]["error_subcode"] == 36007


def test_a_token_tells_what_it_is_good_for(world: World) -> None:
    data = debug(world, token(world))["data"]

    assert (data["is_valid"], data["expires_at"], data["user_id"]) == (True, 0, USER)
    assert {"ads_read", "business_management"} <= set(data["scopes"])


def test_a_token_may_end(world: World) -> None:
    ends = token(world, lasts="60")
    world.clock.offset += 61 * 86_400

    data = debug(world, ends)["data"]

    assert (data["is_valid"], data["error"]["subcode"]) == (False, 463)
    assert ask(world, "me", ends)["error"]["code"] == 190


def test_a_pasted_token_is_not_the_apps_to_inspect(world: World) -> None:
    assert "did not match" in debug(world, "EAAsandboxDefaultToken")["error"]["message"]


def test_the_apps_tokens_ask_for_a_proof(world: World) -> None:
    good = token(world)
    url = f"{world.options.own_url}/meta/v26.0/me?access_token={good}"

    assert "appsecret_proof" in requests.get(url, timeout=5).json()["error"]["message"]
    assert "appsecret_proof" in requests.get(f"{url}&appsecret_proof=00", timeout=5).json()["error"]["message"]
    assert ask(world, "me", good) == {"id": USER, "client_business_id": BUSINESS}


def test_lists_come_in_pages(world: World) -> None:
    good = token(world)

    first = ask(world, f"{BUSINESS}/owned_pixels", good, limit="1")
    second = ask(world, f"{BUSINESS}/owned_pixels", good, limit="1", after=first["paging"]["cursors"]["after"])

    assert [one["id"] for one in first["data"] + second["data"]] == ["1234567890123456", "1234567890123457"]
    assert "next" not in second["paging"]
    assert ask(world, "999/owned_pixels", good)["error"]["code"] == 200


def test_giving_back_ends_every_token_of_the_user(world: World) -> None:
    first, second = token(world), token(world)

    assert ask(world, "me/permissions", first, method="DELETE") == {"success": True}

    assert debug(world, second)["data"]["error"]["subcode"] == 458
    assert ask(world, "me", second)["error"]["error_subcode"] == 458


def test_removing_the_app_tells_the_app(world: World) -> None:
    token(world)
    own = world.options.own_url
    assert requests.get(f"{own}/meta/logins.json", timeout=5).json()["logins"] == [
        {"user_id": USER, "business": "Lantern Trading", "tokens": 1}
    ]

    said = requests.post(f"{own}/meta/logins/remove", json={"user_id": USER}, timeout=20).json()

    assert said == {"tokens": 1, "app_answered": None}  # nobody is at the app's address


@pytest.fixture
def library(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Meta's own library, with a token of the app; returns the token."""
    monkeypatch.setattr(FacebookSession, "GRAPH", f"{world.options.own_url}/meta")
    owned = [{"id": str(5_000_000_000 + n), "name": f"Stall {n:03}"} for n in range(130)]
    world.people.add({"id": BUSINESS, "name": "Market", "owned": owned, "client": [{"id": "6000000000", "name": "G"}]})
    text = token(world)
    FacebookAdsApi.init(world.options.meta_app_id, world.options.meta_app_secret, text, crash_log=False)
    yield text
    FacebookAdsApi.set_default_api(None)


def test_metas_own_library_lists_what_our_client_lists(world: World, library: str) -> None:
    business = Business(BUSINESS)
    theirs = {
        (pixel["id"], pixel["name"])
        for listed in (
            business.get_owned_pixels(fields=["id", "name"], params={"limit": 50}),
            business.get_client_pixels(fields=["id", "name"]),
        )
        for pixel in listed
    }
    graph = GraphClient(f"{world.options.own_url}/meta/v26.0", world.options.meta_app_id, world.options.meta_app_secret)

    (ours,) = businesses_of(graph, library, BUSINESS)

    assert {(dataset.id, dataset.name) for dataset in ours.datasets} == theirs
    assert (len(theirs), ours.name, ours.is_cut) == (131, "Market", False)


def test_it_reads_that_a_login_is_over(world: World, library: str) -> None:
    world.people.remove(USER)

    with pytest.raises(FacebookRequestError) as refused:
        list(Business(BUSINESS).get_owned_pixels(fields=["id"]))

    assert (refused.value.api_error_code(), refused.value.api_error_subcode()) == (190, 458)
