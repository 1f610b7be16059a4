"""Connecting a dataset asks whether another Meta pixel reports to it, and asks anew for another dataset."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.settings import Settings
from plugin.storage.policy import UNANSWERED
from plugin.storage.shops import OtherPixel
from sandbox.meta_store import DEFAULT_DATASET, DEFAULT_TOKEN
from sandbox.world import World
from tests.edges import visits
from tests.edges.visits import Merchant, connect, minted, other_pixel_log, shop_of


@pytest.fixture
def sandbox() -> Iterator[World]:
    with visits.sandbox() as world:
        yield world


@pytest.fixture
def settings(sandbox: World) -> Settings:
    return visits.settings_for(sandbox)


@pytest.fixture
def merchant(client: FlaskClient, sandbox: World) -> Merchant:
    merchant = Merchant(client, tokens=[minted(sandbox)])
    merchant.load()
    return merchant


def test_its_notice_asks(merchant: Merchant, services: Services) -> None:
    said = connect(merchant).one("meta", name="note")["content"]

    assert said.endswith("does another Meta pixel run?")
    assert other_pixel_log(services) == []


def test_another_dataset_asks_anew(merchant: Merchant, services: Services, sandbox: World) -> None:
    connect(merchant)
    merchant.post("/other-pixel", answer="none", dataset=DEFAULT_DATASET)
    sandbox.meta.register("5555555555", DEFAULT_TOKEN)

    page = connect(merchant, dataset="5555555555")

    assert page.one("s-section", id="other-pixel")["data-answer"] == UNANSWERED
    assert page.one("meta", name="note")["content"].endswith("does another Meta pixel run?")
    assert other_pixel_log(services)[1:] == [("42", "settings", "none", UNANSWERED)]


def test_a_new_token_for_the_same_dataset_keeps_the_answer(merchant: Merchant, services: Services) -> None:
    connect(merchant)
    merchant.post("/other-pixel", answer="removed")

    page = connect(merchant)

    assert shop_of(services).other_pixel is OtherPixel.REMOVED
    assert page.one("meta", name="note")["content"] == "Connected, and the pixel is placed."


def test_the_same_dataset_after_disconnecting_asks_anew(merchant: Merchant, services: Services) -> None:
    connect(merchant)
    merchant.post("/other-pixel", answer="none")
    merchant.post("/disconnect")

    connect(merchant)

    assert shop_of(services).other_pixel is None
