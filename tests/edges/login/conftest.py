"""A shop whose staff may log in at Facebook: the sandbox's Shopify and Meta, and somebody at the settings page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from plugin.settings import Settings
from sandbox.world import World
from tests.edges import logins
from tests.edges.logins import OTHER_SHOP, new_merchant
from tests.edges.visits import Merchant, minted


@pytest.fixture
def sandbox() -> Iterator[World]:
    with logins.sandbox() as world:
        yield world


@pytest.fixture
def settings(sandbox: World) -> Settings:
    return logins.settings_for(sandbox)


@pytest.fixture
def merchant(client: FlaskClient, sandbox: World) -> Merchant:
    return new_merchant(client, sandbox)


@pytest.fixture
def other(flask_app: Flask, sandbox: World) -> Merchant:
    """Somebody of another shop, at another browser."""
    merchant = Merchant(flask_app.test_client(), OTHER_SHOP, tokens=[minted(sandbox, OTHER_SHOP)])
    assert merchant.load().status_code == 200
    return merchant
