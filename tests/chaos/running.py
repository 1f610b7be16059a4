"""One run: shops open, buyers buy, things go wrong, then all is calm, and at last everything is held to the truth."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp

from tests.chaos import canaries, checks, looking
from tests.chaos.buyers import Buyers
from tests.chaos.case import Case
from tests.chaos.figures import figures_of
from tests.chaos.merchants import Merchants
from tests.chaos.plan import META_FAULTS, OrderPlan, Plan, Trouble
from tests.chaos.probing import Probe
from tests.chaos.truth import BAD_ENDING, NEVER, Bought, Merchant, Truth, checkout_token
from tests.chaos.ways import WAYS
from tests.chaos.world import PLACES, World

Result = TypeVar("Result")
_WAITING = """
SELECT (SELECT count(*) FROM paid_order WHERE outcome = 'waiting')
    + (SELECT count(*) FROM compliance_request WHERE state = 'open') AS n
"""


@dataclass(slots=True)
class Outcome:
    """What came of a run: breaches by name, and figures."""

    breaches: dict[str, list[str]]
    figures: dict[str, float] = field(default_factory=dict)


def begin(work: Coroutine[Any, Any, Result]) -> Result:
    """Run it; a signal to stop takes everything down before this ends."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    return asyncio.run(work)


async def run(plan: Plan, mutant: str = "") -> Outcome:
    """Do all of it; nothing is left running afterwards."""
    began = time.monotonic()
    async with World(plan.size, mutant) as world:
        play = Play(plan, world)
        figures = {"set_up_seconds": await _timed(play.prepare())}
        figures["trouble_seconds"] = await _timed(play.trouble())
        figures["drain_seconds"] = await _timed(play.calm())
        breaches = await play.judge()
        figures |= play.figures()
        figures["seconds"] = time.monotonic() - began
        return Outcome(breaches, figures)


async def _timed(work: Any) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began


