"""Twins of `shopify app doctor`'s checks: those that the running app answers; and what every answer says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from plugin.meta import outgoing
from plugin.services import Services
from plugin.storage.shops import Shop
from tests import doors
from tests.conftest import API_KEY, SECRETS, SHOP, connect, install, settings_from
from tests.contract import test_doors
from tests.edges.test_door import PUBLIC, framed_by
from tests.fuzz.stand import META_SECRET

OTHER = "other.myshopify.com"
CREDENTIALS = ("shpat_test", "shprt_test", "EAAtesttoken", META_SECRET, *SECRETS.split(","))
FRAMED = ("'none'", "https://admin.shopify.com")
ERRORS = (
    ("GET", "/no-such-page"),
    ("PUT", "/settings"),
    ("GET", "/webhooks/orders/paid"),
    ("POST", "/webhooks/compliance"),
)
PROCESS = re.compile(r"<[^>]+>")


@pytest.fixture
def public(flask_app: Flask, shop: Shop) -> Flask:
    """The app as it runs in production by its settings, with a login at Facebook."""
    more = {"META_APP_ID": "555000111", "META_APP_SECRET": META_SECRET, "META_CONFIG_ID": "555000222"}
    object.__setattr__(flask_app.extensions["backstop"], "settings", settings_from(**PUBLIC | more))
    return flask_app


def bearer(shop: str = SHOP) -> dict[str, str]:
    return {"Authorization": f"Bearer {doors.id_token(shop)}"}


def pages(app: Flask, *methods: str) -> Iterator[tuple[str, str]]:
    """Return method and address of what asks for an id token."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and rule.endpoint != "pages.bounce":
            yield from ((method, PROCESS.sub("1", rule.rule)) for method in methods if method in (rule.methods or ()))


def everything(app: Flask) -> Iterator[tuple[str, TestResponse]]:
    """Return every answer of the app by method and address: to staff, to nobody, to what is not there."""
    for name, answer in _asked(app):
        with answer:
            yield name, answer


def _asked(app: Flask) -> Iterator[tuple[str, TestResponse]]:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        path = PROCESS.sub("app.js" if rule.endpoint == "static" else "1", rule.rule)
        for method in sorted(rule.methods or ()):
            yield f"{method} {path} as nobody", client.open(path, method=method)
            if rule.endpoint.startswith("pages."):
                yield f"{method} {path} as staff", client.open(path, method=method, headers=bearer())
    for method, path in ERRORS:
        yield f"{method} {path}", client.open(path, method=method)


def test_credential_browser_leakage(public: Flask) -> None:
    told = {
        name: one
        for name, answer in everything(public)
        for one in CREDENTIALS
        if one in answer.text + str(answer.headers)
    }

    assert told == {}


def test_csrf_missing_protection(public: Flask) -> None:
    """A foreign page can send a cookie, a query, a form and an `Origin`, but no such header."""
    good, client = doors.id_token(), public.test_client()
    client.set_cookie("id_token", good)
    for method, path in pages(public, "POST"):
        headers = {"Origin": "https://evil.example.com"}
        answer = client.open(
            path, method=method, query_string={"id_token": good}, data={"id_token": good}, headers=headers
        )
        assert answer.status_code == 401, path
        assert "Access-Control-Allow-Origin" not in client.options(path, headers=headers).headers


def test_missing_authorization_check(public: Flask) -> None:
    client = public.test_client()
    for method, path in pages(public, "GET", "POST"):
        assert client.open(path, method=method, headers={"Authorization": "Bearer a.b.c"}).status_code == 401, path


def test_missing_embedded_csp(public: Flask) -> None:
    client = public.test_client()
    for method, path in pages(public, "GET", "POST"):
        policy = client.open(path, method=method, headers=bearer()).headers["Content-Security-Policy"]
        assert framed_by(policy) == [f"https://{SHOP}", "https://admin.shopify.com"], path


def test_missing_tenant_isolation(public: Flask, services: Services) -> None:
    """The short form; `test_tenants.py` has it for every address and job."""
    connect(services, install(services, OTHER), "9999999999")

    assert "9999999999" not in public.test_client().get("/settings", headers=bearer()).text
    assert "9999999999" in public.test_client().get("/settings", headers=bearer(OTHER)).text


