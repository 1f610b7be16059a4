"""Buyers: each checkout is posts of the pixel, an order at Shopify, the pixel's own Purchase at Meta."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp

from tests.chaos.truth import (
    CITY,
    CLIENT_IP,
    FBP,
    LAST_NAME,
    PHONE,
    STREET,
    USER_AGENT,
    Bought,
    Merchant,
    Told,
    Truth,
)
from tests.chaos.ways import NO_SALE, YES, Said
from tests.chaos.world import World

AT_ONCE = 60
SECOND_TRY = 2.0
"""Seconds, as the pixel waits."""
TRIES_AGAIN = (429, 503)


class Buyers:
    """All of them."""

    def __init__(self, world: World, truth: Truth) -> None:
        self._world, self._truth = world, truth
        self._places = asyncio.Semaphore(AT_ONCE)

    async def come(self, began: float) -> None:
        """Let each buy at their time; ``began``: of the loop's clock."""
        loop = asyncio.get_running_loop()
        visits = []
        for order in self._truth.orders:
            if (wait := began + order.plan.at - loop.time()) > 0:
                await asyncio.sleep(wait)
            await self._places.acquire()
            visits.append(asyncio.create_task(self._come_and_go(order)))
        await asyncio.gather(*visits)

    async def _come_and_go(self, order: Bought) -> None:
        try:
            await self.visit(order)
        except (TimeoutError, OSError, aiohttp.ClientError):  # the sandbox was too busy
            self._truth.broken_visits += 1
        finally:
            self._places.release()

    async def visit(self, order: Bought) -> None:
        """Let one buyer buy."""
        merchant = self._truth.merchants[order.plan.shop]
        early, late = ([s for s in order.plan.way.posts if s.early is which] for which in (True, False))
        for said in early:
            await self._post(order, merchant, said)
        await self._buy(order)
        if order.plan.way.at_meta and order.plan.kind == "web":
            await self._at_meta(order)
        for said in late:
            await self._post(order, merchant, said)
        if order.plan.cancelled_later:
            await self._cancel(order)

    def _now(self) -> float:
        return time.time() + self._world.offset

    async def _buy(self, order: Bought) -> None:
        order.made = time.time()
        made = await self._world.ask("POST", f"/shop/{order.shop.domain}/orders", wish_of(order))
        order.order_id = int(made["order_id"])
        order.placed = datetime.fromisoformat(made["placed_at"]).timestamp()
        money = made["total"]["presentment_money"]
        order.value, order.currency = money["amount"], money["currency_code"]

    async def _at_meta(self, order: Bought) -> None:
        query = {"id": order.shop.dataset, "ev": "Purchase", "eid": f"purchase.{order.order_id}"}
        async with self._world.http.get(f"{self._world.sandbox}/meta/tr/", params=query) as answer:
            await answer.read()

    async def _cancel(self, order: Bought) -> None:
        """Staff cancel it; the webhook that Shopify then tells again says so."""
        path = f"/admin/{order.shop.domain}/orders/{order.order_id}"
        order.cancelled = time.time()
        await self._world.ask("POST", path, {"action": "cancel"})
        told = await self._world.ask("POST", path, {"action": "resend"})
        if (told.get("webhook") or {}).get("status") == 200:
            order.cancel_told = time.time()

    async def tell_again(self, order: Bought) -> None:
        """Let Shopify tell of an order once more, out of the blue."""
        await self._world.ask("POST", f"/admin/{order.shop.domain}/orders/{order.order_id}", {"action": "resend"})

    async def _post(self, order: Bought, merchant: Merchant, said: Said) -> None:
        """Post as the pixel does: once more, two seconds later, where there was no answer or one of two."""
        told = Told(said, (order.placed or self._now()) + said.seconds, time.time())
        order.posts.append(told)
        body = wire(order, merchant, told)
        for wait in (SECOND_TRY, 0):
            status = await self._try(body)
            name = f"evidence {status}"
            self._truth.statuses[name] = self._truth.statuses.get(name, 0) + 1
            if status == 204:
                told.acked = time.time()
                return
            if status not in {*TRIES_AGAIN, 0} or not wait:
                return
            await asyncio.sleep(wait)

    async def _try(self, body: Mapping[str, Any]) -> int:
        headers = {"Content-Type": "text/plain", "X-Forwarded-For": CLIENT_IP, "User-Agent": USER_AGENT}
        try:
            limit = aiohttp.ClientTimeout(total=8)
            async with self._world.http.post(
                f"{self._world.app}/pixel/evidence", json=body, headers=headers, timeout=limit
            ) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, OSError, TimeoutError):
            return 0


def wish_of(order: Bought) -> dict[str, Any]:
    """What the sandbox's Shopify is asked to make."""
    buyer = {"email": order.email, "first_name": order.first_name, "last_name": LAST_NAME, "address1": STREET}
    buyer |= {"city": CITY, "phone": PHONE, "browser_ip": CLIENT_IP, "user_agent": USER_AGENT}
    changes = {"checkout_token": order.token} if order.plan.kind == "web" else {}
    tell = list(order.plan.tell)
    return {"kind": order.plan.kind, "region": order.plan.region, "buyer": buyer, "changes": changes, "tell": tell}


def wire(order: Bought, merchant: Merchant, told: Told) -> dict[str, Any]:
    """A post as it stands in docs/pixel-protocol.md."""
    said = told.said
    flags = {letter: letter in said.consent for letter in "maps"}
    named = str(order.order_id) if said.named else None
    return {
        "v": 1,
        "key": merchant.key,
        "stage": said.stage,
        "token": f"{order.token}x" if said.stray else order.token,
        "order": named,
        "eid": f"purchase.{named}" if named else None,
        "ts": datetime.fromtimestamp(told.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "consent": flags,
        "tr": said.word,
        "url": f"https://{order.shop.domain}/checkouts" if said.consent in {YES, NO_SALE} else None,
        "fbp": FBP if said.consent == YES else None,
        "fbc": None,
    }
