"""Merchants: install, connect, switch on; later they move the switch, leave, come back, and ask to erase people."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections.abc import Mapping

import aiohttp

from tests.chaos import looking
from tests.chaos.truth import NEVER, Bought, Merchant, Moved, Truth
from tests.chaos.world import World

WARNING = "2026-11"
PATIENCE = 60.0
"""Seconds for which something is asked again while processes die under it."""
AWAITED, BETWEEN = 15.0, 0.2
"""Seconds for which a request of a shop is looked out for, and between two looks: off drops what waits, so that a shop
whose switch moves more often than its grace period is long never sends anything."""
_FORM = re.compile(r'<input[^>]*name="seen"[^>]*value="([^"]*)"|<input[^>]*value="([^"]*)"[^>]*name="seen"')
_FIELDS = ("em", "ph", "fn", "ln", "ct", "st", "zp", "country", "external_id")
_BROWSER = ("client_ip_address", "client_user_agent", "fbp", "fbc")


class Merchants:
    """All of them."""

    def __init__(self, world: World, truth: Truth) -> None:
        self._world, self._truth = world, truth
        self._locks = [asyncio.Lock() for _ in truth.merchants]

    async def open_all(self) -> None:
        """Open every shop, a few at a time."""
        few = asyncio.Semaphore(4)

        async def one(merchant: Merchant) -> None:
            async with few:
                await self._open(merchant)

        await asyncio.gather(*(one(merchant) for merchant in self._truth.merchants))

    async def _open(self, merchant: Merchant) -> None:
        plan = merchant.plan
        await self._world.ask("POST", "/admin/shops", {"shop": plan.domain, "primary_domain": f"shop{plan.n}.example"})
        await self._world.ask("POST", "/meta/datasets", {"dataset": plan.dataset, "token": plan.token})
        await self._install(merchant)

    async def _install(self, merchant: Merchant) -> None:
        plan = merchant.plan
        await self.page(plan.domain, "GET", "/")
        await self.page(plan.domain, "POST", "/connect", {"dataset": plan.dataset, "token": plan.token})
        state = await self._world.ask("GET", f"/admin/{plan.domain}/state.json")
        merchant.key = state["web_pixel"]["settings"]["ingestKey"]
        if plan.ldu or plan.grace != 30:
            await self._settle(merchant)
        if plan.tracks:
            await self.switch(merchant, on=True)

    async def _settle(self, merchant: Merchant) -> None:
        page = await self.page(merchant.plan.domain, "GET", "/settings")
        seen = _FORM.search(page)
        form: dict[str, str | list[str]] = {
            "seen": html.unescape(seen[1] or seen[2]) if seen else "",
            "grace_minutes": str(merchant.plan.grace),
            "consent_mode": "recorded",
            "content_ids": "product",
            "fields": [*_FIELDS, *_BROWSER],
        }
        form |= {"ldu": "yes"} if merchant.plan.ldu else {}
        await self.page(merchant.plan.domain, "POST", "/settings", form)

    async def switch(self, merchant: Merchant, *, on: bool) -> None:
        """Move the switch, and go on asking until the app says that it is done."""
        moved = Moved(on, time.time())
        merchant.moves.append(moved)
        form = {"on": "1" if on else "0", "place": "settings"}
        if on:
            mode = merchant.plan.mode
            form |= {"warning": WARNING, "ack": "yes", "mode": mode, "seen_mode": "recorded"}
        where = await self.page(merchant.plan.domain, "POST", "/offline-tracking", form)
        moved.one_out = "off_one_out" in where
        moved.done = NEVER if moved.one_out else time.time()

    async def page(self, domain: str, method: str, path: str, form: Mapping[str, str | list[str]] | None = None) -> str:
        """Fetch a page as its script in the admin does; return its text, or where it leads to.

        Raises:
            TimeoutError: for a minute there was no good answer.
        """
        end, said = time.monotonic() + PATIENCE, ""
        while time.monotonic() < end:
            try:
                minted = await self._world.ask("POST", f"/admin/{domain}/id-token", {"real_time": True})
                bearer = {"Authorization": f"Bearer {minted['id_token']}"}
                async with self._world.http.request(
                    method, f"{self._world.app}{path}", data=form, headers=bearer, allow_redirects=False
                ) as answer:
                    said = await answer.text()
                    if answer.status == (200 if method == "GET" else 303):
                        return answer.headers.get("Location", said)
                    self._truth.odd_pages += answer.status >= 500 and answer.status != 503
                    said = f"{answer.status} {said[:300]}"
            except (aiohttp.ClientError, OSError, TimeoutError) as fault:
                said = repr(fault)
            await asyncio.sleep(0.3)
        raise TimeoutError(f"{method} {path} of {domain}: {said}")

    async def flip(self, n: int, seconds: float) -> None:
        """Off, the moment that a request is under way if one soon is, and a little later on again."""
        merchant = self._truth.merchants[n]
        async with self._locks[n]:
            for _ in range(round(AWAITED / BETWEEN)):
                if looking.is_sending(self._world, merchant.plan.domain):
                    break
                await asyncio.sleep(BETWEEN)
            await self.switch(merchant, on=False)
            await asyncio.sleep(seconds)
            await self.switch(merchant, on=True)

    async def leave(self, n: int, seconds: float) -> None:
        """Uninstall; every second shop is installed again, of the others all is to be erased."""
        merchant, domain = self._truth.merchants[n], self._truth.merchants[n].plan.domain
        merchant.uninstalled = time.time()
        await self._world.ask("POST", f"/admin/{domain}/uninstall", {})
        merchant.left = await self._acked(domain, "app/uninstalled")
        await asyncio.sleep(seconds)
        if n // 10 % 2 == 0:
            await self._world.ask("POST", f"/admin/{domain}/install", {})
            merchant.back = time.time()
            await self._install(merchant)
        else:
            await self._world.ask("POST", "/faults", {"name": "shop_redact", "shop": domain})
            merchant.shop_erased = await self._acked(domain, "shop/redact")

    async def _acked(self, domain: str, topic: str) -> float:
        """Wait until the app has answered 2xx to a shop's webhook; return when."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            told = (await self._world.ask("GET", f"/admin/{domain}/deliveries.json"))["deliveries"]
            if any(one["topic"] == topic and one["state"] == "delivered" for one in told):
                return time.time()
            await asyncio.sleep(0.3)
        return NEVER

    async def erase(self, order: Bought) -> None:
        """A buyer asks to be erased."""
        customer = {"id": 1, "email": order.email, "phone": None}
        wish = {"topic": "customers/redact", "customer": customer, "orders": [order.order_id]}
        await self._world.ask("POST", f"/admin/{order.shop.domain}/compliance", wish)
        order.erased = time.time()
