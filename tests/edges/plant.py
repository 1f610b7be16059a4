"""The shipped worker as processes of its own, on a PostgreSQL of its own, against the sandbox's Meta."""

from __future__ import annotations

import base64
import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from plugin.services import Services
from plugin.storage import schema
from plugin.storage.postgres import EmbeddedPostgres
from tests.conftest import API_KEY, SECRETS, settings_from
from tests.edges.crowd import SandboxMeta, sandbox_meta

BACKSTOP = str(Path(sys.executable).with_name("backstop"))
LEASE = 3
PATIENCE = 40.0


@dataclass(slots=True)
class Plant:
    """Services for the test itself, workers for the work."""

    folder: Path
    postgres: EmbeddedPostgres
    services: Services
    meta: SandboxMeta
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    webs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def worker(self, **more: str) -> subprocess.Popen[bytes]:
        """Start a worker; what it prints goes to a file."""
        return self._start(self.workers, ["worker"], more)

    def web(self, port: int, *, workers: int = 1, **more: str) -> subprocess.Popen[bytes]:
        """Start a web server of some processes."""
        return self._start(self.webs, ["web", "--port", str(port), "--workers", str(workers)], more)

    def until_ready(self, port: int) -> None:
        """Wait until a web server is ready."""
        self.until(lambda: _is_ready(port))

    def _start(
        self, crew: list[subprocess.Popen[bytes]], words: list[str], more: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        env = {name: value for name, value in os.environ.items() if not name.startswith("BACKSTOP_")}
        env |= {
            "DATABASE_URL": self.postgres.url,
            "SHOPIFY_API_KEY": API_KEY,
            "SHOPIFY_API_SECRET": SECRETS,
            "BACKSTOP_URL": "http://127.0.0.1:1",
            "BACKSTOP_KEYS": _keys(),
            "META_GRAPH_URL": f"{self.meta.world.options.own_url}/meta/v26.0",
            "SHOPIFY_ADMIN_URL_TEMPLATE": "http://127.0.0.1:1/admin/{shop}",
            "BACKSTOP_SWEEP_SECONDS": "1",
            "BACKSTOP_LEASE_SECONDS": str(LEASE),
            "BACKSTOP_DOUBT_SECONDS": "1",
            "BACKSTOP_RETRY_SCALE": "0.1",
        }
        with (self.folder / "worker.log").open("ab") as log:
            started = subprocess.Popen(  # noqa: S603 - our own program
                [BACKSTOP, *words], env=env | more, stdout=log, stderr=log, start_new_session=True
            )
        crew.append(started)
        return started

    def stop(self) -> None:
        """Take all workers down, and every row and fault away."""
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.workers.clear()
        for web in self.webs:  # with its children
            with suppress(ProcessLookupError):
                os.killpg(web.pid, signal.SIGKILL)
            web.wait()
        self.webs.clear()
        self.meta.world.reset()
        with self.services.database.transaction() as conn:
            conn.execute("TRUNCATE shop, evidence, procrastinate_jobs, procrastinate_workers RESTART IDENTITY CASCADE")

    def log(self) -> str:
        return (self.folder / "worker.log").read_text(errors="replace")

    def until(self, holds: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait for something to become true."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, self.log()[-3000:]
            time.sleep(0.05)


def _is_ready(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/health/ready")
        return line.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def _keys() -> str:
    name, key = settings_from().keys[0]
    return f"{name}:{base64.b64encode(key).decode()}"


@contextmanager
def plant() -> Iterator[Plant]:
    """Build one; nothing of it is left behind."""
    folder = Path(tempfile.mkdtemp(prefix="backstop-plant-", dir="/var/tmp"))
    folder.chmod(0o711)
    postgres = EmbeddedPostgres(folder)
    url = postgres.start()
    schema.upgrade(url)
    services = Services.build(settings_from(), url)
    try:
        with sandbox_meta(services) as meta:
            built = Plant(folder, postgres, services, meta)
            yield built
            built.stop()
    finally:
        services.close()
        postgres.stop(immediate=True)
        shutil.rmtree(folder, ignore_errors=True)
