"""The page "Shopify's behaviour", over plain HTTP."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from sandbox.acts import ACTS
from tests.sandbox.conftest import Door, Sandbox
from tests.sandbox.site_visitor import Site

PAGE = "/behaviour/lantern"


@pytest.fixture
def admin(sandbox: Sandbox, shop: str) -> Site:
    assert shop
    return Site(sandbox, "admin")


def state(admin: Site) -> Any:
    return admin.json("GET", f"{PAGE}/state.json")


def test_the_page_has_a_switch_or_a_button_for_each_behaviour(admin: Site) -> None:
    page = html.unescape(admin.page(PAGE))

    assert "TEST USE ONLY" in page
    buttons = set(re.findall(r'data-act="(\w+)"', page))
    assert buttons == ACTS.keys() - {"consent_policy"}
    switches = set(re.findall(r'role="switch" name="(\w+)"', page))
    assert {"tokens_short", "graphql_costs", "protected_null", "webhooks_down", "webhooks_twice"} <= switches
    assert {"webhooks_lost", "graphql_403", "graphql_401"} <= switches
    assert set(re.findall(r'data-region="([\w-]+)"', page)) == state(admin)["regions"].keys()


def test_the_admin_leads_there(admin: Site) -> None:
    assert f'href="{PAGE}"' in admin.page("/store/lantern")


def test_a_switch_is_a_fault_and_shows_what_is_on_now(admin: Site, sandbox: Sandbox) -> None:
    assert admin.json("POST", f"{PAGE}/switch", {"name": "graphql_costs", "on": True})["faults"] == ["graphql_costs"]
    sandbox.fault("webhooks_lost")
    assert state(admin)["faults"] == ["graphql_costs", "webhooks_lost"]

    admin.json("POST", f"{PAGE}/switch", {"name": "graphql_costs", "on": False})

    assert [fault["name"] for fault in sandbox.get("/faults")["faults"]] == ["webhooks_lost"]


def test_a_button_does_its_act_and_the_webhook_shows(admin: Site, door: Door) -> None:
    answer = admin.json("POST", f"{PAGE}/act", {"name": "pos_order"})

    assert answer["act"]["webhook"]["status"] == 200
    assert len(door.at("/webhooks/orders/paid")) == 1
    (line,) = answer["webhooks"]
    assert (line["topic"], line["state"], line["tries"], line["answer"]) == ("orders/paid", "delivered", 1, 200)


def test_a_regions_rule_is_chosen(admin: Site) -> None:
    answer = admin.json("POST", f"{PAGE}/act", {"name": "consent_policy", "regions": {"JP": "opt_out"}})

    assert (answer["regions"]["JP"], state(admin)["regions"]["JP"]) == ("opt_out", "opt_out")


def test_the_clock_moves_and_a_retry_follows_it(admin: Site, sandbox: Sandbox, door: Door) -> None:
    sandbox.fault("webhooks_down")
    assert admin.json("POST", f"{PAGE}/act", {"name": "pos_order"})["webhooks"][0]["state"] == "retrying"

    moved = admin.json("POST", f"{PAGE}/clock", {"advance_seconds": 14_400})

    assert moved["clock"]["offset_seconds"] == 14_400
    assert moved["webhooks"][0]["topic"] == "orders/paid"


@pytest.mark.parametrize(
    ("path", "wish"), [("switch", {"name": "meta_500", "on": True}), ("act", {"name": "rain"}), ("switch", {})]
)
def test_what_is_not_on_the_page_is_refused(admin: Site, path: str, wish: dict[str, Any]) -> None:
    assert admin.ask("POST", f"{PAGE}/{path}", json=wish).status_code == 400


@pytest.mark.parametrize("origin", [None, "http://store.localhost:1"])
def test_no_other_site_moves_a_switch(admin: Site, origin: str | None) -> None:
    wish = {"name": "webhooks_lost", "on": True}

    assert admin.ask("POST", f"{PAGE}/switch", origin=origin, json=wish).status_code == 403
    assert state(admin)["faults"] == []
