from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.jobs import deliver, sweep
from plugin.services import Services
from plugin.storage import shops
from plugin.storage.shops import Shop
from tests import doors
from tests.conftest import MovedClock, connect, install
from tests.edges.handwork import UNINSTALLED, Meta, read_shop


def test_a_second_delivery_of_an_old_uninstall_does_not_remove_the_new_install(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    left = clock.now()
    body = {"myshopify_domain": shop.domain}
    assert doors.webhook(client, UNINSTALLED, body, at=left).status_code == 200
    clock.pass_by(minutes=10)
    back = connect(services, install(services), ago=timedelta())

    clock.pass_by(minutes=10)
    assert doors.webhook(client, UNINSTALLED, body, at=left).status_code == 200

    with services.database.transaction() as conn:
        assert shops.by_domain(conn, services.vault, back.domain) is not None
        assert read_shop(conn, services, back).connection is not None


def test_no_request_starts_after_the_uninstall_has_been_answered(
    client: FlaskClient,
    services: Services,
    missed: Shop,
    meta: Meta,
    crew: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sweep.sweep(services)
    order: list[str] = []

    def leave() -> None:
        answer = doors.webhook(client, UNINSTALLED, {"myshopify_domain": missed.domain})
        assert answer.status_code in {200, 503}
        if answer.status_code == 200:
            order.append("uninstall answered")

    leaving: list[Future[None]] = []

    def meanwhile(point: str) -> None:
        if point == "before_post":
            leaving.append(crew.submit(leave))
            time.sleep(1)
            order.append("request starts")

    monkeypatch.setattr(deliver, "crash_at", meanwhile)
    deliver.deliver(services, missed.id)
    leaving[0].result(10)

    assert not meta.events() or order[0] == "request starts"
