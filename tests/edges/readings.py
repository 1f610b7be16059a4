"""What fills a dataset at the sandbox's Meta, and one reading of it."""

from __future__ import annotations

from typing import Any

import requests

from plugin.jobs import deliver, watch_dataset
from plugin.recovery.dataset_report import Report
from plugin.services import Services
from plugin.storage import reports
from sandbox.meta_store import DEFAULT_DATASET
from sandbox.world import World
from tests.edges.crowd import crowd
from tests.edges.ledger_view import switch_on
from tests.edges.visits import shop_of


def read(services: Services) -> Report:
    for shop_id in watch_dataset.due(services):
        watch_dataset.read(services, shop_id)
    with services.database.transaction() as conn:
        found = reports.latest(conn, shop_of(services).id)
    assert found is not None
    return found[0]


def buy_in_browsers(world: World, count: int) -> None:
    for number in range(count):
        world.meta.take_browser(DEFAULT_DATASET, {"event_name": "Purchase", "event_id": f"purchase.{number}"})


def other_sender(world: World, purchases: int, **more: Any) -> None:
    wish = {"purchases": purchases} | more
    answer = requests.post(f"{world.options.own_url}/meta/other-sender", json=wish, timeout=5)
    assert answer.status_code == 200


def recover(services: Services, world: World, count: int) -> list[int]:
    """Send so many missed orders."""
    shop = shop_of(services)
    switch_on(services, shop)
    # the crowd was placed before now: let the connection be older than it
    with services.database.transaction() as conn:
        conn.execute("UPDATE meta_connection SET from_at = from_at - interval '1 day'")
    numbers = crowd(services, shop, count)
    deliver.deliver(services, shop.id)
    assert len(world.meta.events_json()) == count
    return numbers
