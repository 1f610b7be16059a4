"""The sandbox's sites for browsers, over plain HTTP; what needs a browser is in the story test."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from tests.sandbox.conftest import DATASET, KEY, SECRET, SHOP, Door, Sandbox, purchase
from tests.sandbox.site_visitor import Site, bought, place_pixel

NAME = "lantern"
AGREED = {"tracked": {"pixel_delivered": 2}}


@pytest.fixture
def admin(sandbox: Sandbox) -> Site:
    return Site(sandbox, "admin")


@pytest.fixture
def store(sandbox: Sandbox) -> Site:
    return Site(sandbox, "store")


# --- Routing


@pytest.mark.parametrize(
    ("site", "path"), [("admin", f"/store/{NAME}"), ("store", "/"), ("store", "/products/oak-tray"), ("meta", "/")]
)
def test_each_site_has_its_pages_and_each_page_says_that_it_is_for_tests(
    sandbox: Sandbox, site: str, path: str
) -> None:
    page = Site(sandbox, site).page(path)

    assert "TEST USE ONLY" in page
    assert '<html lang="en">' in page


def test_programs_keep_their_paths(sandbox: Sandbox) -> None:
    assert sandbox.get("/health")["ok"]
    assert "TEST USE ONLY" in requests.get(f"{sandbox.url}/", timeout=10).text


def test_the_front_of_the_admin_leads_to_a_shop(admin: Site) -> None:
    assert admin.go("GET", "/") == f"/store/{NAME}"


def test_the_pixels_requests_to_meta_are_taken_on_metas_own_host(sandbox: Sandbox) -> None:
    answer = Site(sandbox, "meta").ask("GET", f"/tr/?id={DATASET}&ev=PageView&eid=pageview.1")

    assert answer.headers["Content-Type"] == "image/gif"
    assert [event["source"] for event in sandbox.received()] == ["browser"]


def test_the_sites_own_pages_are_no_history_but_the_pixels_requests_are(sandbox: Sandbox) -> None:
    Site(sandbox, "admin").page(f"/store/{NAME}")
    Site(sandbox, "meta").ask("GET", f"/tr/?id={DATASET}&ev=PageView")

    told = [(entry["who"], entry["path"]) for entry in sandbox.get("/history.json")["requests"]]
    assert told == [("browser", "/meta/tr/")]


@pytest.mark.parametrize("origin", [None, "null", "http://store.localhost:1", "https://foreign.example.com"])
def test_no_other_site_can_press_the_admins_buttons(admin: Site, origin: str | None) -> None:
    answer = admin.ask("POST", f"/api/{NAME}/install", origin=origin)

    assert answer.status_code == 403
    assert not admin.json("GET", f"/api/{NAME}/state.json")["installed"]


# --- Stand-ins


@pytest.mark.parametrize("script", ["app-bridge.js", "polaris.js"])
def test_a_stand_in_is_one_script_that_any_site_may_load(sandbox: Sandbox, script: str) -> None:
    answer = requests.get(f"{sandbox.url}/browser/{script}", timeout=10)

    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.text.startswith("(() => {")
    assert answer.text.rstrip().endswith("})();")
    assert re.search(r"^(import|export) ", answer.text, re.MULTILINE) is None


@pytest.mark.parametrize("path", ["polaris.css", "pixel/runtime.js", "pixel/shopify.extension.toml", "store/store.js"])
def test_what_the_stand_ins_need_is_served_beside_them(sandbox: Sandbox, path: str) -> None:
    assert requests.get(f"{sandbox.url}/browser/{path}", timeout=10).status_code == 200


@pytest.mark.parametrize("path", ["templates/admin.html", "pixel/package.json", "admin/../sites.py", "browser/x.js"])
def test_nothing_else_is_served(sandbox: Sandbox, path: str) -> None:
    session = requests.Session()
    wanted = requests.Request("GET", f"{sandbox.url}/browser/x").prepare()
    wanted.url = f"{sandbox.url}/browser/{path}"  # as it stands, dots and all

    assert session.send(wanted, timeout=10).status_code == 404


# --- The admin


def test_the_demos_shop_is_there_without_the_app_until_it_is_installed(admin: Site) -> None:
    assert not admin.json("GET", f"/api/{NAME}/state.json")["installed"]
    assert admin.ask("POST", f"/api/{NAME}/id-token").status_code == 409

    assert admin.json("POST", f"/api/{NAME}/install")["installed"]


def test_the_app_is_loaded_as_shopify_does_it(admin: Site, door: Door) -> None:
    admin.json("POST", f"/api/{NAME}/install")

    url = admin.json("POST", f"/api/{NAME}/frame", {"path": "/orders?outcome=missed", "locale": "de"})["url"]

    query = {key: texts[0] for key, texts in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{door.url}/orders?outcome=missed&")
    assert query["embedded"] == "1"
    assert query["locale"] == "de"
    assert query["shop"] == SHOP
    assert {"hmac", "host", "session", "timestamp"} <= query.keys()
    claims = jwt.decode(query["id_token"], SECRET, algorithms=["HS256"], audience=KEY)
    assert claims["dest"] == f"https://{SHOP}"
    assert claims["exp"] - claims["iat"] == 60


def test_an_id_token_is_dated_by_the_real_clock_and_never_the_same_twice(admin: Site, sandbox: Sandbox) -> None:
    admin.json("POST", f"/api/{NAME}/install")
    sandbox.advance(hours=5)

    tokens = [admin.json("POST", f"/api/{NAME}/id-token")["id_token"] for _ in range(2)]

    assert tokens[0] != tokens[1]
    assert jwt.decode(tokens[0], SECRET, algorithms=["HS256"], audience=KEY)["sub"] == "42"


@pytest.mark.parametrize("path", ["//foreign.example.com/", "orders", "https://foreign.example.com/"])
def test_the_frame_shows_paths_of_the_app_only(admin: Site, path: str) -> None:
    admin.json("POST", f"/api/{NAME}/install")

    assert admin.ask("POST", f"/api/{NAME}/frame", json={"path": path}).status_code == 400


def test_uninstalling_tells_the_app(admin: Site, door: Door) -> None:
    admin.json("POST", f"/api/{NAME}/install")

    admin.json("POST", f"/api/{NAME}/uninstall")

    assert len(door.at("/webhooks/app/uninstalled")) == 1


def test_the_clock_and_the_troubles_are_everybodys(admin: Site, sandbox: Sandbox) -> None:
    admin.json("POST", "/api/clock", {"advance_seconds": 1860})
    assert admin.json("POST", "/api/faults", {"name": "meta_500", "on": True})["faults"] == ["meta_500"]

    assert sandbox.get("/clock")["offset_seconds"] == 1860
    sandbox.send(purchase(), status=500)
    assert admin.json("POST", "/api/faults", {"name": "meta_500", "on": False})["faults"] == []


# --- The Events Manager


def test_the_events_manager_shows_the_newest_first_and_which_copy_was_dropped(sandbox: Sandbox) -> None:
    meta = Site(sandbox, "meta")
    meta.ask("GET", f"/tr/?id={DATASET}&ev=Purchase&eid=purchase.1001&cd[value]=12.5&cd[currency]=EUR&fbp=fb.1.1.1")
    sandbox.send(purchase(1001))

    shown = meta.json("GET", "/events.json")

    server, browser = shown["events"]
    assert (server["source"], server["copy_of"]) == ("server", browser["n"])
    assert (browser["source"], browser["copy_of"], browser["value"]) == ("browser", None, "12.5")
    assert (server["person"], browser["person"]) == (["client_user_agent", "em"], ["fbp"])
    assert [told["result"] for told in shown["requests"]] == ["accepted"]
    assert "a" * 64 not in json.dumps(shown)


# --- The guide


def done(admin: Site) -> list[str]:
    steps = admin.json("GET", f"/api/{NAME}/state.json")["guide"]["steps"]
    return [step["step"] for step in steps if step["done"]]


def test_the_guide_ticks_what_has_happened(admin: Site, store: Site, sandbox: Sandbox, door: Door) -> None:
    admin.json("POST", f"/api/{NAME}/install")
    assert done(admin) == []
    place_pixel(sandbox, f"{door.url}/pixel/evidence")
    assert done(admin) == ["install", "connect"]

    bought(store)
    order = door.at("/webhooks/orders/paid")[0].json()["id"]
    Site(sandbox, "meta").ask("GET", f"/tr/?id={DATASET}&ev=Purchase&eid=purchase.{order}")

    assert done(admin) == ["install", "connect", "buy_tracked"]


def test_a_copy_that_meta_drops_is_no_recovered_order(admin: Site, store: Site, sandbox: Sandbox, door: Door) -> None:
    admin.json("POST", f"/api/{NAME}/install")
    bought(store)
    order = door.at("/webhooks/orders/paid")[0].json()["id"]
    Site(sandbox, "meta").ask("GET", f"/tr/?id={DATASET}&ev=Purchase&eid=purchase.{order}")
    sandbox.send(purchase(order))

    assert "recover" not in done(admin)


def test_what_only_the_ledger_knows_is_reported_and_stays_done(admin: Site, sandbox: Sandbox, shop: str) -> None:
    counts = {"missed": {"tracking_off": 1}, "withheld": {"consent_unknown": 1}, "ignored": {"test_order": 4}}

    sandbox.post("/guide.json", {"shop": shop, "counts": counts})
    assert done(admin) == ["buy_missed", "withheld"]
    sandbox.post("/guide.json", {"shop": shop, "counts": AGREED})

    assert done(admin) == ["buy_tracked", "buy_missed", "withheld"]
    assert sandbox.get("/guide.json")["counts"] == AGREED


def test_a_shop_made_anew_begins_the_guide_anew(admin: Site, sandbox: Sandbox, shop: str) -> None:
    sandbox.post("/guide.json", {"shop": shop, "counts": AGREED})

    sandbox.post("/reset")

    assert done(admin) == []


@pytest.mark.parametrize("counts", [None, [], {"missed": 3}, {"missed": {"tracking_off": "many"}}])
def test_counts_that_are_none_are_refused(sandbox: Sandbox, shop: str, counts: Any) -> None:
    sandbox.post("/guide.json", {"shop": shop, "counts": counts}, status=400)
