from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.services import Services
from sandbox.browser.meta_dialog import signed_request
from sandbox.meta_people import FIRST
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges import logins, visits
from tests.edges.ledger_view import buy, ended, policy_changes, row, switch_on, tell, work
from tests.edges.logins import OTHER_SHOP, OUTLET, USER, connect, count, log_in, row_of
from tests.edges.visits import Merchant, Page, minted, shop_of

BOTH = ("/meta/deauthorize", "/meta/data-deletion")


@pytest.fixture
def sandbox() -> Iterator[World]:
    with logins.sandbox() as world:
        visits.add_shop(world, OTHER_SHOP)
        yield world


def told(
    client: FlaskClient, world: World, path: str, user: str = USER, at: datetime | None = None, secret: str = ""
) -> TestResponse:
    """Tell the app something about a user, as Meta does."""
    issued_at = round((at or world.clock.now()).timestamp())
    said: dict[str, Any] = {"algorithm": "HMAC-SHA256", "issued_at": issued_at, "user_id": user}
    text = signed_request(said, secret or world.options.meta_app_secret)
    return client.post(path, data={"signed_request": text})


@pytest.fixture
def waiting(merchant: Merchant, services: Services, clock: MovedClock) -> Merchant:
    """Connected by login, tracking on, with one order in its grace period."""
    connect(merchant)
    shop = shop_of(services)
    switch_on(services, shop)
    tell(merchant.client, shop, clock)
    buy(merchant.client, clock, processed_at=clock.now().isoformat())
    assert row(services)["sealed_event"] is not None
    return merchant


