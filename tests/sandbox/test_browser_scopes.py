"""The admin's side of App Bridge's scopes, over plain HTTP: only optional scopes move, and the app is told."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.conftest import Door, Sandbox
from tests.sandbox.site_visitor import Site

PATH = "/api/lantern/scopes"
OPTIONAL = "read_customers"


@pytest.fixture
def admin(sandbox: Sandbox, shop: str) -> Site:
    assert shop
    return Site(sandbox, "admin")


def test_the_page_knows_what_may_be_asked_for(admin: Site) -> None:
    assert f'"optionalScopes": ["{OPTIONAL}"]' in admin.page("/store/lantern")


def test_a_grant_and_its_revocation_are_told_to_the_app(admin: Site, door: Door) -> None:
    before = admin.json("GET", "/api/lantern/state.json")["scopes"]
    assert OPTIONAL not in before

    granted = admin.json("POST", PATH, {"step": "grant", "names": [OPTIONAL]})["scopes"]
    revoked = admin.json("POST", PATH, {"step": "revoke", "names": [OPTIONAL]})["scopes"]

    assert (sorted(granted), revoked) == (sorted([*before, OPTIONAL]), before)
    told = [json.loads(delivery.body) for delivery in door.at("/webhooks/app/scopes_update")]
    assert [(each["previous"], each["current"]) for each in told] == [(before, granted), (granted, before)]


@pytest.mark.parametrize("names", [["read_orders"], ["read_customers", "write_themes"]])
def test_what_is_not_optional_does_not_move(admin: Site, names: list[str]) -> None:
    assert admin.ask("POST", PATH, json={"step": "revoke", "names": names}).status_code == 400