def test_request_controlled_admin_context(public: Flask, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(services, install(services, OTHER), "9999999999")
    asked: list[str] = []

    def nobody(_method: str, url: str, body: Any, *_: Any, **__: Any) -> outgoing.Answer:
        asked.append(url)
        raise outgoing.NoAnswer("nobody") if body is None else outgoing.NotSent("nobody")

    monkeypatch.setattr(outgoing, "_exchange", nobody)
    named = {"shop": OTHER, "domain": OTHER, "host": "evil.example.com"}
    headers = {"X-Shopify-Shop-Domain": OTHER, "X-Forwarded-Host": OTHER, "Referer": f"https://{OTHER}/"}
    for method, path in pages(public, "POST"):
        public.test_client().open(path, method=method, query_string=named, data=named, headers=headers | bearer())

    assert asked
    assert [url for url in asked if OTHER in url or "evil" in url] == []


def test_request_derived_shop_scope(public: Flask, services: Services) -> None:
    connect(services, install(services, OTHER), "9999999999")
    headers = {"X-Shopify-Shop-Domain": OTHER} | bearer()

    answer = public.test_client().get("/settings", query_string={"shop": OTHER}, headers=headers)

    assert "1234567890123456" in answer.text
    assert "9999999999" not in answer.text


def test_static_frame_ancestors(public: Flask, services: Services) -> None:
    install(services, OTHER)
    client = public.test_client()
    policies = [client.get("/", headers=bearer(shop)).headers["Content-Security-Policy"] for shop in (SHOP, OTHER)]

    assert [framed_by(policy)[0] for policy in policies] == [f"https://{SHOP}", f"https://{OTHER}"]


def test_unauthenticated_endpoint(public: Flask) -> None:
    test_doors.test_without_token_or_signature_nothing_opens(public.test_client(), public)
    test_doors.test_the_list_of_open_doors_is_exact(public)


def test_unscoped_shop_config_write(public: Flask, services: Services) -> None:
    other = connect(services, install(services, OTHER), "9999999999")
    before = rows_of(services, other)
    fields = {"shop": OTHER, "shop_id": str(other.id), "grace_minutes": "60", "content_ids": "product", "on": "1"}
    for method, path in pages(public, "POST"):
        public.test_client().open(path, method=method, query_string={"shop": OTHER}, data=fields, headers=bearer())

    assert rows_of(services, other) == before


def rows_of(services: Services, shop: Shop) -> Sequence[Mapping[str, Any]]:
    with services.database.transaction() as conn:
        found = conn.execute("SELECT * FROM shop_policy WHERE shop_id = %s", (shop.id,)).fetchall()
        return found + conn.execute("SELECT * FROM shop WHERE id = %s", (shop.id,)).fetchall()


def directives(answer: TestResponse) -> dict[str, str]:
    parts = answer.headers.get("Content-Security-Policy", "").split("; ")
    return {name: rest for name, _, rest in (part.partition(" ") for part in parts) if name}


def test_every_answer_says_what_a_browser_may_do_with_it(public: Flask) -> None:
    """Sniff nothing; run no script that is not a file of ours or Shopify's; be framed by the admin or nobody."""
    faults, seen = [], 0
    for name, answer in everything(public):
        found, seen = directives(answer), seen + 1
        framers = found.get("frame-ancestors", "*").split()
        scripts = found.get("script-src", found.get("default-src", "*"))
        sound = {
            "nosniff": answer.headers.get("X-Content-Type-Options") == "nosniff",
            "scripts": "unsafe" not in scripts and "*" not in scripts and "http:" not in scripts,
            "objects": found.get("object-src", found.get("default-src")) == "'none'",
            "base": found.get("base-uri") == "'none'",
            "frames": all(one in FRAMED or one == f"https://{SHOP}" for one in framers),
            "no server's name": answer.headers.get("X-Powered-By", answer.headers.get("Server", "")) == "",
            "no cookie": "Set-Cookie" not in answer.headers or "/facebook/" in name,
            "no other origin": answer.headers.get("Access-Control-Allow-Origin") is None or "/pixel/" in name,
        }
        faults += [f"{name}: {what}" for what, is_so in sound.items() if not is_so]

    assert faults == []
    assert seen > 110


def test_what_is_somebodys_own_is_kept_in_no_cache(public: Flask) -> None:
    for name, answer in everything(public):
        if name.startswith("GET") and (name.endswith("as staff") or "/meta/" in name or "/facebook/" in name):
            assert "no-store" in answer.headers.get("Cache-Control", ""), name


def test_the_settings_of_the_public_app_name_the_real_hosts(public: Flask) -> None:
    settings = public.extensions["backstop"].settings

    assert settings.api_key == API_KEY
    assert settings.graph_url.startswith("https://graph.facebook.com/")
    assert settings.admin_url_template == "https://{shop}/admin"