def test_an_app_removed_at_facebook_is_disconnected(
    waiting: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    assert told(waiting.client, sandbox, "/meta/deauthorize").status_code == 200

    kept = row_of(services, "meta_connection")
    assert kept["until_at"] is not None
    assert (kept["token"], kept["meta_user_hash"], kept["business"]) == (None, None, None)
    shop = shop_of(services)
    assert (shop.connection, shop.policy.tracking_on) == (None, False)
    work(services)
    assert row(services)["sealed_event"] is None
    clock.pass_by(minutes=31)
    work(services)
    assert ended(services) == ("missed", "not_connected")
    assert sandbox.meta.events_json() == []
    off = policy_changes(services, shop)[0]
    assert (off["what"], off["new"], off["user_id"], off["place"]) == ("offline_tracking", "off", "", "facebook")


def test_both_pages_say_why_and_lead_on(waiting: Merchant, sandbox: World) -> None:
    told(waiting.client, sandbox, "/meta/deauthorize")

    for path in ("/", "/settings"):
        page = Page(waiting.get(path))
        assert len(page.all("s-banner", data_ended="removed_at_facebook")) == 1
    assert "Connect again" in waiting.get("/").text
    connect(waiting)
    assert not Page(waiting.get("/")).all("s-banner", data_ended="removed_at_facebook")


def test_a_login_under_way_ends_too(merchant: Merchant, services: Services, sandbox: World) -> None:
    log_in(merchant)

    assert told(merchant.client, sandbox, "/meta/deauthorize").status_code == 200

    assert count(services, "meta_login") == 0


def test_every_shop_of_the_user_is_meant_and_no_other(
    flask_app: Flask, merchant: Merchant, services: Services, sandbox: World
) -> None:
    sandbox.people.add(
        {"id": "2000000000000009", "name": "Somebody else", "owned": [{"id": "7000000001", "name": "Theirs"}]}
    )
    connect(merchant)
    other = Merchant(flask_app.test_client(), OTHER_SHOP, tokens=[minted(sandbox, OTHER_SHOP)])
    other.load()
    connect(other, "7000000001", business="2000000000000009")

    told(merchant.client, sandbox, "/meta/deauthorize")

    assert shop_of(services).connection is None
    left = visits.stored(services, OTHER_SHOP)
    assert left is not None
    assert left.connection is not None


def test_told_twice_or_late_it_does_not_undo_a_new_connection(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    first = sandbox.clock.now()
    assert told(merchant.client, sandbox, "/meta/deauthorize", at=first).status_code == 200
    sandbox.clock.offset += 600
    clock.pass_by(minutes=10)
    connect(merchant)

    assert told(merchant.client, sandbox, "/meta/deauthorize", at=first).status_code == 200

    assert shop_of(services).connection is not None


def test_a_pasted_connection_is_nobodys_login(merchant: Merchant, services: Services, sandbox: World) -> None:
    visits.connect(merchant)

    assert told(merchant.client, sandbox, "/meta/deauthorize").status_code == 200

    assert shop_of(services).connection is not None


def test_a_users_data_is_deleted_and_a_page_says_so(
    waiting: Merchant, services: Services, sandbox: World, client: FlaskClient
) -> None:
    answer = told(client, sandbox, "/meta/data-deletion")

    said = answer.json or {}
    assert answer.status_code == 200
    assert set(said) == {"url", "confirmation_code"}
    assert said["url"] == f"{logins.APP}/meta/data-deletion/{said['confirmation_code']}"
    assert shop_of(services).connection is None
    assert row_of(services, "meta_deletion")["done_at"] is not None
    page = client.get(urlsplit(said["url"]).path)
    assert page.status_code == 200
    assert "was deleted on 24 November 2026" in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_neither_user_nor_business_is_found_in_the_database_afterwards(
    merchant: Merchant, services: Services, sandbox: World, client: FlaskClient
) -> None:
    connect(merchant)
    (grant,) = sandbox.people.grants.values()
    told(client, sandbox, "/meta/data-deletion")

    with services.database.transaction() as conn:
        tables = [r["tablename"] for r in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        dump = "".join(
            str(line["x"])
            for table in tables
            for line in conn.execute(f"SELECT t::text AS x FROM {table} t")  # noqa: S608 - of the tests
        )
    assert USER not in dump
    assert FIRST.id not in dump
    assert grant.token not in dump


def test_a_user_who_is_not_known_gets_a_code_and_nothing_is_written(
    merchant: Merchant, services: Services, sandbox: World, client: FlaskClient
) -> None:
    connect(merchant)

    said = told(client, sandbox, "/meta/data-deletion", user="555").json or {}

    assert "Nothing is stored about you" in client.get(urlsplit(said["url"]).path).text
    assert count(services, "meta_deletion") == 0
    assert shop_of(services).connection is not None


@pytest.mark.parametrize("code", ["x", "0" * 64, "ä", "a" * 500])
def test_a_code_that_was_not_given_out_is_told_nothing(client: FlaskClient, sandbox: World, code: str) -> None:
    answer = client.get(f"/meta/data-deletion/{code}")

    assert answer.status_code == 404
    assert "Nothing is stored" not in answer.text


@pytest.mark.parametrize("path", BOTH)
def test_what_meta_has_not_signed_changes_nothing(
    merchant: Merchant, services: Services, sandbox: World, client: FlaskClient, path: str
) -> None:
    connect(merchant)

    assert told(client, sandbox, path, secret="guessed").status_code == 401
    assert client.post(path).status_code == 400
    assert client.post(path, data={"signed_request": "a.b"}).status_code in {400, 401}
    assert client.post(path, data={"signed_request": "a" * 20_000}).status_code == 413

    assert shop_of(services).connection is not None
    assert count(services, "meta_deletion") == 0


@pytest.mark.parametrize("path", BOTH)
def test_without_an_app_at_meta_there_are_no_such_doors(
    merchant: Merchant, services: Services, sandbox: World, client: FlaskClient, path: str
) -> None:
    object.__setattr__(services, "settings", replace(services.settings, meta_app_secret=""))

    assert told(client, sandbox, path).status_code == 404
    assert client.get("/meta/data-deletion/" + "0" * 64).status_code == 404


def test_a_deletion_meets_a_connection_however_young_it_is(
    merchant: Merchant, services: Services, sandbox: World, client: FlaskClient
) -> None:
    connect(merchant, OUTLET)

    told(client, sandbox, "/meta/data-deletion", at=sandbox.clock.now() - timedelta(hours=1))

    assert shop_of(services).connection is None
