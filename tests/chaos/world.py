"""The processes: the shipped web and worker, two of each, a PostgreSQL, the sandbox, and proxies in between.

A supervisor starts again whatever ends, as in production; nothing here is forked or stubbed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp
import psycopg

from plugin.storage.postgres import EmbeddedPostgres
from sandbox.ports import free_port
from tests.chaos.mutants.defects import MUTANTS
from tests.chaos.places import Outage, Place, children, environment, mutation, secret
from tests.chaos.plan import Size
from tests.chaos.proxy import Proxy

ROOT = Path(__file__).resolve().parents[2]
BACKSTOP = str(Path(sys.executable).with_name("backstop"))
KEYS = 400
"""Master keys that all processes know; which of them is first changes."""
UP_WITHIN = 60.0
LOOK = 0.1
PLACES = ("web-1", "web-2", "worker-1", "worker-2")


class World:
    """``mutant``: a deliberate defect that the app's processes start with."""

    def __init__(self, size: Size, mutant: str = "") -> None:
        self.size, self.mutant = size, mutant
        self.folder = Path(tempfile.mkdtemp(prefix="backstop-chaos-", dir="/var/tmp"))
        self.folder.chmod(0o711)  # the embedded server may run as another user
        self.postgres = EmbeddedPostgres(self.folder)
        self.url = self.postgres.start()
        self.sandbox_port = free_port()
        self.sandbox = f"http://127.0.0.1:{self.sandbox_port}"
        self.keys = [f"k{n}:{secret(f'key {n}')}" for n in range(KEYS)]
        self.key_file = self.folder / "keys"
        self.first_key = 0
        self.app = ""
        self.places: dict[str, Place] = {}
        self.proxies: dict[str, Proxy] = {}
        self.outages: list[Outage] = []
        self.offset = 0.0
        self.closing = False
        self._watch: asyncio.Task[None] | None = None
        self._checking: set[asyncio.Task[None]] = set()
        self._sandbox: subprocess.Popen[bytes] | None = None
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=200, force_close=True), timeout=aiohttp.ClientTimeout(total=75)
        )

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _open(self) -> None:
        ports = {name: free_port() for name in PLACES[:2]}
        self.proxies["web"] = Proxy("web", list(ports.values()), self.size.seed, keeps=False)
        for name in PLACES[2:]:
            self.proxies[name] = Proxy(name, [self.sandbox_port], self.size.seed)
        for proxy in self.proxies.values():
            await proxy.start()
        self.app = f"http://127.0.0.1:{self.proxies['web'].port}"
        self.turn_keys(0)
        self.sandbox_env = self._env("worker-1")
        words = [sys.executable, "-m", "sandbox", "--port", str(self.sandbox_port), "--keep", "10000000"]
        self._sandbox = self._begin("sandbox", words, self.sandbox_env)
        await self.command("db", "upgrade")
        for statement in MUTANTS[self.mutant].sql if self.mutant else ():
            with psycopg.connect(self.url, autocommit=True) as conn:
                conn.execute(statement)
        for name in PLACES:
            web = [BACKSTOP, "web", "--port", str(ports.get(name, 0)), "--workers", "1"]
            words = web if name in ports else [BACKSTOP, "worker"]
            self.places[name] = Place(name, words, self._env(name), ports.get(name, 0))
            self._start(self.places[name])
        await self._until_up(f"{self.sandbox}/health")
        await self._until_up(f"{self.app}/health/ready")
        self._watch = asyncio.create_task(self._supervise())

    def _env(self, name: str) -> dict[str, str]:
        """What a process is told; each worker has its own way to Meta."""
        proxy = self.proxies.get(name, self.proxies["worker-1"])
        told = {"DATABASE_URL": self.url, "BACKSTOP_URL": self.app, "BACKSTOP_KEYS_FILE": str(self.key_file)}
        told |= {"META_GRAPH_URL": f"http://127.0.0.1:{proxy.port}/meta/v26.0"}
        told |= {"SHOPIFY_ADMIN_URL_TEMPLATE": f"{self.sandbox}/admin/{{shop}}"}
        return environment() | told | {"BACKSTOP_CLOCK_URL": f"{self.sandbox}/clock"} | mutation(self.mutant)

    # --- processes

    def _begin(self, name: str, words: list[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own programs
                words, cwd=ROOT, env=dict(env), stdout=log, stderr=log, start_new_session=True
            )

    def _start(self, place: Place) -> None:
        place.process = self._begin(place.name, place.words, place.env)
        if place.port:
            self.proxies["web"].down.add(place.port)
            checking = asyncio.create_task(self._until_healthy(place, place.process))
            self._checking.add(checking)
            checking.add_done_callback(self._checking.discard)

    async def _until_healthy(self, place: Place, process: subprocess.Popen[bytes]) -> None:
        """Let the balancer ask a server once it serves."""
        while process.poll() is None and not self.closing:
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with self.http.get(f"http://127.0.0.1:{place.port}/health/ready") as answer:
                    if answer.ok:
                        self.proxies["web"].down.discard(place.port)
                        return
            await asyncio.sleep(2 * LOOK)

    def kill(self, name: str, *, child: bool = False) -> bool:
        """End a process, and whatever it started, as a power cut would; ``child``: only the server's own process."""
        place = self.places[name]
        if place.process is None or place.process.poll() is not None:
            return False
        own = children(place.process.pid) if child else []
        if own:
            place.child_kills += 1
            os.kill(own[-1], signal.SIGKILL)
        else:
            os.killpg(place.process.pid, signal.SIGKILL)
        place.kills.append(time.time())
        return True

    async def _supervise(self) -> None:
        while not self.closing:
            for place in self.places.values():
                ended = place.process is not None and place.process.poll() is not None
                if ended and not place.resting and place.process is not None:
                    if place.process.returncode != -signal.SIGKILL:
                        place.exits.append(place.process.returncode)
                        place.resting = True
                        asyncio.get_running_loop().call_later(0.5, self._again, place)
                    else:
                        self._start(place)
            await asyncio.sleep(LOOK)

    def _again(self, place: Place) -> None:
        place.resting = False
        if not self.closing:
            self._start(place)

    async def command(self, *words: str, patience: float = 90) -> tuple[int, str]:
        """Run `backstop WORDS` to its end; return its exit status and what it printed."""
        env = self._env("worker-1")
        with (self.folder / "commands.log").open("ab") as log:
            begun = await asyncio.create_subprocess_exec(
                BACKSTOP, *words, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=log
            )
        try:
            said, _ = await asyncio.wait_for(begun.communicate(), patience)
        except TimeoutError:
            begun.kill()
            await begun.wait()
            return -1, ""
        return begun.returncode or 0, said.decode(errors="replace")

    async def stop_database(self, seconds: float) -> None:
        """Let PostgreSQL stop at once, as in a crash, and come back."""
        outage = Outage(time.time())
        self.outages.append(outage)
        await asyncio.to_thread(self.postgres.stop, immediate=True)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.postgres.start)
        outage.ended = time.time()

    def turn_keys(self, first: int) -> None:
        """Put another master key first; the file changes as a whole."""
        self.first_key = first % KEYS
        order = self.keys[self.first_key :] + self.keys[: self.first_key]
        fresh = self.folder / "keys.new"
        fresh.write_text("\n".join(order) + "\n")
        fresh.chmod(0o400)
        fresh.replace(self.key_file)

    # --- the sandbox

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the sandbox."""
        async with self.http.request(method, f"{self.sandbox}{path}", json=body) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def pass_time(self, seconds: float) -> None:
        """Move everybody's clock."""
        self.offset = (await self.ask("POST", "/clock", {"advance_seconds": seconds}))["offset_seconds"]

    async def _until_up(self, url: str) -> None:
        end = time.monotonic() + UP_WITHIN
        while time.monotonic() < end:
            try:
                async with self.http.get(url) as answer:
                    if answer.ok:
                        return
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            await asyncio.sleep(LOOK)
        raise TimeoutError(f"nothing serves at {url}: {self.said()[-1500:]}")

    async def until_ready(self) -> None:
        """Wait until the app takes requests."""
        await self._until_up(f"{self.app}/health/ready")

    def said(self) -> str:
        """All that the app's processes have printed."""
        files = sorted(self.folder.glob("*.log"))
        return "\n".join(file.read_text(errors="replace") for file in files if file.stem != "sandbox")

    async def close(self) -> None:
        """Take everything down; nothing is left running, and no folder behind."""
        self.closing = True
        if self._watch is not None:
            self._watch.cancel()
        for checking in self._checking:
            checking.cancel()
        await self.http.close()
        for process in [*(place.process for place in self.places.values()), self._sandbox]:
            if process is not None and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            if process is not None:
                process.wait()
        for proxy in self.proxies.values():
            proxy.stop()
        self.postgres.stop(immediate=True)
        if not os.environ.get("CHAOS_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
