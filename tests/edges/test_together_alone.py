"""What is written in a group is what would have been written alone, column by column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.recovery.evidence import Post
from plugin.recovery.order import Receipt
from plugin.recovery.purchase import Browser
from plugin.services import Services
from plugin.storage import erasure, evidence, intake, orders, posts, shops
from plugin.storage.database import Conn
from plugin.storage.evidence import Arrival, Kept
from plugin.storage.orders import event_place
from plugin.storage.shops import Shop
from tests.builders import CHECKOUT_TOKEN, ORDER_ID, paid_payload, wire_post
from tests.conftest import SHOP, MovedClock
from tests.edges.handwork import do, read_shop
from tests.edges.ledger_view import row, switch_off, switch_on, tell

CART = [{"name": "_backstop", "value": "1;maps;2026-11-24T11:59:00Z;fb.1.1764000000000.77;fb.1.1764000000000.Cl"}]
REFUSING = [{"name": "_backstop", "value": "1;-;2026-11-24T11:59:00Z;;"}]
ORDERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "without a checkout": {"checkout_token": None},
    "a test": {"test": True},
    "cancelled": {"cancelled_at": "2026-11-24T12:00:00Z"},
    "from the till": {"source_name": "pos"},
    "of nobody": {"customer": None, "billing_address": None, "shipping_address": None, "email": None},
    "of nowhere": {"billing_address": {"country_code": "ZZ"}, "shipping_address": None},
    "with a choice": {"note_attributes": CART},
    "with a refusal": {"note_attributes": REFUSING},
    "before the connection": {"processed_at": "2026-01-01T00:00:00Z"},
    "late": {"processed_at": "2026-11-16T00:00:00Z"},
    "large": {"id": 2**62 + 1, "total_price_set": {"presentment_money": {"amount": "0.0001", "currency_code": "JPY"}}},
}
Write = Callable[[Conn, Receipt], int | None]


class Undone(Exception):
    """Ends a transaction of which nothing is to stay."""


@contextmanager
def undone(services: Services) -> Iterator[Conn]:
    """A transaction of which nothing stays."""
    with suppress(Undone), services.database.transaction() as conn:
        yield conn
        raise Undone


def receipt(clock: MovedClock, **changes: Any) -> Receipt:
    at = clock.now().isoformat()
    return Receipt.from_payload(
        paid_payload(**{"processed_at": at, "created_at": at, "updated_at": at} | changes), paid_at=clock.now()
    )


def written(services: Services, shop: Shop, one: Receipt, write: Write) -> dict[str, Any]:
    """Write an order, and return its row and what is sealed in it; nothing of it stays."""
    found: dict[str, Any] = {}
    with undone(services) as conn:
        found["shop"] = write(conn, one)
        for line in conn.execute("SELECT * FROM paid_order WHERE order_id = %s", (one.order.id,)).fetchall():
            sealed = line.pop("sealed_event")
            key = read_shop(conn, services, shop).key
            found |= line | {"event": sealed and key.unseal(sealed, event_place(one.order.id))}
    return found


def alone(services: Services, now: datetime) -> Write:
    return lambda conn, one: orders.record_paid(conn, services.vault, SHOP, one, now)


def together(services: Services, now: datetime) -> Write:
    def write(conn: Conn, one: Receipt) -> int | None:
        others = [replace(one, order=replace(one.order, id=number)) for number in (1, 2)]
        told = [intake.Incoming(services.vault, SHOP, each, now) for each in (others[0], one, others[1])]
        return intake.record_all(conn, told)[1]

    return write


def same(services: Services, shop: Shop, one: Receipt, now: datetime) -> dict[str, Any]:
    found = written(services, shop, one, together(services, now))
    assert found == written(services, shop, one, alone(services, now))
    return found


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_is_the_same_row_together_and_alone(
    services: Services, shop: Shop, clock: MovedClock, name: str
) -> None:
    one = receipt(clock, **ORDERS[name])
    assert same(services, shop, one, clock.now())["event"] is None  # tracking is off

    switch_on(services, shop)
    do(services, "UPDATE shop_policy SET cart_choices = true")

    found = same(services, shop, one, clock.now())
    assert (found["event"] is not None) == (name in {"plain", "of nobody", "with a choice", "of nowhere", "large"})


@pytest.mark.parametrize("changes", [{}, {"tr": "blocked"}, {"consent": {"m": False, "a": True, "p": True, "s": True}}])
def test_so_it_is_after_what_the_pixel_told(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock, changes: dict[str, Any]
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock, **changes)

    same(services, shop, receipt(clock), clock.now())


@pytest.mark.parametrize("changes", [{}, {"cancelled_at": "2026-11-24T12:00:00Z"}])
@pytest.mark.parametrize("told_by", ["webhook", "reconciliation"])
def test_so_is_a_repeat(
    services: Services, shop: Shop, clock: MovedClock, changes: dict[str, Any], told_by: str
) -> None:
    switch_on(services, shop)
    with services.database.transaction() as conn:
        orders.record_paid(conn, services.vault, SHOP, receipt(clock), clock.now())
    do(services, "UPDATE paid_order SET told_by = %s", told_by)
    later = clock.pass_by(minutes=5)

    same(services, shop, receipt(clock, email="another@example.com", **changes), later)


def test_so_is_an_erased_order(services: Services, shop: Shop, clock: MovedClock) -> None:
    with services.database.transaction() as conn:
        erasure.bury(conn, read_shop(conn, services, shop), [ORDER_ID])

    assert same(services, shop, receipt(clock), clock.now()) == {"shop": shop.id}


def test_a_shop_that_changed_is_seen_as_it_is_by_the_very_next_group(
    services: Services, shop: Shop, clock: MovedClock
) -> None:
    one = receipt(clock)
    switch_on(services, shop)
    assert same(services, shop, one, clock.now())["event"] is not None
    switch_off(services, shop)
    assert same(services, shop, one, clock.now())["event"] is None
    do(services, "UPDATE shop SET time_zone = 'Pacific/Kiritimati'")
    assert same(services, shop, one, clock.now())["day"] == (clock.now() + timedelta(hours=14)).date()
    do(services, "UPDATE meta_connection SET until_at = now(), token = NULL")
    same(services, shop, one, clock.now())
    do(services, "UPDATE shop SET uninstalled_at = now()")
    assert same(services, shop, one, clock.now()) == {"shop": None}


def kept(services: Services, write: Callable[[Conn], Kept | None]) -> dict[str, Any]:
    """Keep a post, and return the checkout's row and what is sealed in it; nothing of it stays."""
    found: dict[str, Any] = {}
    with undone(services) as conn:
        found["kept"] = write(conn)
        lines = conn.execute("SELECT * FROM evidence ORDER BY day").fetchall()
        for line in lines:
            line["sealed_ids"] = None if line["sealed_ids"] is None else len(line["sealed_ids"])
        found["rows"] = lines
    return found


