"""What is tried on purpose at the end: sealed values that change places, and master keys that may be taken away."""

from __future__ import annotations

import asyncio
import time

import psycopg

from tests.chaos import looking
from tests.chaos.buyers import Buyers
from tests.chaos.merchants import Merchants
from tests.chaos.plan import OrderPlan
from tests.chaos.truth import NEVER, Bought, Merchant, Truth, checkout_token
from tests.chaos.ways import WAYS
from tests.chaos.world import World

PATIENCE = 30.0
_SEALED = "SELECT count(*) AS n FROM paid_order WHERE order_id = ANY(%s) AND sealed_event IS NOT NULL"
_SWAP = """
UPDATE paid_order o SET sealed_event = p.sealed_event FROM paid_order p
WHERE o.shop_id = p.shop_id AND o.order_id = ANY(%(both)s) AND p.order_id = ANY(%(both)s) AND o.order_id <> p.order_id
"""
_OPEN = "SELECT count(*) AS n FROM paid_order WHERE order_id = ANY(%s) AND outcome = 'waiting'"
_OLD_KEYS = "SELECT count(*) AS n FROM shop_key WHERE kid <> %s"


class Probe:
    """``orders``: those that were tampered with."""

    def __init__(self, world: World, truth: Truth, merchants: Merchants) -> None:
        self._world, self._truth, self._merchants = world, truth, merchants
        self.orders: frozenset[int] = frozenset()
        self.bad_keys: list[str] = []

    def _shop(self) -> Merchant:
        """A shop that has been on all the while."""
        return next(m for m in self._truth.merchants if m.plan.tracks and len(m.moves) == 1 and m.uninstalled == NEVER)

    async def swap_seals(self) -> None:
        """Let two waiting orders of a shop have each other's event; neither may be sent."""
        plan, seed = self._shop().plan, self._world.size.seed
        made = []
        for n in (-1, -2):
            order = OrderPlan(n, 0, plan.n, "web", WAYS["silent"], "JP", (0.0,), erased=False, cancelled_later=False)
            made.append(Bought(order, plan, checkout_token(seed, n)))
            await Buyers(self._world, self._truth).visit(made[-1])
        ids = [order.order_id for order in made]
        self.orders = frozenset(ids)
        if not await self._until(_SEALED, ids, 2):
            self.bad_keys.append("the orders to be tampered with did not come in")
            return
        with psycopg.connect(self._world.url) as conn:
            conn.execute(_SWAP, {"both": ids})
        for _ in range(6):
            await self._world.pass_time(600)
            await asyncio.sleep(1)
        if not await self._until(_OPEN, ids, 0):
            self.bad_keys.append("the orders that were tampered with are not decided")

    async def _until(self, statement: str, ids: list[int], wanted: int) -> bool:
        end = time.monotonic() + PATIENCE
        while looking.select(self._world, statement, ids)[0]["n"] != wanted:
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.3)
        return True

    async def finish_keys(self) -> None:
        """With every process started anew, one turn of the master keys leaves nothing with an older one."""
        for name in self._world.places:
            self._world.kill(name)
        self._world.turn_keys(self._world.first_key + 1)
        await asyncio.sleep(1)
        await self._world.until_ready()
        for words in (("keys", "rotate"), ("keys", "rotate", "--finish")):
            status, said = await self._world.command(*words)
            if status:
                self.bad_keys.append(f"backstop {' '.join(words)} ended with {status}: {said[-200:]}")
        left = looking.select(self._world, _OLD_KEYS, f"k{self._world.first_key}")[0]["n"]
        if left:
            self.bad_keys.append(f"{left} stores' keys are under an older master key")
