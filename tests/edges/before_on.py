"""A shop of the stand-in Shopify that sold things before offline tracking went on, and a worker that recovers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from plugin.jobs import deliver, opt_outs, recover, sweep
from plugin.pages.words import WARNING_VERSION
from plugin.shopify.admin import AdminClient
from plugin.shopify.queries import Query
from plugin.storage.again import Recovery, latest
from tests.builders import wire_post
from tests.conftest import GRANTED
from tests.doors import evidence
from tests.edges.handwork import do
from tests.edges.ledger_view import totals
from tests.edges.lost_webhooks import Town
from tests.edges.visits import Merchant, minted, shop_of

CONSENTED = {"m": True, "a": True, "p": True, "s": True}
REFUSED = {"m": False, "a": False, "p": False, "s": False}


class Before(Town):
    """Tracking is off at first; `switch_on` ticks "recover the last 7 days"."""

    def sold(self, *, delivery: str | None = None, consent: Mapping[str, bool] | None = CONSENTED, **wish: Any) -> int:
        """Sell something of which the webhook tells at once, and the browser what the test says."""
        (order_id,) = self.sell(**wish)
        if consent is not None:
            self.says(order_id, "checkout_started", None, consent)
        self.tell(order_id)
        if delivery is not None:
            self.says(order_id, "checkout_completed", delivery, consent or CONSENTED)
        return order_id

    def says(self, order_id: int, stage: str, delivery: str | None, consent: Mapping[str, bool] = CONSENTED) -> None:
        """Post evidence of an order's checkout."""
        named: dict[str, Any] = {"order": None, "eid": None}
        if delivery:
            named = {"order": str(order_id), "eid": f"purchase.{order_id}"}
        told: dict[str, Any] = {
            "key": self.shop().ingest_key,
            "token": self.shopify.orders[order_id]["checkout_token"],
            "tr": delivery,
        }
        at: dict[str, Any] = {"ts": self.clock.now().isoformat(), "consent": consent, "stage": stage}
        if not all(consent.values()):
            at |= {"fbp": None, "fbc": None}
        assert evidence(self.client, wire_post(**told, **named, **at)).status_code == 204

    def merchant(self) -> Merchant:
        return Merchant(self.client, tokens=[minted(self.world)])

    def switch_on(self, *, recovering: bool = True) -> None:
        fields = {"on": "1", "warning": WARNING_VERSION, "ack": "yes", "place": "dashboard"}
        fields["mode"] = shop_of(self.services).policy.consent_mode.value
        if recovering:
            fields["recover"] = "yes"
        assert self.merchant().post("/offline-tracking", **fields).status_code == 303

    def switch_off(self) -> None:
        assert self.merchant().post("/offline-tracking", on="0", place="settings").status_code == 303

    def recover(self) -> Recovery:
        """Let the recovery go on as far as it is due; return how it stands."""
        for shop_id in recover.due(self.services):
            recover.recover(self.services, shop_id)
        return self.recovery()

    def recovery(self) -> Recovery:
        with self.services.database.transaction() as conn:
            found = latest(conn, self.shop().id)
        assert found is not None
        return found

    def judge(self) -> None:
        sweep.sweep(self.services)

    def ask_customers(self) -> None:
        for shop_id in opt_outs.due(self.services):
            opt_outs.ask(self.services, shop_id)

    def send(self) -> None:
        for shop_id in sweep.sweep(self.services):
            deliver.deliver(self.services, shop_id)

    def ended(self, order_id: int) -> tuple[str, str]:
        row = self.rows()[order_id]
        return row["outcome"], row["reason"]

    def received(self) -> list[dict[str, Any]]:
        """Return the purchases that Meta has."""
        return [each["payload"] for each in self.world.meta.events_json() if each["event_name"] == "Purchase"]

    def documents(self, name: str) -> int:
        """Count how often Shopify was asked a document."""
        return sum(f"query {name}(" in document for document in list(self.shopify.documents))

    def adds_up(self) -> bool:
        """Whether the day totals are what the ledger's decided rows say."""
        counted: dict[tuple[str, str], int] = {}
        for row in self.rows().values():
            if row["outcome"] != "waiting":
                line = (row["outcome"], row["reason"])
                counted[line] = counted.get(line, 0) + 1
        return counted == totals(self.services)


class Meanwhile(AdminClient):
    """Does something after Shopify has answered, and before the answer is written."""

    step: Callable[[], object] = staticmethod(lambda: None)

    def run(self, shop: str, access_token: str, query: Query, variables: Any = None) -> Mapping[str, Any]:
        data = super().run(shop, access_token, query, variables)
        step, self.step = self.step, lambda: None
        step()
        return data


def meanwhile(town: Before, step: Callable[[], object]) -> None:
    admin = Meanwhile(town.services.settings.admin_url_template)
    admin.step = step
    town.offer(admin)


def outcomes(town: Before) -> set[tuple[str, str]]:
    return {(row["outcome"], row["reason"]) for row in town.rows().values()}


def nothing_is_kept(town: Before) -> bool:
    return all(row["sealed_event"] is None for row in town.rows().values())


def grant(town: Before) -> None:
    town.shopify.scopes.add("read_customers")
    do(town.services, "UPDATE shop SET scopes = %s", f"{GRANTED},read_customers")


def limited(town: Before) -> None:
    do(town.services, "UPDATE shop_policy SET ldu = true")


def held(town: Before, order_id: int) -> bool | None:
    found: bool | None = town.rows()[order_id]["sale_opted_out"]
    return found