class Play:
    """The parts of one run."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.plan, self.world = plan, world
        self.truth = Truth([Merchant(shop) for shop in plan.shops], [self._bought(order) for order in plan.orders])
        self.merchants = Merchants(world, self.truth)
        self.buyers = Buyers(world, self.truth)
        self.probe = Probe(world, self.truth, self.merchants)
        self.case: Case | None = None
        self.done: dict[str, int] = {}
        self.began = 0.0
        self._behind: set[asyncio.Task[None]] = set()

    def _bought(self, order: OrderPlan) -> Bought:
        return Bought(order, self.plan.shops[order.shop], checkout_token(self.plan.size.seed, order.n))

    async def prepare(self) -> None:
        """Open the shops, and let Meta refuse some orders for good."""
        await self.world.ask("POST", "/faults", {"name": "meta_reject", "ending": BAD_ENDING})
        await self.merchants.open_all()

    async def trouble(self) -> None:
        """Let buyers come, and everything go wrong that is planned."""
        for fault in META_FAULTS:
            await self.world.ask("POST", "/faults", fault)
        for name in PLACES[2:]:
            self.world.proxies[name].share = self.plan.size.faulty
        web = self.world.proxies["web"]
        web.share, web.faults = 0.01, ("reset_at_once", "reset_after", "reset_inside", "latency")
        began, self.began = asyncio.get_running_loop().time(), time.time()
        clock = asyncio.create_task(self._pass_time())
        buying = asyncio.create_task(self.buyers.come(began))
        erasing = asyncio.create_task(self._erase())
        try:
            await asyncio.gather(self._troubles(began), buying)
        finally:
            for task in (clock, erasing):
                task.cancel()
        if self._behind:
            await asyncio.wait(self._behind, timeout=90)

    async def _pass_time(self) -> None:
        while True:
            await asyncio.sleep(1)
            await self.world.pass_time(self.plan.size.speed - 1)

    async def _erase(self) -> None:
        """Buyers who ask to be erased do so a little after they bought."""
        wanted = [order for order in self.truth.orders if order.plan.erased]
        for order in wanted:
            await asyncio.sleep(max(0.0, self.began + order.plan.at + 5 - time.time()))
            while not order.order_id:  # noqa: ASYNC110 - a look now and then is enough
                await asyncio.sleep(0.5)
            await self.merchants.erase(order)

    async def _troubles(self, began: float) -> None:
        loop = asyncio.get_running_loop()
        for one in self.plan.troubles:
            await asyncio.sleep(max(0.0, began + one.at - loop.time()))
            if one.what in {"kill", "kill_child"}:
                self._kill(one)
                continue
            task = asyncio.create_task(self._behind_the_scenes(one))
            self._behind.add(task)
            task.add_done_callback(self._behind.discard)

    def _kill(self, one: Trouble) -> None:
        name = PLACES[one.which]
        child = one.what == "kill_child" and name.startswith("web")
        others = [PLACES[(one.which + n) % len(PLACES)] for n in range(len(PLACES))]
        killed = next((place for place in others if self.world.kill(place, child=child)), None)
        if killed is not None:
            self._count(f"fault_kill_{killed.partition('-')[0]}{'_child' if child else ''}")

    async def _behind_the_scenes(self, one: Trouble) -> None:
        try:
            await self._happens(one)
        except (TimeoutError, OSError, aiohttp.ClientError):
            self._count(f"not_done_{one.what}")

    async def _happens(self, one: Trouble) -> None:
        if one.what == "database":
            await self.world.stop_database(one.lasts)
            self._count("fault_database_stop")
        elif one.what == "flip":
            await self.merchants.flip(one.which, one.lasts)
            self._count("fault_flip")
        elif one.what == "leave":
            await self.merchants.leave(one.which, one.lasts)
            self._count("fault_uninstall")
        else:
            await self._turn_keys(one.which + 1)

    async def _turn_keys(self, first: int) -> None:
        self.world.turn_keys(first)
        began = time.time()
        status, _ = await self.world.command("keys", "rotate")
        away = any(outage.touches(began, time.time()) for outage in self.world.outages)
        self.truth.turns += 1
        self.truth.failed_turns += status != 0 and not away
        self._count("key_turns_refused", status != 0 and away)
        self._count("fault_key_turn")

    def _count(self, name: str, times: int = 1) -> None:
        self.done[name] = self.done.get(name, 0) + times

    async def calm(self) -> None:
        """Nothing goes wrong any more: let time pass until all is decided, or patience ends."""
        for proxy in self.world.proxies.values():
            proxy.share = 0.0
        await self.world.ask("POST", "/faults", {"clear": True})
        await self.world.ask("POST", "/faults", {"name": "meta_reject", "ending": BAD_ENDING})
        await self.world.until_ready()
        self._late_and_untold()
        for order in [order for order in self.truth.orders if not order.made]:
            await self.buyers.visit(order)
        await self._until_decided()
        for order in self.truth.orders:  # whoever was erased stays away, whatever Shopify says later
            if order.erased != NEVER and self.truth.merchants[order.plan.shop].uninstalled == NEVER:
                await self.buyers.tell_again(order)
        if self.plan.size.probes:
            await self.probe.swap_seals()
            await self.probe.finish_keys()

    def _late_and_untold(self) -> None:
        """One more order for each shop that is there, of which no webhook tells: found, its tokens live."""
        first = self.plan.size.orders
        for merchant in self.truth.merchants:
            if merchant.uninstalled == NEVER or merchant.back != NEVER:
                n = merchant.plan.n
                order = OrderPlan(
                    first + n, 0, n, "web", WAYS["unheard_unseen"], "JP", (), erased=False, cancelled_later=False
                )
                self.truth.orders.append(Bought(order, merchant.plan, checkout_token(self.plan.size.seed, order.n)))

    async def _until_decided(self) -> None:
        end, steps = time.monotonic() + self.plan.size.drain, 0
        while time.monotonic() < end:
            await self.world.pass_time(self.plan.size.step)
            await asyncio.sleep(2.5)
            steps += 1
            if steps >= self.plan.size.calm_steps and not any((await self._open()).values()):
                return
        self.done |= {f"patience_ended_{what}": n for what, n in (await self._open()).items()}

    async def _open(self) -> dict[str, int]:
        """What is not done yet; what takes longer to find out is only asked for once the ledger waits for nothing."""
        waiting = int(looking.select(self.world, _WAITING)[0]["n"])
        if waiting:
            return {"waiting": waiting}
        return {"missing": self._missing(), "webhooks": await looking.webhooks_open(self.world)}

    def _missing(self) -> int:
        """How many of the last orders nobody has found yet."""
        ids = [order.order_id for order in self.truth.orders[self.plan.size.orders :]]
        found = looking.select(self.world, "SELECT count(*) AS n FROM paid_order WHERE order_id = ANY(%s)", ids)
        return len(ids) - int(found[0]["n"])

    async def judge(self) -> dict[str, list[str]]:
        """Hold everything against everything."""
        self.case = await looking.case_of(self.world, self.truth, self.probe.orders)
        found = checks.run(self.case)
        found["canary_hits"] = await canaries.hits(self.world, self.truth)
        found["shut_out"] = looking.shut_out(self.world)
        found["odd_errors"] = self.truth.odd_errors
        found["bad_keys"] = self.probe.bad_keys + [f"{self.truth.failed_turns} turns failed"] * bool(
            self.truth.failed_turns
        )
        return found

    def figures(self) -> dict[str, float]:
        """What is worth knowing beside the breaches."""
        assert self.case is not None
        return self.done | figures_of(self.world, self.truth, self.case)
