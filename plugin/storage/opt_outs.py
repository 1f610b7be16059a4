"""The customer's own opt-out of the sale of data, kept in Shopify: of which orders to ask, and what waits for it.

Where the shop lets us read it, an order is claimed for sending only once the answer is known. Shopify may be away. An
hour after such an order was due it counts as opted out, but only if the merchant chose limited data use: sent so, it
wrongs nobody, whatever the customer chose, and is not lost. Without limited data use it goes on waiting: to send it
could be against the customer's choice, and to withhold it as opted out would say what nobody knows. It is asked again
until Shopify answers, or ends expired after 6 days and 23 hours, for all to see.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from plugin.storage.database import Conn
from plugin.storage.shops import Shop

READ_CUSTOMERS: Final = "read_customers"
GRANTS: Final = frozenset({READ_CUSTOMERS, "write_customers"})
"""Either will do: writing includes reading."""
BOUNDED: Final = timedelta(hours=1)
"""How long an order that is due waits for the answer, where limited data use is chosen."""
MOST_SHOPS: Final = 500

_READABLE = "string_to_array(replace(s.scopes, ' ', ''), ',') && ARRAY['read_customers', 'write_customers']"
MAY_GO = f"""(o.sale_opted_out IS NOT NULL OR NOT EXISTS (
    SELECT FROM shop s JOIN shop_policy p ON p.shop_id = s.id
    WHERE s.id = o.shop_id AND {_READABLE}
        AND NOT (p.ldu AND o.look_at <= %(now)s - interval '{BOUNDED.seconds} seconds')))"""
"""Of a due order `o` at `now`: no word of its customer is outstanding. A condition of whoever claims orders."""

MAY_GO_OF_ANY = f"""(o.sale_opted_out IS NOT NULL OR o.shop_id NOT IN (SELECT s.id FROM shop s WHERE {_READABLE})
    OR o.look_at <= %(now)s - interval '{BOUNDED.seconds} seconds'
        AND o.shop_id IN (SELECT p.shop_id FROM shop_policy p WHERE p.ldu))"""  # noqa: S608 - put together from constants of this file
"""The same, for one look at the orders of all shops: each shop is asked about once, not once for each of its orders."""

# What was taken in with its buyer, and may still be sent.
_ASKED = """
o.outcome = 'waiting' AND o.attempt IS NULL AND o.sale_opted_out IS NULL AND o.sealed_event IS NOT NULL
"""
_DUE = f"""
SELECT s.id FROM shop s JOIN shop_policy p ON p.shop_id = s.id
WHERE s.uninstalled_at IS NULL AND s.access_token IS NOT NULL AND s.reopen_needed IS NULL AND p.tracking_on
    AND {_READABLE} AND EXISTS (SELECT FROM paid_order o WHERE o.shop_id = s.id AND {_ASKED})
ORDER BY s.id LIMIT %s
"""  # noqa: S608 - put together from constants of this file
_PAGE = f"""
SELECT order_id FROM paid_order o WHERE o.shop_id = %s AND {_ASKED} ORDER BY o.look_at LIMIT %s
"""  # noqa: S608 - put together from constants of this file


def readable(shop: Shop) -> bool:
    """Whether the shop lets us read its customers' own choice."""
    return any(name.strip() in GRANTS for name in shop.scopes.split(","))


def due(conn: Conn) -> list[int]:
    """Return the ids of shops with orders of whose customers Shopify is to be asked."""
    return [row["id"] for row in conn.execute(_DUE, (MOST_SHOPS,)).fetchall()]


def page(conn: Conn, shop: Shop, limit: int) -> list[int]:
    """Return the ids of the next orders to ask about, those first that are due first."""
    return [row["order_id"] for row in conn.execute(_PAGE, (shop.id, limit)).fetchall()]


def note(conn: Conn, shop: Shop, answers: Mapping[int, bool]) -> None:
    """Keep what Shopify said of these orders' customers, while they wait; their rows are held until the commit."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "UPDATE paid_order SET sale_opted_out = %s WHERE shop_id = %s AND order_id = %s AND outcome = 'waiting'",
            [(answers[order_id], shop.id, order_id) for order_id in sorted(answers)],
        )
