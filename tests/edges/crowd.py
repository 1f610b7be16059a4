"""Many orders that are due to be sent, written as intake and sweep would have left them; and the sandbox's Meta."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from plugin.meta.conversions import ConversionsClient
from plugin.recovery.dial import EVERYTHING
from plugin.recovery.purchase import purchase_event
from plugin.services import Services
from plugin.storage import shops
from plugin.storage.orders import event_place
from plugin.storage.shops import Shop
from sandbox.server import running
from sandbox.world import Options, World
from tests import builders
from tests.conftest import connect, install
from tests.edges.ledger_view import switch_on

TOKEN = "EAAtesttoken"
CHECKOUT = "checkout-of-the-crowd"
FIRST = 7_000_000_000_000

_ORDER = """
INSERT INTO paid_order (shop_id, order_id, generation, connection_id, number, placed_at, paid_at, updated_at, day,
    value, currency, test, from_checkout, cancelled, token_hash, has_match_data, switch_count, outcome, reason, look_at,
    sealed_event, again)
VALUES (%(shop)s, %(id)s, 1, %(connection)s, %(number)s, %(placed)s, %(placed)s, %(placed)s, %(day)s, 115.90, 'EUR',
    false, true, false, %(token)s, true, %(count)s, 'waiting', 'sending', %(due)s, %(sealed)s, %(again)s)
"""
_CONSENT = """
INSERT INTO evidence (shop_id, token_hash, day, posts, refused) VALUES (%s, %s, %s, %s, false) ON CONFLICT DO NOTHING
"""


def crowd(
    services: Services,
    shop: Shop,
    count: int,
    *,
    first: int = FIRST,
    placed: datetime | None = None,
    again: bool = False,
    **payload: Any,
) -> list[int]:
    """Write orders of a consented checkout that the pixel missed, one placed a second after the other."""
    now = services.clock.now()
    began = placed or now - timedelta(hours=3)
    with services.database.transaction() as conn:
        kept = shops.by_id(conn, services.vault, shop.id)
        assert kept is not None
        assert kept.connection is not None
        agreed = Jsonb([builders.post(token=CHECKOUT, at=now - timedelta(hours=4)).kept()])
        conn.execute(_CONSENT, (kept.id, kept.key.lookup_hash(CHECKOUT), now.date(), agreed))
        line = {
            "shop": kept.id,
            "connection": kept.connection.id,
            "token": kept.key.lookup_hash(CHECKOUT),
            "count": kept.switch_count,
            "due": now,
            "day": now.date(),
            "again": again,
        }
        lines = []
        for number in range(count):
            order_id, at = first + number, began + timedelta(seconds=number)
            event = event_of(order_id, at, **payload)
            sealed = kept.key.seal(event, event_place(order_id))
            lines.append(line | {"id": order_id, "number": f"#{number}", "placed": at, "sealed": sealed})
        with conn.cursor() as cursor:
            cursor.executemany(_ORDER, lines)
    return [first + number for number in range(count)]


def event_of(order_id: int, at: datetime, **payload: Any) -> bytes:
    """Return the event of an order of the crowd."""
    gid = f"gid://shopify/Order/{order_id}"
    made = builders.receipt(at, id=order_id, admin_graphql_api_id=gid, processed_at=at.isoformat(), **payload)
    return purchase_event(made, fields=EVERYTHING, shop_url="https://lantern.example", content_ids="product")


@dataclass(frozen=True, slots=True)
class SandboxMeta:
    """The sandbox's Meta, in threads of this process."""

    world: World

    def fault(self, name: str, **how: Any) -> None:
        self.world.faults.put({"name": name, **how})

    def repair(self) -> None:
        self.world.faults.clear()

    def posts(self) -> list[dict[str, Any]]:
        """Return the requests with orders in them; those that only try a token have none."""
        return [post for post in self.world.meta.posts_json() if "purchase." in str(post["event_ids"])]

    def sizes(self) -> list[int]:
        return [len(post["event_ids"]) for post in self.posts()]

    def received(self) -> list[str]:
        """Return the ids of the events that it has stored, repeats included."""
        return [event["event_id"] for event in self.world.meta.events_json()]

    def counted(self) -> int:
        """Return how many of them it counts."""
        return sum(not event["deduplicated"] for event in self.world.meta.events_json())


@contextmanager
def sandbox_meta(services: Services, *, timeout: tuple[float, float] = (1, 1.5)) -> Iterator[SandboxMeta]:
    """Let the sandbox be the services' Meta; it has the test's time."""
    with running(Options(port=0)) as world:
        world.clock.offset = (services.clock.now() - datetime.now(UTC)).total_seconds()
        client = ConversionsClient(f"{world.options.own_url}/meta/v26.0", timeout=timeout)
        object.__setattr__(services, "meta", client)
        yield SandboxMeta(world)


def open_shop(services: Services, meta: SandboxMeta, number: int = 0) -> Shop:
    """Install a store, connect a dataset of its own, switch on."""
    dataset = str(5_550_000_000_000_000 + number)
    meta.world.meta.register(dataset, TOKEN)
    shop = connect(services, install(services, f"shop-{number}.myshopify.com"), dataset)
    switch_on(services, shop)
    return shop


def attempts(services: Services) -> list[dict[str, Any]]:
    """Return every request that began, in order."""
    with services.database.transaction() as conn:
        return conn.execute("SELECT * FROM attempt WHERE post_started IS NOT NULL ORDER BY post_started").fetchall()


def outcomes(services: Services) -> dict[tuple[str, str], int]:
    """Count the ledger's rows by outcome and reason."""
    with services.database.transaction() as conn:
        rows = conn.execute("SELECT outcome, reason, count(*) AS n FROM paid_order GROUP BY 1, 2").fetchall()
    return {(row["outcome"], row["reason"]): row["n"] for row in rows}


def connection(services: Services, shop: Shop) -> dict[str, Any]:
    """Return a shop's open connection."""
    with services.database.transaction() as conn:
        row = conn.execute(
            "SELECT * FROM meta_connection WHERE shop_id = %s AND until_at IS NULL", (shop.id,)
        ).fetchone()
    assert row is not None
    return row