POSTS: dict[str, dict[str, Any]] = {
    "the first": {"stage": "checkout_started", "tr": None, "order": None, "eid": None},
    "the same again": {},
    "one of later": {"tr": "pending", "ts": "2026-11-24T12:09:00.000Z", "fbp": "fb.1.1764000000000.9"},
    "one without a time": {"ts": "yesterday"},
}


@pytest.mark.parametrize("room", [0, 1])
@pytest.mark.parametrize("before", [None, "today", "yesterday", "refused"])
@pytest.mark.parametrize("name", POSTS)
def test_a_post_is_the_same_row_together_and_alone(
    services: Services, shop: Shop, clock: MovedClock, name: str, before: str | None, room: int
) -> None:
    switch_on(services, shop)
    now = clock.now()
    browser = Browser(fbp="fb.1.1764000000000.1", ip="81.2.69.160")
    if before is not None:
        told = {"refused": {"consent": {"m": False, "a": True, "p": True, "s": True}}}.get(before, {})
        at = now - timedelta(days=before == "yesterday")
        with services.database.transaction() as conn:
            first = Post.from_json(wire_post(key=shop.ingest_key, **told))
            evidence.keep(conn, read_shop(conn, services, shop), Arrival(first, at, browser))
    arrival = Arrival(Post.from_json(wire_post(key=shop.ingest_key, **POSTS[name])), now, browser, has_room=bool(room))

    def by_itself(conn: Conn) -> Kept | None:
        return evidence.keep(conn, read_shop(conn, services, shop), arrival)

    def in_a_group(conn: Conn) -> Kept | None:
        post = arrival.post
        others = [replace(arrival, post=replace(post, token=f"other-{number}")) for number in (1, 2)]
        told = [posts.Incoming(services.vault, each, lambda _: bool(room)) for each in (others[0], arrival, others[1])]
        ended = posts.keep_all(conn, told)[1]
        conn.execute("DELETE FROM evidence WHERE token_hash <> %s", (shop.key.lookup_hash(CHECKOUT_TOKEN),))
        assert isinstance(ended, tuple)
        return ended[1]

    assert kept(services, in_a_group) == kept(services, by_itself)


def test_a_post_of_a_checkout_with_an_order_and_a_strangers_are_told_apart_from_the_plain_ones(
    services: Services, shop: Shop, clock: MovedClock
) -> None:
    with services.database.transaction() as conn:
        orders.record_paid(conn, services.vault, SHOP, receipt(clock), clock.now())
    named = Post.from_json(wire_post(key=shop.ingest_key))
    told = [named, replace(named, key="a" * 24), replace(named, token="another")]
    with services.database.transaction() as conn:
        ended = posts.keep_all(
            conn, [posts.Incoming(services.vault, Arrival(post, clock.now(), None), lambda _: True) for post in told]
        )
        found = shops.by_id(conn, services.vault, shop.id)

    assert ended == [posts.NOT_HERE, None, (found, Kept.ADDED)]
    assert row(services)["outcome"] == "waiting"
