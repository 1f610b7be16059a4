"""A scripted Meta, and a store with one order that the pixel missed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient

from plugin.meta.conversions import ConversionsClient
from plugin.services import Services
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.handwork import GRACE, TAKEN, Meta
from tests.edges.ledger_view import buy, row, switch_on, tell, work
from tests.edges.privacy import FBP, buy_as_canary
from tests.edges.servers import reply


@pytest.fixture
def meta(services: Services) -> Iterator[Meta]:
    with Meta(reply(TAKEN)) as server:
        object.__setattr__(services, "meta", ConversionsClient(f"{server.url}/v26.0", timeout=(1, 0.5)))
        yield server


@pytest.fixture
def missed(client: FlaskClient, services: Services, shop: Shop, clock: MovedClock) -> Shop:
    switch_on(services, shop)
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=GRACE)
    return shop


@pytest.fixture
def crew() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


@pytest.fixture
def waiting(client: FlaskClient, services: Services, shop: Shop, clock: MovedClock) -> Shop:
    """A shop with one order that waits, all that can be kept of it kept."""
    switch_on(services, shop)
    tell(client, shop, clock, fbp=FBP)
    buy_as_canary(client, clock)
    work(services)
    assert row(services)["sealed_event"] is not None
    return shop
