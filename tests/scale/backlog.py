"""Orders that came in half an hour ago and that the pixel missed: their grace ends when it is said, and they are sent.

Rows as intake and the first judgement leave them, with the evidence of a consented checkout that has no end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from plugin.recovery.evidence import Post, Stage
from plugin.recovery.purchase import Browser
from plugin.storage.orders import event_place
from plugin.storage.vault import Place
from tests.bench import events
from tests.bench.bodies import FIRST_ORDER, token
from tests.bench.ledger_rows import AGREED
from tests.bench.site import Site
from tests.scale.town import Member

FIRST = 500_000_000
"""The first number of the orders made here; the clients' are below."""
GRACE = timedelta(minutes=30)
KINDS = 200
"""Different events, of as many buyers; each order has one of them under its own id."""
SEEN = (
    Stage.CHECKOUT_STARTED,
    Stage.CONTACT_INFO_SUBMITTED,
    Stage.ADDRESS_INFO_SUBMITTED,
    Stage.PAYMENT_INFO_SUBMITTED,
)
_ORDER_COLUMNS = (
    "shop_id, order_id, generation, connection_id, number, placed_at, paid_at, updated_at, day, value, currency, test,"
    " from_checkout, cancelled, billing_region, shipping_region, token_hash, has_match_data, switch_count, outcome,"
    " reason, look_at, sealed_event"
)
_EVIDENCE_COLUMNS = "shop_id, token_hash, day, posts, sealed_ids, ids_at, refused"


class Due(NamedTuple):
    """An order to come due. `judged`: the sweep has seen it, and only sending is left."""

    member: Member
    number: int
    at: datetime
    judged: bool = False

    @property
    def order_id(self) -> int:
        """Shopify's id of it."""
        return FIRST_ORDER + self.number


def _templates(at: datetime) -> list[tuple[bytes, bytes]]:
    """Return events, each with the id that stands in it."""
    made = events.orders(KINDS)
    return [(events.built(order, at), str(order["id"]).encode()) for order in made]


def _rows(dues: Sequence[Due], now: datetime) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    templates = _templates(now - GRACE)
    posts = Jsonb([Post(stage=stage, consent=AGREED, at=now - GRACE, key="k" * 16, token="t").kept() for stage in SEEN])
    for due in dues:
        event, mark = templates[due.number % KINDS]
        member, order_id, paid = due.member, due.order_id, due.at - GRACE
        placed, checkout = paid - timedelta(minutes=1), member.key.lookup_hash(token(due.number))
        sealed = member.key.seal(event.replace(mark, str(order_id).encode()), event_place(order_id))
        known = (member.id, order_id, 1, member.connection_id, f"#{due.number}", placed, paid, paid, paid.date())
        sold = (115.90, "EUR", False, True, False, "US-CA", "US-CA", checkout, True, member.switch_count)
        order = (*known, *sold, "waiting", "sending" if due.judged else "grace_period", due.at, sealed)
        browser = Browser(f"fb.1.1764000000000.{due.number}", None, None, None, "https://store.example/checkouts")
        ids = member.key.seal(msgspec.json.encode(browser), Place("evidence", "sealed_ids", checkout.hex()))
        yield order, (member.id, checkout, now.date(), posts, ids, placed, False)


def write(site: Site, dues: Sequence[Due]) -> None:
    """Write them, as fast as PostgreSQL takes them."""
    orders, evidence = [], []
    for order, seen in _rows(dues, datetime.now(UTC)):
        orders.append(order)
        evidence.append(seen)
    with psycopg.connect(site.url, autocommit=True) as conn:
        conn.execute("SET synchronous_commit = off")
        for table, columns, rows in (
            ("paid_order", _ORDER_COLUMNS, orders),
            ("evidence", _EVIDENCE_COLUMNS, evidence),
        ):
            _copy(conn, f"COPY {table} ({columns}) FROM STDIN", rows)
        conn.execute("ANALYZE paid_order, evidence")


def _copy(conn: psycopg.Connection[Any], statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    with conn.cursor() as cursor, cursor.copy(sql.SQL(statement)) as copy:
        for row in rows:
            copy.write_row(row)


_WAITED = """
SELECT extract(epoch FROM decided_at - (paid_at + %(grace)s))::float8 AS seconds FROM paid_order
WHERE order_id BETWEEN %(first)s AND %(last)s AND outcome = 'recovered'
"""


def waited(site: Site, first: int, last: int) -> list[float]:
    """Return the seconds from due to sent (Meta's answer written) of the orders with these numbers that were sent."""
    given = {"grace": GRACE, "first": FIRST_ORDER + first, "last": FIRST_ORDER + last}
    with site.connect() as conn:
        return [row["seconds"] for row in conn.execute(_WAITED, given).fetchall()]


def outcomes(site: Site, first: int, last: int) -> dict[str, int]:
    """Return how many of the orders with these numbers ended how."""
    with site.connect() as conn:
        rows = conn.execute(
            "SELECT outcome, count(*) AS n FROM paid_order WHERE order_id BETWEEN %s AND %s GROUP BY 1",
            (FIRST_ORDER + first, FIRST_ORDER + last),
        ).fetchall()
    return {row["outcome"]: row["n"] for row in rows}
