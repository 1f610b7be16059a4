"""Shops in states that buyers alone do not bring about in minutes: written into the ledger, with the worker stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plugin.recovery.dataset_report import Counts, Figures, Key, Ledger, Quality, Report, Told
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import reports, shops
from plugin.storage.database import Conn
from plugin.storage.policy import Staff, switch_on
from plugin.storage.postgres import EmbeddedPostgres, default_folder
from plugin.storage.shops import Shop
from sandbox.stage import Stage
from tests.browser import ledger
from tests.browser.ledger import BEFORE_ON, FIRST_ID, RECOVERED, TRACKED, USUAL, WAITING, Lines
from tests.browser.merchant import Merchant
from tests.browser.scenes import WARNING, Scene, asked, opened
from tests.browser.town import Town

MEASURED, BROKEN, HELD, SENDER, RECOVERING, LONG, MANY = (
    "measured",
    "broken",
    "held",
    "sender",
    "recovering",
    "long",
    "many",
)
MANY_ORDERS = 100_000
NAME = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft & Daughters, Est. 1899"
NUMBER = "WHOLESALE-BACKORDER-2026/NORTHERN-HEMISPHERE/"
HELD_ORDER, LONG_ORDER = FIRST_ID + 100, FIRST_ID + 8
QUALITY = Quality(Told.COUNTED, None, 6.4, 0.0, 75.0, (Key("event_id", 100.0, 98.5, None),))


def asked_about(part: str) -> Callable[[Merchant], None]:
    """Press the switch, and read down to a part of the dialog."""

    def act(merchant: Merchant) -> None:
        asked(merchant)
        merchant.app.locator(f"#{WARNING} {part}").scroll_into_view_if_needed()

    return act


STATES: Mapping[str, Scene] = {
    "dashboard-measured": Scene(MEASURED, "", "dashboard", is_main=True),
    "settings-measured": Scene(MEASURED, "/settings", "settings"),
    "dashboard-dialog_recover": Scene(MEASURED, "", "dashboard", asked_about("[data-recover-total]"), WARNING),
    "dashboard-broken": Scene(BROKEN, "", "dashboard", is_main=True),
    "settings-broken": Scene(BROKEN, "/settings", "settings"),
    "dashboard-held": Scene(HELD, "", "dashboard"),
    "orders-held": Scene(HELD, "/orders", "orders", is_main=True),
    "orders-held_dialog": Scene(HELD, "/orders", "orders", opened("held-send"), "held-send"),
    "order-held": Scene(HELD, f"/orders/{HELD_ORDER}", "order"),
    "dashboard-sender": Scene(SENDER, "", "dashboard", is_main=True),
    "settings-sender": Scene(SENDER, "/settings", "settings"),
    "dashboard-dialog_sender": Scene(SENDER, "", "dashboard", asked_about("[data-second-sender]"), WARNING),
    "dashboard-recovering": Scene(RECOVERING, "", "dashboard", is_main=True),
    "settings-recovering": Scene(RECOVERING, "/settings", "settings"),
    "dashboard-long": Scene(LONG, "", "dashboard"),
    "settings-long": Scene(LONG, "/settings", "settings"),
    "orders-long": Scene(LONG, "/orders", "orders"),
    "order-long": Scene(LONG, f"/orders/{LONG_ORDER}", "order"),
    "dashboard-100k": Scene(MANY, "", "dashboard"),
    "dashboard-100k_90_days": Scene(MANY, "/?days=90", "dashboard"),
    "orders-100k": Scene(MANY, "/orders", "orders"),
    "orders-100k_found": Scene(MANY, "/orders?outcome=withheld&reason=consent_unknown", "orders"),
}


@dataclass(frozen=True, slots=True)
class Hand:
    """Writes for one shop, as the app's own code would."""

    given: Services
    conn: Conn
    shop: Shop
    now: datetime

    def write(self, count: int, **more: Any) -> None:
        """Write orders (see Lines)."""
        ledger.write(self.given.database.url, Lines(self.shop.domain, count, **more), self.now)

    def do(self, statement: str, *values: Any) -> None:
        """Run a statement; the shop's id goes after the values."""
        self.conn.execute(statement.encode(), (*values, self.shop.id))

    def on(self) -> None:
        """Turn offline conversion tracking on, some days ago."""
        switch_on(self.conn, self.shop.id, Staff("42", "dashboard"), "2026-11", self.now - timedelta(days=20))
        self.conn.commit()

    def told(self, meta: Counts, ours: Ledger) -> None:
        """Let Meta have told of the dataset."""
        assert self.shop.connection is not None
        report = Report(Told.COUNTED, QUALITY, figures=Figures(int(self.now.timestamp()), meta, ours))
        reports.keep(self.conn, self.shop.id, self.shop.connection, report, self.now)


