"""Forged posts: without an order's own checkout token they neither cause a send nor stop one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.flood import Gate
from plugin.services import Services
from plugin.storage.shops import Shop
from tests import doors
from tests.builders import CHECKOUT_TOKEN, ORDER_ID, paid_payload, wire_post
from tests.conftest import MovedClock, connect, install
from tests.edges.handwork import Meta
from tests.edges.ledger_view import ended, switch_on, tell, totals, work
from tests.edges.posts import REFUSED, STRANGER

UNTOLD, OTHERS = ORDER_ID + 1, ORDER_ID + 2
UNTOLD_TOKEN, OTHERS_TOKEN = "1" * 32, "2" * 32
AGREED = {"m": True, "a": True, "p": True, "s": True}
OPTED_OUT = AGREED | {"s": False}
STAGES = ("checkout_started", "payment_info_submitted", "checkout_completed", "consent_updated", "consent_withdrawn")
DELIVERIES = (None, "pending", "sent", "blocked", "timeout", "no_order_id", "skipped")
Forgery = Callable[[random.Random, Shop, Shop], dict[str, Any]]


def named(order_id: int) -> dict[str, Any]:
    return {"order": str(order_id), "eid": f"purchase.{order_id}"}


def guess(dice: random.Random) -> str:
    """A token that is none: invented, or one of an order with a slip."""
    real = dice.choice((CHECKOUT_TOKEN, UNTOLD_TOKEN))
    slips = (real.upper() + "0", real[:-1], real + "0", real[::-1] + "x", f"%{real}", real.replace("0", "O", 1) + "'")
    return dice.choice((f"{dice.getrandbits(128):032x}", *slips))


FORGERIES: dict[str, Forgery] = {
    "no shop's key": lambda dice, _shop, _other: {"key": f"{STRANGER}{dice.getrandbits(32)}"},
    "another shop's key": lambda _dice, _shop, other: {"key": other.ingest_key},
    "a key with a slip": lambda _dice, shop, _other: {"key": shop.ingest_key + "0"},
    "an invented token": lambda dice, _shop, _other: {"token": guess(dice)},
    "no token": lambda dice, _shop, _other: {"token": dice.choice((None, "", " ", [], 7))},
    "another order's event id": lambda dice, _shop, _other: {"eid": f"purchase.{dice.choice((OTHERS, 1))}"},
    "an event id alone": lambda _dice, _shop, _other: {"order": None},
    "the token of a checkout of one's own": lambda dice, _shop, _other: {"token": f"mine-{dice.randrange(50)}"},
    "another checkout's consent": lambda dice, _shop, _other: {
        "token": guess(dice),
        "stage": "consent_updated",
        "tr": None,
    },
    "a delivery replayed for another order": lambda dice, _shop, _other: {
        "token": CHECKOUT_TOKEN,
        "stage": "checkout_completed",
        "consent": AGREED,
        **named(dice.choice((UNTOLD, OTHERS, 1, 2**62))),
    },
}


def forged(dice: random.Random, shop: Shop, other: Shop) -> tuple[str, bytes]:
    name, forgery = dice.choice(list(FORGERIES.items()))
    body = {
        "key": shop.ingest_key,
        "token": dice.choice((CHECKOUT_TOKEN, UNTOLD_TOKEN)),
        "stage": dice.choice(STAGES),
        "consent": dice.choice((AGREED, REFUSED, OPTED_OUT)),
        "tr": dice.choice(DELIVERIES),
        "ts": f"2026-11-24T{dice.randrange(24):02}:00:00Z",
        **named(dice.choice((ORDER_ID, UNTOLD))),
    }
    return name, wire_post(**body | forgery(dice, shop, other))


def ledger(services: Services) -> list[dict[str, Any]]:
    with services.database.transaction() as conn:
        return conn.execute("SELECT * FROM paid_order ORDER BY shop_id, order_id").fetchall()


def browsers(services: Services) -> list[dict[str, Any]]:
    with services.database.transaction() as conn:
        return conn.execute(
            "SELECT shop_id, sealed_ids IS NOT NULL AS has_ids, refused FROM evidence e"
            " WHERE EXISTS (SELECT FROM paid_order o"
            " WHERE o.shop_id = e.shop_id AND o.token_hash = e.token_hash) ORDER BY 1, token_hash"
        ).fetchall()


def buy(client: FlaskClient, clock: MovedClock, shop: Shop, **changes: Any) -> None:
    now = clock.now()
    times = dict.fromkeys(("processed_at", "created_at", "updated_at"), now.isoformat())
    body = paid_payload(**times | changes)
    assert doors.webhook(client, "/webhooks/orders/paid", body, shop=shop.domain, at=now).status_code == 200


@pytest.fixture
def other(services: Services) -> Shop:
    """Another shop; its pixel's key is as public as any."""
    found = connect(services, install(services, "other.myshopify.com"), "6543210987654321")
    switch_on(services, found)
    return found


@pytest.mark.parametrize("count", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_forged_posts_neither_cause_a_send_nor_stop_one(
    client: FlaskClient, services: Services, shop: Shop, other: Shop, clock: MovedClock, meta: Meta, count: int
) -> None:
    """One order was consented to and missed, one has no evidence, one is another shop's, with its own."""
    object.__setattr__(services, "gate", Gate(per_address=1, per_shop=1e6, checkouts=10**7))
    switch_on(services, shop)
    tell(client, shop, clock)
    buy(client, clock, shop)
    buy(client, clock, shop, id=UNTOLD, name="#1002", checkout_token=UNTOLD_TOKEN)
    tell(client, other, clock, token=OTHERS_TOKEN)
    buy(client, clock, other, id=OTHERS, name="#1", checkout_token=OTHERS_TOKEN)
    before, kept = ledger(services), browsers(services)
    dice, answers = random.Random(count), Counter[tuple[str, int]]()  # noqa: S311 - the same posts each time

    for _ in range(count):
        name, raw = forged(dice, shop, other)
        answers[name, doors.evidence(client, raw).status_code] += 1

    assert {status for _, status in answers} == {204, 400}
    assert ledger(services) == before
    assert browsers(services) == kept
    assert meta.received == []
    clock.pass_by(minutes=31)
    work(services)
    assert ended(services) == ("recovered", "pixel_silent")
    assert ended(services, UNTOLD) == ("withheld", "consent_unknown")
    assert ended(services, OTHERS) == ("recovered", "pixel_silent")
    assert len(meta.received) == 2
    assert sum(totals(services).values()) == 3
