"""The pixel follows the connection, also where somebody else connects or disconnects while it is being placed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from plugin.services import Services
from plugin.shopify import pixel
from sandbox.meta_store import DEFAULT_DATASET
from sandbox.world import World
from tests.edges.logins import OUTLET, connect, log_in
from tests.edges.visits import Merchant, Page, minted, pixel_of, shop_of


@pytest.fixture
def colleague(flask_app: Flask, sandbox: World) -> Merchant:
    return Merchant(flask_app.test_client(), tokens=[minted(sandbox, sub="43")])


def before_placing(monkeypatch: pytest.MonkeyPatch, step: Callable[[], object]) -> None:
    """Let a step of a colleague's come in between the connection and its pixel, once."""
    place = pixel.place_pixel

    def late(*given: object) -> str:
        monkeypatch.setattr(pixel, "place_pixel", place)
        step()
        return place(*given)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(pixel, "place_pixel", late)


def test_it_reports_to_the_dataset_that_was_connected_last(
    merchant: Merchant, colleague: Merchant, services: Services, sandbox: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(merchant)
    before_placing(monkeypatch, lambda: connect(colleague, OUTLET))

    assert merchant.go("/facebook/choose", dataset=DEFAULT_DATASET).status_code == 200

    connection = shop_of(services).connection
    assert connection is not None
    assert connection.dataset == OUTLET
    assert (pixel_of(sandbox) or {})["pixelID"] == OUTLET
    assert shop_of(services).web_pixel_id is not None


def test_it_is_not_left_behind_by_a_disconnect(
    merchant: Merchant, colleague: Merchant, services: Services, sandbox: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(merchant)
    before_placing(monkeypatch, lambda: colleague.go("/disconnect"))

    page = Page(merchant.go("/facebook/choose", dataset=DEFAULT_DATASET))

    assert page.page["data-connected"] == "no"
    assert shop_of(services).connection is None
    assert pixel_of(sandbox) is None
    assert shop_of(services).web_pixel_id is None
