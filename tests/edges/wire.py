"""A connected shop with the switch on, its buyers, and the stand-in Meta; and what that Meta was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage.shops import Shop
from sandbox.world import World
from tests.builders import CHECKOUT_TOKEN, ORDER_ID
from tests.conftest import MovedClock
from tests.edges.handwork import GRACE
from tests.edges.ledger_view import buy, ended, tell, work
from tests.edges.visits import Merchant, shop_of


@dataclass
class Town:
    """A connected shop with the switch on, its buyers, and Meta."""

    world: World
    merchant: Merchant
    client: FlaskClient
    services: Services
    clock: MovedClock
    number: int = ORDER_ID

    @property
    def shop(self) -> Shop:
        return shop_of(self.services)

    def missed(self, *, consent: dict[str, bool] | None = None, **told: Any) -> int:
        """Let somebody buy whom the pixel misses, and let the grace period pass."""
        self.number += 1
        token = f"{CHECKOUT_TOKEN}{self.number}"
        about = {"token": token} | ({"consent": consent} if consent else {}) | told
        tell(self.client, self.shop, self.clock, **about)
        buy(self.client, self.clock, id=self.number, admin_graphql_api_id="", checkout_token=token)
        self.clock.pass_by(minutes=GRACE)
        return self.number

    def sent(self, **told: Any) -> dict[str, Any]:
        """Let an order be missed and sent; return the event that Meta got."""
        order_id = self.missed(**told)
        work(self.services)
        assert ended(self.services, order_id)[0] == "recovered"
        event = self.received()["events"][-1]
        assert (event["source"], event["event_id"]) == ("server", f"purchase.{order_id}")
        payload: dict[str, Any] = event["payload"]
        return payload

    def received(self) -> dict[str, list[dict[str, Any]]]:
        answer = requests.get(f"{self.world.options.own_url}/meta/received.json", timeout=5)
        found: dict[str, list[dict[str, Any]]] = answer.json()
        return found

    def pass_a_day(self) -> None:
        self.clock.pass_by(hours=24)
        self.world.clock.offset += timedelta(hours=24).total_seconds()