def measured(hand: Hand) -> None:
    """The switch is off, and the pixel misses orders."""
    hand.write(420, days=30, ends=BEFORE_ON)
    hand.told(Counts(81, 0, 0), Ledger(pixel=81, pixel_settled=70, orders=98))


def broken(hand: Hand) -> None:
    """Meta takes the token no more."""
    hand.on()
    hand.write(240, days=30)
    hand.do(
        "UPDATE meta_connection SET broken = 'token_revoked', broken_at = %s WHERE shop_id = %s",
        hand.now - timedelta(hours=5),
    )


def held(hand: Hand) -> None:
    """Meta may have had orders for more than 47 hours."""
    hand.on()
    hand.write(40, days=12)
    doubted = hand.now - timedelta(hours=50)
    for place, (currency, value) in enumerate((("EUR", "115.90"), ("JPY", "12800"), ("USD", "1049.00"))):
        first = HELD_ORDER - 1 + 10 * place
        hand.write(
            3, days=1, ends=[WAITING], first=first, sign=f"#9{place}", currency=currency, value=value, step="250"
        )
        hand.do(
            "UPDATE paid_order SET reason = 'held', tries = 1, in_doubt_since = %s, placed_at = %s, paid_at = %s,"
            " first_sent_at = %s, look_at = %s WHERE outcome = 'waiting' AND shop_id = %s",
            *[doubted] * 4,
            hand.now + timedelta(days=4),
        )


def sender(hand: Hand) -> None:
    """Somebody else sends purchases to the dataset; the switch is off still."""
    hand.write(180, days=30, ends=BEFORE_ON)
    hand.told(Counts(60, 41, 4), Ledger(sent=4, settled=4, most=4, pixel=60, pixel_settled=55, orders=70))


def recovering(hand: Hand) -> None:
    """The last 7 days are being recovered."""
    hand.write(3000, days=30, ends=BEFORE_ON)
    hand.on()
    hand.do(
        "INSERT INTO recovery (asked_at, user_id, connection_id, switch_count, due_at, looked_at, to_send, shop_id)"
        " SELECT %s, '42', c.id, p.switch_count, %s, 112, 87, p.shop_id FROM shop_policy p"
        " JOIN meta_connection c ON c.shop_id = p.shop_id AND c.until_at IS NULL WHERE p.shop_id = %s",
        hand.now - timedelta(minutes=2),
        hand.now,
    )


def long_names(hand: Hand) -> None:
    """Names, numbers and amounts are as long as they may be."""
    hand.on()
    hand.write(30, days=20, ends=[RECOVERED, TRACKED], sign=NUMBER, value="98765432109.99")
    hand.write(6, days=20, ends=[RECOVERED], sign=NUMBER, value="123456789.123", currency="KWD", first=FIRST_ID + 100)
    hand.do("UPDATE shop SET name = %s WHERE id = %s", NAME)
    hand.do("UPDATE meta_connection SET dataset_name = %s WHERE shop_id = %s", NAME)


def many(hand: Hand) -> None:
    """There are a hundred thousand orders."""
    hand.on()
    hand.write(MANY_ORDERS, ends=USUAL)


MAKERS: Mapping[str, Callable[[Hand], None]] = {
    MEASURED: measured,
    BROKEN: broken,
    HELD: held,
    SENDER: sender,
    RECOVERING: recovering,
    LONG: long_names,
    MANY: many,
}


def services_of(stage: Stage) -> Services:
    """Build the services of a stage's app, for what is done by its functions."""
    settings = Settings.from_env(stage.env)
    return Services.build(settings, EmbeddedPostgres(default_folder(settings.data_dir)).start())


def make(town: Town) -> Mapping[str, Merchant]:
    """Make every shop; nobody may work on them from then on."""
    merchants = {name: town.connected(name) for name in MAKERS}
    town.stage.kill("worker")
    given = services_of(town.stage)
    try:
        for name, maker in MAKERS.items():
            prepare(given, f"{name}.myshopify.com", maker)
    finally:
        given.close()
    return merchants


def prepare(given: Services, domain: str, maker: Callable[[Hand], None]) -> None:
    """Bring one connected shop into a state; the warning about other pixels is answered, so that it hides nothing."""
    with given.database.transaction() as conn:
        shop = shops.by_domain(conn, given.vault, domain)
        assert shop is not None
        hand = Hand(given, conn, shop, given.clock.now())
        hand.do("UPDATE shop_policy SET other_pixel = 'none' WHERE shop_id = %s")
        conn.commit()
        maker(hand)
