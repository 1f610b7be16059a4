from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage import locks, shops
from plugin.storage.shops import Shop
from plugin.storage.vault import Place, Unsealable, Vault
from tests import doors
from tests.builders import ORDER_ID, paid_payload
from tests.conftest import SHOP, MovedClock, connect, install
from tests.edges.handwork import UNINSTALLED, do
from tests.edges.ledger_view import (
    buy,
    ended,
    policy_changes,
    row,
    tell,
    work,
)
from tests.edges.privacy import (
    CANARIES,
    everything,
    found_of,
    redact,
    redact_shop,
    request_data,
    requests_of,
    upkeep,
    where_kept,
)


@contextmanager
def a_request_is_out(services: Services, shop: Shop) -> Iterator[None]:
    with locks.sending(services.database, shop.id):
        yield


def state(services: Services) -> str:
    return str(requests_of(services)[-1]["state"])


def leave(client: FlaskClient, clock: MovedClock) -> None:
    assert doors.webhook(client, UNINSTALLED, {"myshopify_domain": SHOP}, at=clock.now()).status_code == 200


def shop_row(services: Services) -> dict[str, Any]:
    with services.database.transaction() as conn:
        (found,) = conn.execute("SELECT * FROM shop").fetchall()
    return found


def stored_keys(services: Services) -> list[dict[str, Any]]:
    with services.database.transaction() as conn:
        return conn.execute("SELECT * FROM shop_key").fetchall()


def test_48_hours_after_leaving_a_shops_key_and_rows_are_gone(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock
) -> None:
    sealed = row(services)["sealed_event"]
    at = clock.now()
    leave(client, clock)
    clock.pass_by(hours=48)
    redact_shop(client, at)
    upkeep(services)

    assert stored_keys(services) == []
    assert where_kept(services, waiting) == set()
    left = {name: value for name, value in shop_row(services).items() if value not in (None, "")}
    assert left.pop("ingest_key") != waiting.ingest_key
    assert left == {
        "id": waiting.id,
        "domain": SHOP,
        "generation": 2,
        "installed_at": clock.now(),
        "uninstalled_at": clock.now(),
        "erased_at": clock.now(),
    }
    assert found_of(services, *CANARIES, str(ORDER_ID), waiting.ingest_key, "1234567890123456") == set()
    assert services.vault._opened == {}  # noqa: SLF001 - nothing can be asked of a key that is nowhere
    with services.database.transaction() as conn:
        assert shops.by_id(conn, services.vault, waiting.id) is None
    again = install(services)
    for key in (again.key, Vault(services.settings.keys).new_key(waiting.id, 1)[1]):
        with pytest.raises(Unsealable):
            key.unseal(sealed, Place("paid_order", "sealed_event", str(ORDER_ID)))


def test_late_webhooks_change_nothing_of_an_erased_shop(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock
) -> None:
    leave(client, clock)
    redact_shop(client)
    upkeep(services)
    before = everything(services)

    clock.pass_by(minutes=1)
    assert doors.webhook(client, "/webhooks/orders/paid", paid_payload(), at=clock.now()).status_code == 200
    leave(client, clock)
    redact_shop(client)
    redact(client, ORDER_ID)
    request_data(client, ORDER_ID)
    tell(client, waiting, clock)
    assert doors.webhook(client, "/webhooks/app/scopes_update", {"current": []}).status_code == 200
    upkeep(services)
    work(services)

    assert everything(services) == before


def test_a_shop_that_comes_back_after_its_erasure_begins_anew(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock
) -> None:
    leave(client, clock)
    redact_shop(client)
    upkeep(services)
    clock.pass_by(days=1)

    back = connect(services, install(services), ago=timedelta())

    assert (back.id, back.generation) == (waiting.id, 3)
    assert shop_row(services)["erased_at"] is None
    assert back.key.lookup != waiting.key.lookup
    assert back.ingest_key != waiting.ingest_key
    clock.pass_by(minutes=5)
    buy(client, clock)
    work(services)
    assert ended(services) == ("waiting", "grace_period")


@pytest.mark.parametrize("told", ["at the uninstall", "48 hours later"])
def test_a_shop_that_came_back_in_between_is_left_alone_and_that_is_recorded(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock, told: str
) -> None:
    at = clock.now()
    leave(client, clock)
    clock.pass_by(hours=24)
    back = install(services)
    clock.pass_by(hours=24)

    redact_shop(client, at if told == "at the uninstall" else clock.now())
    upkeep(services)

    assert state(services) == "ignored"
    assert policy_changes(services, back)[0]["what"] == "shop_redact"
    assert policy_changes(services, back)[0]["new"] == "ignored, orders: 0"
    assert shop_row(services)["erased_at"] is None


def test_a_shop_whose_leaving_nobody_told_us_of_is_erased_all_the_same(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock
) -> None:
    clock.pass_by(days=3)
    redact_shop(client, clock.now())
    upkeep(services)

    assert where_kept(services, waiting) == set()
    assert shop_row(services)["erased_at"] == clock.now()


def test_a_shop_that_comes_back_while_its_erasure_waits_is_left_alone(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(client, clock)
    redact_shop(client)

    @contextmanager
    def it_comes_back(*_: object) -> Iterator[None]:
        install(services)
        yield

    with monkeypatch.context() as patch:
        patch.setattr(locks, "nothing_in_flight", it_comes_back)
        upkeep(services)

    assert len(stored_keys(services)) == 1
    upkeep(services)
    assert state(services) == "ignored"
    assert shop_row(services)["erased_at"] is None


def test_a_shop_whose_key_no_longer_opens_can_still_be_erased(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock
) -> None:
    redact_shop(client, clock.now() + timedelta(hours=1))
    leave(client, clock)
    do(services, "UPDATE shop_key SET data_key = 'x', kid = 'lost'")
    upkeep(services)

    assert where_kept(services, waiting) == set()


def test_erasing_one_shop_leaves_the_others(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock
) -> None:
    other = connect(services, install(services, "other.myshopify.com"))
    doors.webhook(client, "/webhooks/orders/paid", paid_payload(id=77), shop=other.domain, at=clock.now())
    kept = where_kept(services, other)

    leave(client, clock)
    redact_shop(client)
    upkeep(services)

    assert where_kept(services, other) == kept
    assert where_kept(services, waiting) == set()


def test_a_shop_is_not_erased_while_a_request_with_its_orders_is_out(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock
) -> None:
    leave(client, clock)
    redact_shop(client)
    with a_request_is_out(services, waiting):
        upkeep(services)
        assert state(services) == "open"

    upkeep(services)

    assert where_kept(services, waiting) == set()
