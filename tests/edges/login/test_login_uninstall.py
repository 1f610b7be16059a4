"""A shop that leaves: its login is given back at Facebook, by a job."""

from __future__ import annotations

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.jobs import connecting
from plugin.services import Services
from sandbox.meta_store import DEFAULT_DATASET
from sandbox.world import World
from tests import doors
from tests.conftest import SHOP, MovedClock, install
from tests.edges import visits
from tests.edges.logins import connect, count, tokens
from tests.edges.visits import Merchant, Page


def leave(client: FlaskClient) -> TestResponse:
    return doors.webhook(client, "/webhooks/app/uninstalled", {"myshopify_domain": SHOP})


def test_uninstalling_gives_the_login_back_by_a_job(
    merchant: Merchant, services: Services, sandbox: World, client: FlaskClient
) -> None:
    connect(merchant)

    assert leave(client).status_code == 200

    assert tokens(sandbox) == [None]  # nothing was asked of Meta on the webhook's path
    connecting.tidy(services)
    assert tokens(sandbox) == [458]
    assert count(services, "meta_login") == 0


def test_it_is_tried_for_an_hour_and_then_forgotten(
    merchant: Merchant, services: Services, sandbox: World, client: FlaskClient, clock: MovedClock
) -> None:
    connect(merchant)
    sandbox.faults.put({"name": "revoke_500"})
    assert leave(client).status_code == 200

    connecting.tidy(services)
    assert count(services, "meta_login") == 1
    clock.pass_by(minutes=61)
    connecting.tidy(services)

    assert count(services, "meta_login") == 0


def test_what_is_to_be_given_back_cannot_be_connected(
    merchant: Merchant, services: Services, client: FlaskClient, sandbox: World
) -> None:
    connect(merchant)
    assert leave(client).status_code == 200
    install(services)  # it is back before the job has run

    assert not Page(merchant.get("/settings")).all("form", id="facebook-choose")
    assert merchant.post("/facebook/choose", dataset=DEFAULT_DATASET).status_code == 422


def test_a_pasted_token_is_not_given_back(
    merchant: Merchant, services: Services, client: FlaskClient, sandbox: World
) -> None:
    visits.connect(merchant)

    assert leave(client).status_code == 200

    assert count(services, "meta_login") == 0
    assert "did not take" not in merchant.get("/settings").text


def test_a_shop_that_came_back_at_once_keeps_its_new_login(
    merchant: Merchant, services: Services, client: FlaskClient, sandbox: World
) -> None:
    connect(merchant)
    assert leave(client).status_code == 200
    install(services)
    connect(merchant)

    connecting.tidy(services)

    assert tokens(sandbox) == [None, None]  # giving the old one back would have ended the new one
    assert count(services, "meta_login") == 0
