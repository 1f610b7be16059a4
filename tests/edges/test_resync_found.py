"""Orders that a restored ledger has never heard of are found again, and sent only if they cannot have been before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import resync
from plugin.storage.resync import Loss
from sandbox.world import World
from tests.edges import visits
from tests.edges.handwork import Meta
from tests.edges.ledger_view import ended, switch_on, tell, work
from tests.edges.lost_webhooks import Town


@pytest.fixture
def sandbox() -> Iterator[World]:
    with visits.sandbox() as world:
        yield world


@pytest.fixture
def settings(sandbox: World) -> Settings:
    return visits.settings_for(sandbox)


@pytest.fixture
def town(sandbox: World, services: Services, client: FlaskClient) -> Iterator[Town]:
    made = Town(sandbox, services, client)
    made.open()
    made.work()
    made.pass_by(hours=2)
    yield made
    with psycopg.connect(services.database.url, autocommit=True) as conn:
        conn.execute("UPDATE ledger_mark SET paused_at = NULL, lost_from = NULL, lost_until = NULL")


def sell(town: Town, client: FlaskClient) -> int:
    """Sell something to a buyer who allowed all; its webhook went to the database that is lost."""
    (order_id,) = town.sell()
    tell(client, town.shop(), town.clock, token=town.shopify.orders[order_id]["checkout_token"])
    return order_id


def test_what_cannot_have_been_sent_is_recovered_and_the_rest_is_held(
    town: Town, services: Services, client: FlaskClient, meta: Meta
) -> None:
    switch_on(services, town.shop())
    since = town.clock.now()
    perhaps_sent = sell(town, client)
    town.pass_by(minutes=50)
    never_sent = sell(town, client)
    town.pass_by(minutes=5)
    until = town.clock.now()
    assert town.rows() == {}

    with services.database.transaction() as conn:
        resync.pause(conn, until)
    with services.database.transaction() as conn:
        assert resync.resume(conn, Loss(since, until), until) == 0
    for _ in range(12):
        town.pass_by(minutes=5)
        town.work()
        work(services)

    assert ended(services, perhaps_sent) == ("waiting", "held")
    assert ended(services, never_sent) == ("recovered", "pixel_silent")
    assert [[event["event_id"] for event in events] for events in meta.events()] == [[f"purchase.{never_sent}"]]
    assert town.clock.now() - until < timedelta(hours=2)
