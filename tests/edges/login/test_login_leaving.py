"""Connections that end: another dataset takes the place of one, somebody disconnects, a shop leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from plugin.jobs import deliver, sweep
from plugin.services import Services
from plugin.storage import locks, policy
from sandbox.meta_store import DEFAULT_DATASET
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges import logins, visits
from tests.edges.ledger_view import buy, ended, row, switch_on, tell, work
from tests.edges.logins import OTHER_SHOP, OUTLET, connect, count, log_in, row_of, tokens
from tests.edges.visits import Merchant, Page, minted, shop_of


@pytest.fixture
def sandbox() -> Iterator[World]:
    with logins.sandbox() as world:
        visits.add_shop(world, OTHER_SHOP)
        yield world


def pass_by(clock: MovedClock, world: World, **span: float) -> None:
    """Let time pass for the app and for Meta."""
    world.clock.offset += timedelta(**span).total_seconds()
    clock.pass_by(**span)


@pytest.fixture
def missed(merchant: Merchant, services: Services, sandbox: World, clock: MovedClock) -> Merchant:
    """Connected by login, tracking on, with one order that the pixel missed."""
    connect(merchant)
    shop = shop_of(services)
    switch_on(services, shop)
    tell(merchant.client, shop, clock)
    buy(merchant.client, clock, processed_at=clock.now().isoformat())
    pass_by(clock, sandbox, minutes=31)
    return merchant


def purchases(world: World) -> list[tuple[str, str | None]]:
    """Dataset and event id of what servers have sent."""
    return [(event["dataset"], event["event_id"]) for event in world.meta.events_json() if event["source"] == "server"]


def test_a_missed_order_is_sent_with_the_logins_token_and_its_proof(
    missed: Merchant, services: Services, sandbox: World
) -> None:
    work(services)  # the sandbox's Meta takes no token of its app without a proof

    assert ended(services) == ("recovered", "pixel_silent")
    assert [dataset for dataset, _ in purchases(sandbox)] == [DEFAULT_DATASET]


def test_a_pasted_token_is_sent_without_one(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    visits.connect(merchant)
    shop = shop_of(services)
    switch_on(services, shop)
    tell(merchant.client, shop, clock)
    buy(merchant.client, clock, processed_at=clock.now().isoformat())
    pass_by(clock, sandbox, minutes=31)

    work(services)  # beside a pasted token the sandbox's Meta takes no proof

    assert ended(services) == ("recovered", "pixel_silent")


def test_the_same_dataset_keeps_what_waits(missed: Merchant, services: Services, sandbox: World) -> None:
    connect(missed)

    work(services)

    assert ended(services) == ("recovered", "pixel_silent")
    assert count(services, "meta_connection") == 1


def test_what_waits_is_never_sent_to_another_dataset(missed: Merchant, services: Services, sandbox: World) -> None:
    page = connect(missed, OUTLET)

    assert page.one("meta", name="note")["content"].startswith("Connected, and the pixel is placed.")
    assert row(services)["sealed_event"] is None
    work(services)
    assert ended(services) == ("missed", "not_connected")
    assert purchases(sandbox) == []
    assert (visits.pixel_of(sandbox) or {})["pixelID"] == OUTLET


def test_a_request_to_the_dataset_before_is_waited_for(
    missed: Merchant,
    services: Services,
    sandbox: World,
    crew: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log_in(missed)
    sweep.sweep(services)
    said: list[str] = []
    moving: list[Future[None]] = []

    def choose() -> None:
        assert missed.post("/facebook/choose", dataset=OUTLET).status_code == 303
        said.append("answered")

    def meanwhile(point: str) -> None:
        if point == "before_post":
            moving.append(crew.submit(choose))
            time.sleep(1)
            said.append("request starts")

    monkeypatch.setattr(deliver, "crash_at", meanwhile)
    work(services)
    moving[0].result(30)

    assert said == ["request starts", "answered"]
    assert ended(services) == ("recovered", "pixel_silent")
    assert [dataset for dataset, _ in purchases(sandbox)] == [DEFAULT_DATASET]


def test_where_it_does_not_end_the_page_says_so(
    missed: Merchant, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "WAIT_FOR_FLIGHT", 0.2)
    log_in(missed)
    with locks.sending(services.database, shop_of(services).id):
        answer = missed.go("/facebook/choose", dataset=OUTLET)

    assert "one request is still out" in answer.text


def test_an_order_in_doubt_with_the_dataset_before_ends_unconfirmed(
    missed: Merchant, services: Services, sandbox: World
) -> None:
    sandbox.faults.put({"name": "meta_reset_after", "count": 1})
    work(services)
    assert row(services)["in_doubt_since"] is not None

    connect(missed, OUTLET)
    work(services)

    assert ended(services) == ("failed", "unconfirmed")
    assert {dataset for dataset, _ in purchases(sandbox)} == {DEFAULT_DATASET}


def test_disconnecting_gives_the_login_back(missed: Merchant, services: Services, sandbox: World) -> None:
    log_in(missed)  # a second token, not used yet

    page = Page(missed.go("/disconnect"))

    assert page.one("meta", name="note")["content"] == "Disconnected. 1 waiting order was dropped unsent."
    assert tokens(sandbox) == [458, 458]
    kept = row_of(services, "meta_connection")
    assert (kept["token"], kept["meta_user_hash"], kept["business"]) == (None, None, None)
    assert count(services, "meta_login") == 0
    assert ended(services) == ("missed", "tracking_off")


def test_a_login_that_facebook_does_not_take_back_is_named(
    merchant: Merchant, services: Services, sandbox: World
) -> None:
    connect(merchant)
    sandbox.faults.put({"name": "revoke_500"})

    answer = merchant.go("/disconnect")

    assert "Facebook did not take our permission back" in Page(answer).one("s-page").tag + answer.text
    assert shop_of(services).connection is None
    assert row_of(services, "meta_connection")["token"] is None


def test_one_that_is_dead_already_needs_no_word(merchant: Merchant, sandbox: World) -> None:
    connect(merchant)
    sandbox.people.remove(logins.USER)

    assert "did not take" not in merchant.go("/disconnect").text


def other_shop(flask_app: Flask, sandbox: World) -> Merchant:
    merchant = Merchant(flask_app.test_client(), OTHER_SHOP, tokens=[minted(sandbox, OTHER_SHOP)])
    assert merchant.load().status_code == 200
    return merchant


def test_another_shop_of_the_same_login_keeps_its_own(
    flask_app: Flask, merchant: Merchant, services: Services, sandbox: World
) -> None:
    connect(merchant)
    connect(other_shop(flask_app, sandbox), OUTLET)

    answer = merchant.go("/disconnect")

    assert "another of your shops" in answer.text
    assert tokens(sandbox) == [None, None]
