"""A shop in the stand-in Shopify whose webhooks do not arrive, and a worker that keeps its calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests
from flask.testing import FlaskClient

from plugin.jobs import reconcile, renew
from plugin.services import Services
from plugin.shopify.admin import AdminClient
from plugin.storage import shops
from plugin.storage.shops import Shop
from sandbox.shops import Json
from sandbox.shops import Shop as SandboxShop
from sandbox.world import World
from tests import doors
from tests.conftest import SHOP, MovedClock
from tests.edges.visits import Merchant, connect, minted

STEP = timedelta(minutes=5)


@dataclass
class Town:
    """Both sides: the shop in the sandbox, and our services, by one clock."""

    world: World
    services: Services
    client: FlaskClient
    pauses: list[float] = field(default_factory=list)
    """How long the client was asked to wait, and did not."""

    def __post_init__(self) -> None:
        template = self.services.settings.admin_url_template
        self.offer(AdminClient(template, pause=self.pauses.append))

    def offer(self, admin: object) -> None:
        """Let the app talk to Shopify by another client."""
        object.__setattr__(self.services, "admin", admin)

    @property
    def shopify(self) -> SandboxShop:
        return self.world.shops[SHOP]

    @property
    def clock(self) -> MovedClock:
        assert isinstance(self.services.clock, MovedClock)
        return self.services.clock

    def pass_by(self, **span: float) -> None:
        """Let time pass on both sides; the sandbox's clock runs by itself, ours follows it."""
        self.world.clock.offset += timedelta(**span).total_seconds()
        self.clock.at = self.world.clock.now()

    def open(self) -> Merchant:
        """Open the app for the first time, and connect a dataset."""
        self.pass_by()
        merchant = Merchant(self.client, tokens=[minted(self.world)])
        connect(merchant)
        return merchant

    def shop(self) -> Shop:
        with self.services.database.transaction() as conn:
            found = shops.by_domain(conn, self.services.vault, SHOP)
        assert found is not None
        return found

    def sell(self, count: int = 1, **wish: Any) -> list[int]:
        """Sell something; return the orders' ids. Their webhooks are on their way, where nothing stops them."""
        url = f"{self.world.options.own_url}/shop/{SHOP}/orders"
        body = {"wait_webhook": False, "webhook": False} | wish
        sold = [requests.post(url, json=body, timeout=5).json()["order_id"] for _ in range(count)]
        self.pass_by()
        return [int(order_id) for order_id in sold]

    def act(self, order_id: int, action: str) -> None:
        """Let the staff do something with an order; no webhook tells us."""
        self.world.faults.put({"name": "webhooks_lost"})
        url = f"{self.world.options.own_url}/admin/{SHOP}/orders/{order_id}"
        assert requests.post(url, json={"action": action}, timeout=5).status_code == 200
        self.pass_by()

    def edit(self, order_id: int, **changes: Any) -> None:
        """Let the staff edit an order."""
        self.pass_by()
        told = {"updated_at": self.clock.now().isoformat(timespec="seconds")}
        self.shopify.orders[order_id] = self.shopify.orders[order_id] | told | changes

    def tell(self, order_id: int, *, late: timedelta = timedelta(0)) -> None:
        """Deliver an order's webhook, so long after it was triggered."""
        order = self.shopify.orders[order_id]
        answer = doors.webhook(self.client, "/webhooks/orders/paid", order, at=self.clock.now() - late)
        assert answer.status_code == 200

    def work(self) -> int:
        """Do what the calendar says for now; return how many rounds there were."""
        for shop_id in renew.due(self.services):
            renew.renew(self.services, shop_id)
        due = reconcile.due(self.services)
        for shop_id in due:
            reconcile.reconcile(self.services, shop_id)
        return len(due)

    def live(self, span: timedelta, each_step: Callable[[], object] = lambda: None) -> None:
        """Let time pass with a worker at its place."""
        for _ in range(span // STEP):
            self.pass_by(seconds=STEP.total_seconds())
            each_step()
            self.work()

    def rows(self) -> dict[int, Json]:
        """Return the ledger's rows by order."""
        with self.services.database.transaction() as conn:
            return {row["order_id"]: row for row in conn.execute("SELECT * FROM paid_order").fetchall()}

    def column(self, name: str) -> Any:
        """Return a column of the shop's row."""
        with self.services.database.transaction() as conn:
            row = conn.execute("SELECT * FROM shop WHERE domain = %s", (SHOP,)).fetchone()
        assert row is not None
        return row[name]

    def asked(self) -> list[str]:
        """Return the documents about orders that Shopify was asked, in order."""
        return [document for document in list(self.shopify.documents) if "ChangedOrders" in document]
