"""A request that is still out as switching off answers: the pages say so, and later when it has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.jobs import sweep
from plugin.services import Services
from plugin.storage import policy, sending
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.handwork import do
from tests.edges.ledger_view import switch_off, switch_on
from tests.edges.visits import Merchant, Page

LEASE = timedelta(seconds=90)
PATHS = ("/", "/settings")


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


@pytest.fixture
def one_out(services: Services, missed: Shop, clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop that was switched off while a request did not end."""
    sweep.sweep(services)
    with services.database.transaction() as conn:
        held = sending.claim(conn, missed.id, clock.now(), lease=LEASE)
        assert held is not None
        assert sending.start_post(conn, services.vault, held, clock.now(), LEASE) is not None
    monkeypatch.setattr(policy, "WAIT_FOR_FLIGHT", 0.2)
    assert switch_off(services, missed).still_out
    return missed


def told(merchant: Merchant) -> set[str]:
    """What the pages say of it."""
    found: list[list[Any]] = [Page(merchant.get(path)).all("s-text") for path in PATHS]
    said = [{e["data-request-out"] for e in texts if e.get("data-request-out")} for texts in found]
    assert said[0] == said[1]
    return said[0]


def test_both_pages_say_that_it_is_out_and_then_when_it_ended(
    merchant: Merchant, services: Services, one_out: Shop
) -> None:
    assert told(merchant) == {"out"}
    assert "No other starts." in merchant.get("/").text

    do(services, "UPDATE attempt SET result = 'accepted', ended_at = now() - interval '1 minute'")

    assert told(merchant) == {"ended"}
    assert "that was still out when this was turned off ended on " in merchant.get("/settings").text


def test_one_whose_worker_died_is_over_at_its_deadline(merchant: Merchant, services: Services, one_out: Shop) -> None:
    do(services, "UPDATE attempt SET deadline = now() - interval '1 second'")

    assert told(merchant) == {"ended"}


def test_it_is_told_of_for_a_week(merchant: Merchant, services: Services, one_out: Shop) -> None:
    do(services, "UPDATE attempt SET post_started = now() - interval '8 days', ended_at = now() - interval '8 days'")

    assert told(merchant) == set()


def test_switching_on_again_forgets_it(merchant: Merchant, services: Services, one_out: Shop) -> None:
    switch_on(services, one_out)
    assert told(merchant) == set()
    do(services, "UPDATE attempt SET result = 'accepted', ended_at = now()")

    switch_off(services, one_out)

    assert told(merchant) == set()


def test_where_nothing_was_out_nothing_is_said(merchant: Merchant, services: Services, missed: Shop) -> None:
    switch_off(services, missed)

    assert told(merchant) == set()
