"""A shop at the sandbox's Shopify of whose orders webhooks, or the looking through, tell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.settings import Settings
from sandbox.world import World
from tests.edges import visits
from tests.edges.lost_webhooks import Town


@pytest.fixture
def sandbox() -> Iterator[World]:
    with visits.sandbox() as world:
        yield world


@pytest.fixture
def settings(sandbox: World) -> Settings:
    return visits.settings_for(sandbox)


@pytest.fixture
def town(sandbox: World, services: Services, client: FlaskClient) -> Town:
    made = Town(sandbox, services, client)
    made.open()
    made.work()
    made.pass_by(hours=2)
    return made
