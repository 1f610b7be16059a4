"""A pixel that falls silent is found by its orders, told once, named on its orders, and over when it works again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from plugin.jobs import alerts, watch_pixel
from plugin.recovery.pixel_health import Health, Trouble
from plugin.services import Services
from plugin.shopify.admin import AdminClient
from plugin.storage import alerts as mailbox
from plugin.storage import pixel_health
from plugin.storage.installs import ACCESS
from plugin.storage.pixel_health import TroubleTime
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.post_office import PostOffice
from tests.edges.servers import Server, reply

ADDRESS = "owner@lantern.example"


class Orders:
    """Writes decided orders into the ledger, one every 20 minutes, as the pixel left them."""

    def __init__(self, services: Services, shop: Shop, clock: MovedClock) -> None:
        self.services, self.shop, self.clock, self.last = services, shop, clock, 0

    def come(self, count: int, delivery: str | None, *, seen: bool = True) -> None:
        lines = [self.line(number, count, delivery, seen=seen) for number in range(count)]
        with psycopg.connect(self.services.database.url) as conn, conn.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO paid_order (shop_id, order_id, generation, number, placed_at, paid_at, updated_at,"
                " day, value, currency, test, from_checkout, cancelled, has_match_data, outcome, reason,"
                " decided_at, summary)"
                " VALUES (%s, %s, 1, '#1', %s, %s, %s, current_date, 1, 'USD', false, true, false, true,"
                " %s, %s, %s, %s)",
                lines,
            )
        self.last += count

    def line(self, number: int, count: int, delivery: str | None, *, seen: bool) -> tuple[Any, ...]:
        at: datetime = self.clock.now() - timedelta(minutes=60 + 20 * (count - number))
        summary = psycopg.types.json.Jsonb({"delivery": delivery, "stages": ["checkout_started"] if seen else []})
        what = ("tracked", "pixel_delivered") if delivery == "sent" else ("missed", "tracking_off")
        return (self.shop.id, 7000 + self.last + number, at, at, at, *what, at, summary)


@pytest.fixture
def orders(services: Services, shop: Shop, clock: MovedClock) -> Orders:
    with services.database.transaction() as conn:
        conn.execute("UPDATE shop SET web_pixel_id = 'gid://shopify/WebPixel/1' WHERE id = %s", (shop.id,))
    return Orders(services, shop, clock)


@pytest.fixture
def usual(orders: Orders, clock: MovedClock) -> Orders:
    """Days of a working pixel: 9 of 10 orders reported."""
    for _ in range(20):
        orders.come(18, "sent")
        orders.come(2, None)
        clock.pass_by(hours=12)
    return orders


@pytest.fixture
def shopify(services: Services, shop: Shop) -> Iterator[Server]:
    """A Shopify that has our pixel."""
    with Server(reply({"data": {"webPixel": {"id": "gid://shopify/WebPixel/1", "settings": "{}"}}})) as server:
        object.__setattr__(services, "admin", AdminClient(server.url + "/{shop}"))
        with services.database.transaction() as conn:
            sealed = shop.key.seal(b"shpat_good", ACCESS)
            conn.execute(
                "UPDATE shop SET access_token = %s, access_expires_at = %s WHERE id = %s",
                (sealed, services.clock.now() + timedelta(days=300), shop.id),
            )
        yield server


def trouble(services: Services, shop: Shop) -> TroubleTime | None:
    with services.database.transaction() as conn:
        return pixel_health.open_trouble(conn, shop.id)


def write_to(services: Services, shop: Shop, address: str = ADDRESS) -> None:
    with services.database.transaction() as conn:
        mailbox.keep_address(conn, shop, address)


def test_a_working_pixel_is_left_in_peace(services: Services, shop: Shop, usual: Orders, clock: MovedClock) -> None:
    usual.come(5, None)
    clock.pass_by(minutes=1)

    assert watch_pixel.watch_all(services) == 1
    assert trouble(services, shop) is None
    assert watch_pixel.watch_all(services) == 0, "looked at again before its time"


def test_silence_is_found_and_dated_from_its_first_order(
    services: Services, shop: Shop, usual: Orders, clock: MovedClock, shopify: Server
) -> None:
    clock.pass_by(hours=12)
    usual.come(16, None, seen=False)

    watch_pixel.watch_all(services)

    found = trouble(services, shop)
    assert found is not None
    assert (found.health, found.trouble) == (Health.PAUSED, Trouble.NOTHING_SEEN)
    assert timedelta(hours=5) < clock.now() - found.from_at < timedelta(hours=30)
    with services.database.transaction() as conn:
        assert pixel_health.trouble_at(conn, shop.id, clock.now() - timedelta(hours=2)) == found
        assert pixel_health.trouble_at(conn, shop.id, clock.now() - timedelta(hours=40)) is None
    assert len(shopify.received) == 1


def test_a_pixel_that_shopify_does_not_have_is_named_as_such_and_ends_when_placed(
    services: Services, shop: Shop, usual: Orders, clock: MovedClock, shopify: Server
) -> None:
    shopify.judge = lambda _: reply(
        {
            "data": {"webPixel": None},
            "errors": [{"message": "No web pixel was found for this app.", "path": ["webPixel"]}],
        }
    )
    clock.pass_by(hours=12)
    usual.come(16, None, seen=False)

    watch_pixel.watch_all(services)

    found = trouble(services, shop)
    assert found is not None
    assert found.health is Health.NOT_INSTALLED
    with services.database.transaction() as conn:
        row = conn.execute("SELECT web_pixel_id FROM shop WHERE id = %s", (shop.id,)).fetchone()
        assert row == {"web_pixel_id": None}
        conn.execute("UPDATE shop SET web_pixel_id = 'gid://shopify/WebPixel/2' WHERE id = %s", (shop.id,))

    clock.pass_by(minutes=6)
    watch_pixel.watch_all(services)
    assert trouble(services, shop) is None


def test_blocked_purchases_are_named_and_over_once_they_arrive_again(
    services: Services, shop: Shop, usual: Orders, clock: MovedClock
) -> None:
    clock.pass_by(hours=12)
    usual.come(20, "blocked")
    watch_pixel.watch_all(services)
    found = trouble(services, shop)
    assert found is not None
    assert (found.health, found.trouble) == (Health.DEGRADED, Trouble.BLOCKED)

    clock.pass_by(hours=12)
    watch_pixel.watch_all(services)
    assert trouble(services, shop) == found

    usual.come(20, "sent")
    clock.pass_by(minutes=6)
    watch_pixel.watch_all(services)
    assert trouble(services, shop) is None
    clock.pass_by(minutes=6)
    watch_pixel.watch_all(services)
    assert trouble(services, shop) is None, "the same orders raise no second alarm"


def test_the_merchant_gets_one_e_mail_for_a_cause_a_day(
    services: Services, shop: Shop, usual: Orders, clock: MovedClock
) -> None:
    write_to(services, shop)
    clock.pass_by(hours=12)
    usual.come(20, "blocked")
    with PostOffice() as office:
        object.__setattr__(services.settings, "smtp_url", office.url)
        watch_pixel.watch_all(services)
        with services.database.transaction() as conn:
            alerts.raise_alert(conn, shop.id, "pixel_blocked", clock.now())
        assert alerts.send_waiting(services) == 1
        assert alerts.send_waiting(services) == 0

    [letter] = office.letters
    assert letter["To"] == ADDRESS
    assert shop.domain in letter["Subject"]
    assert "content security policy" in letter.get_payload()


def test_without_an_address_or_a_server_no_e_mail_is_kept(services: Services, shop: Shop, clock: MovedClock) -> None:
    with services.database.transaction() as conn:
        alerts.raise_alert(conn, shop.id, "pixel_blocked", clock.now())
        assert conn.execute("SELECT count(*) AS n FROM alert").fetchone() == {"n": 0}
    write_to(services, shop)
    with services.database.transaction() as conn:
        alerts.raise_alert(conn, shop.id, "pixel_blocked", clock.now())

    assert alerts.send_waiting(services) == 0


def test_a_server_that_turns_the_e_mail_away_is_asked_again_but_not_for_ever(
    services: Services, shop: Shop, clock: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    write_to(services, shop)
    with services.database.transaction() as conn:
        alerts.raise_alert(conn, shop.id, "connection_broken", clock.now())
    with PostOffice() as office:
        object.__setattr__(services.settings, "smtp_url", office.url)
        office.closed = True
        for _ in range(7):
            assert alerts.send_waiting(services) == 0
            clock.pass_by(hours=3)
        assert len([one for one in caplog.records if one.msg == "e-mail not sent"]) == 5
        assert ADDRESS not in caplog.text


def test_the_address_is_sealed(services: Services, shop: Shop) -> None:
    write_to(services, shop)

    with services.database.transaction() as conn:
        row = conn.execute("SELECT alert_mail FROM shop_policy WHERE shop_id = %s", (shop.id,)).fetchone()
        assert row is not None
        assert ADDRESS.encode() not in bytes(row["alert_mail"])
        assert mailbox.address_of(conn, shop) == ADDRESS
        mailbox.keep_address(conn, shop, None)
        assert mailbox.address_of(conn, shop) is None
