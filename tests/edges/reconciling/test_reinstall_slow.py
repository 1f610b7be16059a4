"""The app is opened while Shopify hardly answers: the page does not wait for what it can do without."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage import locks
from sandbox.world import World
from tests.edges.handwork import do
from tests.edges.ledger_view import switch_on
from tests.edges.lost_webhooks import Town
from tests.edges.reconciling.test_reinstall import load, tracking
from tests.edges.servers import Reply, Server

PATIENCE = 5.0
SLOW = Reply(body=b"{" + b" " * 100, delay=30)
DRIPPING = Reply(body=b"{" + b" " * 100, drip=0.2)


@pytest.fixture
def town(sandbox: World, services: Services, client: FlaskClient) -> Town:
    """A store that is connected, with tracking on."""
    made = Town(sandbox, services, client)
    made.open()
    switch_on(services, made.shop())
    return made


def takes(town: Town) -> float:
    began = time.monotonic()
    assert tracking(load(town)) == "on"
    return time.monotonic() - began


def end_token(town: Town) -> None:
    do(town.services, "UPDATE shop SET access_expires_at = %s", town.clock.now() - timedelta(minutes=1))


@pytest.mark.parametrize("is_over", [False, True], ids=["token_good", "token_over"])
@pytest.mark.parametrize("answer", [SLOW, DRIPPING], ids=["slow", "dripping"])
def test_a_page_waits_seconds_for_a_shopify_that_hardly_answers(town: Town, answer: Reply, *, is_over: bool) -> None:
    with Server(answer) as server:
        slow = replace(town.services.settings, admin_url_template=f"{server.url}/{{shop}}")
        object.__setattr__(town.services, "settings", slow)
        if is_over:
            end_token(town)

        assert takes(town) < PATIENCE
        assert server.received or answer is SLOW


def test_a_page_does_not_wait_for_a_worker_that_renews_the_tokens(town: Town) -> None:
    end_token(town)
    with locks.tokens(town.services.database, town.shop().id):
        assert takes(town) < PATIENCE
