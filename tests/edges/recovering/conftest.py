"""A shop at the sandbox's Shopify with orders from before its switch went on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.settings import Settings
from sandbox.world import World
from tests.edges import visits
from tests.edges.before_on import Before


@pytest.fixture
def sandbox() -> Iterator[World]:
    with visits.sandbox() as world:
        yield world


@pytest.fixture
def settings(sandbox: World) -> Settings:
    return visits.settings_for(sandbox)


@pytest.fixture
def town(sandbox: World, services: Services, client: FlaskClient) -> Before:
    made = Before(sandbox, services, client)
    made.open()
    made.pass_by(hours=1)
    return made


@pytest.fixture
def bare(sandbox: World, services: Services, client: FlaskClient) -> Before:
    """A shop with tracking on that does not let us read its customers."""
    made = Before(sandbox, services, client)
    made.open()
    made.pass_by(hours=1)
    made.switch_on(recovering=False)
    return made


@pytest.fixture
def missed(town: Before) -> list[int]:
    """Orders that were missed before the switch went on with the tick."""
    sold = [town.sold() for _ in range(6)]
    town.pass_by(hours=1)
    town.judge()
    town.switch_on()
    return sold
