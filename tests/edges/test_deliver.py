from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage import shops
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock, connect
from tests.edges.handwork import GRACE, LATE, TAKEN, Meta
from tests.edges.ledger_view import buy, ended, purchase, row, tell, totals, work
from tests.edges.servers import Reply, reply


def error(code: int, subcode: int | None = None, **more: Any) -> dict[str, Any]:
    return {"error": {"message": "no", "type": "OAuthException", "code": code, "error_subcode": subcode, **more}}


def test_a_missed_order_is_recovered(services: Services, missed: Shop, meta: Meta) -> None:
    work(services)

    kept = row(services)
    [[event]] = meta.events()
    assert ended(services) == ("recovered", "pixel_silent")
    assert (kept["basis"], kept["trace_id"], kept["reposts"]) == ("recorded_consent", "Atrace", 0)
    assert kept["sealed_event"] is None
    assert event["event_id"] == f"purchase.{ORDER_ID}"
    assert event["event_name"] == "Purchase"
    assert event["user_data"]["fbp"] == "fb.1.1764000000000.1234567890"
    assert totals(services) == {("recovered", "pixel_silent"): 1}


def test_an_order_whose_pixel_was_blocked_says_so(
    client: FlaskClient, services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    purchase(client, missed, clock, "blocked")

    work(services)

    assert ended(services) == ("recovered", "pixel_blocked")


def test_the_token_travels_in_the_body_alone(services: Services, missed: Shop, meta: Meta) -> None:
    work(services)

    [asked] = meta.received
    assert "EAAtesttoken" not in asked.path
    assert json.loads(asked.body)["access_token"] == "EAAtesttoken"


def test_nothing_is_sent_twice(services: Services, missed: Shop, meta: Meta) -> None:
    work(services)
    work(services)

    assert len(meta.events()) == 1


@pytest.mark.parametrize(
    "answer", [reply(error(2), 500), reply(error(4), 400), reply(error(17), 500)], ids=["down", "throttled", "limit"]
)
def test_while_meta_is_down_an_order_waits_and_is_then_recovered_once(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock, answer: Reply
) -> None:
    meta.says(answer)
    work(services)
    assert ended(services) == ("waiting", "meta_unavailable")
    assert row(services)["in_doubt_since"] is None

    meta.says(reply(TAKEN))
    work(services)
    assert ended(services) == ("waiting", "meta_unavailable")
    clock.pass_by(hours=1)
    work(services)

    assert ended(services) == ("recovered", "pixel_silent")
    assert row(services)["reposts"] == 0


def test_an_order_in_doubt_goes_again_with_the_same_bytes(
    client: FlaskClient, services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    meta.says(LATE)
    work(services)
    assert row(services)["in_doubt_since"] == clock.now()

    tell(client, missed, clock, stage="payment_info_submitted", fbp="fb.1.1764000000001.99")
    meta.says(reply(TAKEN))
    clock.pass_by(minutes=2)
    work(services)

    first, second = meta.events()
    assert first == second
    assert ended(services) == ("recovered", "pixel_silent")
    assert row(services)["reposts"] == 1


def test_an_order_in_doubt_for_47_hours_is_held_and_ends_unconfirmed(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    meta.says(LATE)
    work(services)
    clock.pass_by(hours=48)
    work(services)
    assert ended(services) == ("waiting", "held")
    assert len(meta.events()) == 1

    clock.pass_by(days=6)
    work(services)

    assert ended(services) == ("failed", "unconfirmed")


def test_a_delivery_that_came_while_in_doubt_settles_it(
    client: FlaskClient, services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    meta.says(LATE)
    work(services)

    purchase(client, missed, clock, "sent")

    assert ended(services) == ("tracked", "pixel_delivered")


def test_a_refusal_that_came_while_in_doubt_ends_it_unconfirmed(
    client: FlaskClient, services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    meta.says(LATE)
    work(services)

    refused = {"m": False, "a": False, "p": False, "s": False}
    tell(client, missed, clock, stage="consent_withdrawn", consent=refused)

    assert ended(services) == ("failed", "unconfirmed")


def test_a_dead_token_keeps_the_order_until_the_merchant_connects_again(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    meta.says(reply(error(190, 460), 401))
    work(services)
    assert ended(services) == ("waiting", "connection_broken")
    work(services)
    assert len(meta.events()) == 1

    meta.says(reply(TAKEN))
    with services.database.transaction() as conn:
        broken = shops.by_id(conn, services.vault, missed.id)
    assert broken is not None
    connect(services, broken)
    work(services)

    assert ended(services) == ("recovered", "pixel_silent")


def test_what_waits_on_a_closed_connection_is_never_sent_over_another(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    connect(services, missed, "9999999999999999", ago=timedelta())

    work(services)

    assert ended(services) == ("missed", "not_connected")
    assert meta.events() == []
    assert row(services)["sealed_event"] is None


def test_an_order_that_meta_refuses_stands_alone_in_the_end(
    client: FlaskClient, services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    others = [ORDER_ID + number for number in range(1, 8)]
    for other in others:
        token = f"checkout-{other}"
        tell(client, missed, clock, token=token)
        buy(client, clock, id=other, admin_graphql_api_id=f"gid://shopify/Order/{other}", checkout_token=token)
    clock.pass_by(minutes=GRACE)
    poison = f"purchase.{others[3]}"
    meta.judge = lambda asked: (
        reply(error(100, 2804050), 400)
        if poison in asked.body.decode()
        else reply(TAKEN | {"events_received": len(json.loads(asked.body)["data"])})
    )

    work(services)

    assert ended(services, others[3]) == ("failed", "rejected_by_meta")
    assert row(services, others[3])["code"] == "100/2804050"
    assert totals(services) == {("recovered", "pixel_silent"): 7, ("failed", "rejected_by_meta"): 1}
    assert sum(poison in json.dumps(events) for events in meta.events()) == 4
    assert all(len({event["event_id"] for event in events}) == len(events) for events in meta.events())
