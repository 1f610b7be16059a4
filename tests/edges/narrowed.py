"""What tests of sending less look at."""

from __future__ import annotations

from plugin.recovery.purchase import fields_of
from plugin.services import Services
from plugin.storage.orders import event_place
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.edges.handwork import (
    DOWN,
    Meta,
    read_shop,
)
from tests.edges.ledger_view import ended, row, work
from tests.edges.settings_form import without

NO_PHONE = without("ph")


def kept(services: Services, shop: Shop, order_id: int = ORDER_ID) -> set[str]:
    """What the event of an order that waits tells of its buyer."""
    with services.database.transaction() as conn:
        key = read_shop(conn, services, shop).key
    return set(fields_of(key.unseal(row(services, order_id)["sealed_event"], event_place(order_id))))


def pending(services: Services, shop: Shop) -> bool:
    with services.database.transaction() as conn:
        return read_shop(conn, services, shop).erase_pending


def sent(meta: Meta) -> list[set[str]]:
    return [set(event["user_data"]) for events in meta.events() for event in events]


def wait_for_meta(services: Services, meta: Meta) -> None:
    meta.says(DOWN)
    work(services)
    assert ended(services) == ("waiting", "meta_unavailable")
