"""The shipped processes on a PostgreSQL of their own, and the yardsticks' servers beside them; loopback only."""

from __future__ import annotations

import base64
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from plugin.cli.run import THREADS
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import connections, installs, policy, schema, shops
from plugin.storage.database import Conn
from plugin.storage.installs import Details, Tokens
from plugin.storage.policy import Staff
from plugin.storage.postgres import EmbeddedPostgres
from plugin.storage.vault import Vault
from tests.bench.bodies import SECRET, Store
from tests.bench.machine import kill

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
CORES = str(os.cpu_count() or 1)
API_KEY = "bench-api-key"
SERVING_WITHIN = 40.0
STOPS_WITHIN = 3.0
"""After that by force: what is measured is over."""
DATASET = "1234567890123456"
SCOPES = "read_orders,write_pixels,read_customer_events"
GRANIAN = [
    "--interface",
    "wsgi",
    "--workers",
    CORES,
    "--blocking-threads",
    str(THREADS),
    "--no-ws",
    "--log-level",
    "warning",
]


def environment(database_url: str) -> dict[str, str]:
    """Return what the shipped processes are told. The limits of floods are out of the way: clients share an address."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("BACKSTOP_", "META_", "SHOPIFY"))}
    return ours | {
        "DATABASE_URL": database_url,
        "SHOPIFY_API_KEY": API_KEY,
        "SHOPIFY_API_SECRET": SECRET,
        "BACKSTOP_URL": "http://127.0.0.1:1",
        "BACKSTOP_KEYS": f"k1:{base64.b64encode(bytes(range(32))).decode()}",
        "META_GRAPH_URL": "http://127.0.0.1:1/meta/v26.0",
        "SHOPIFY_ADMIN_URL_TEMPLATE": "http://127.0.0.1:1/admin/{shop}",
        "BACKSTOP_POSTS_PER_SHOP": "100000",
        "BACKSTOP_POSTS_PER_ADDRESS": "100000",
        "BACKSTOP_CHECKOUTS_PER_DAY": "9999999",
    }


class NotServing(Exception):
    """A server did not come up; the text ends with what it said."""


Running = list[subprocess.Popen[bytes]]


class Site:
    """A PostgreSQL with everything durable, a migrated database, and the servers that were started on it."""

    def __init__(
        self, folder: Path, name: str = "postgres", running: list[subprocess.Popen[bytes]] | None = None
    ) -> None:
        """`name`: of the database. `running`: what the site that this one is a sibling of has started."""
        self.folder = folder
        self.postgres = EmbeddedPostgres(folder)
        self.url = self.postgres.start().replace("@/postgres?", f"@/{name}?")
        self._running: Running = [] if running is None else running
        schema.upgrade(self.url)
        self.settings = Settings.from_env(environment(self.url))
        self.vault = Vault(self.settings.keys)
        with self.connect() as conn:
            schema.keep_partitions(conn, datetime.now(UTC))

    def sibling(self, name: str) -> Site:
        """Return a site with a database of its own on the same server; it is taken down with this one."""
        self.new_database(name)
        return Site(self.folder, name, self._running)

    def connect(self) -> Conn:
        """Open a connection of the bench's own."""
        return psycopg.connect(self.url, row_factory=dict_row, options="-c timezone=UTC")

    def new_database(self, name: str) -> str:
        """Make another database on the same server; return its address."""
        with psycopg.connect(self.postgres.url, autocommit=True) as conn:
            conn.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        return self.postgres.url.replace("@/postgres?", f"@/{name}?")

    def services(self, **more: str) -> Services:
        """Build the app's services for a worker's functions, which then run in this process."""
        return Services.build(Settings.from_env(environment(self.url) | more), self.url)

    @property
    def postmaster(self) -> int:
        """PostgreSQL's first process."""
        return int((self.folder / "server" / "data" / "postmaster.pid").read_text().split()[0])

    def version(self) -> str:
        """Return PostgreSQL's version."""
        with self.connect() as conn:
            row = conn.execute("SHOW server_version").fetchone()
        return str(row["server_version"]) if row else "?"

    def web(self, port: int, **more: str) -> subprocess.Popen[bytes]:
        """Start `backstop web` as shipped, and wait until it serves."""
        words = [str(BIN / "backstop"), "web", "--port", str(port)]
        return self.start(words, port, "/health/ready", environment(self.url) | more)

    def bare(self, port: int) -> subprocess.Popen[bytes]:
        """Start the bare Flask app on granian, with the options of the shipped server when this bench was written."""
        words = [str(BIN / "granian"), *GRANIAN, "--port", str(port), "--factory", "tests.bench.yardsticks:bare"]
        return self.start(words, port, "/nothing", dict(os.environ))

    def stock(self, port: int) -> subprocess.Popen[bytes]:
        """Start gunicorn's threads with Flask-SQLAlchemy, on a database of its own."""
        url = "postgresql+psycopg://" + self.new_database("stock").partition("://")[2]
        words = [str(BIN / "gunicorn"), "-k", "gthread", "-w", CORES, "--threads", "32", "--keep-alive", "60"]
        words += ["--preload", "-b", f"127.0.0.1:{port}", "tests.bench.yardsticks:stock()"]
        return self.start(words, port, "/nothing", os.environ | {"BENCH_STOCK_DATABASE": url})

    def start(self, words: Sequence[str], port: int, path: str, env: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start a server and wait until it answers."""
        begun = self._begin(words, env, f"server-{port}.log")
        try:
            wait_for(port, path, begun)
        except NotServing as fault:
            said = (self.folder / f"server-{port}.log").read_text(errors="replace")
            raise NotServing(f"{fault}: {said.strip()[-400:]}") from None
        return begun

    def worker(self, **more: str) -> subprocess.Popen[bytes]:
        """Start `backstop worker` as shipped."""
        return self._begin([str(BIN / "backstop"), "worker"], environment(self.url) | more, "worker.log")

    def _begin(self, words: Sequence[str], env: dict[str, str], file: str) -> subprocess.Popen[bytes]:
        with (self.folder / file).open("ab") as log:
            begun = subprocess.Popen(  # noqa: S603 - our own programs
                words, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
            )
        self._running.append(begun)
        return begun

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Stop one server, and whatever it started."""
        process.terminate()
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            kill(process.pid)
            process.wait()
        if process in self._running:
            self._running.remove(process)

    def stop_servers(self) -> None:
        """Stop every server that was started here and on siblings."""
        for process in list(self._running):
            self.stop(process)

    def close(self) -> None:
        """Take everything down; nothing is left behind."""
        self.stop_servers()
        self.postgres.stop(immediate=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def install(self, count: int, *, prefix: str = "bench") -> list[Store]:
        """Install stores, connected to a dataset a month ago, with offline tracking on."""
        with self.connect() as conn:
            return [self._install(conn, f"{prefix}-{number}.myshopify.com") for number in range(count)]

    def _install(self, conn: Conn, domain: str) -> Store:
        now = datetime.now(UTC)
        details = Details("Bench", f"https://{domain}", "EUR", "Europe/Berlin", "DE", ())
        shop_id = installs.install(conn, self.vault, domain, details, now - timedelta(days=40))
        shop = shops.by_id(conn, self.vault, shop_id)
        assert shop is not None
        tokens = Tokens("shpat_bench", now + timedelta(days=9), "shprt_bench", now + timedelta(days=90), SCOPES)
        installs.keep_tokens(conn, shop, tokens)
        begun = connections.connect(conn, shop, DATASET, "EAAbench", user_id="42", now=now - timedelta(days=30))
        connections.works(conn, shop.id, begun, now)
        policy.switch_on(conn, shop.id, Staff("42", "settings"), "2026-11", now - timedelta(days=29))
        return Store(domain, shop.ingest_key)


def wait_for(port: int, path: str, process: subprocess.Popen[bytes], within: float = SERVING_WITHIN) -> None:
    """Return as soon as a server answers below 500. Raises NotServing if it ends, or does not in time."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if process.poll() is not None:
            raise NotServing(f"{process.args!r} ended with {process.returncode}")
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            line.request("GET", path)
            if line.getresponse().status < 500:
                return
        except OSError:
            pass
        finally:
            line.close()
        time.sleep(0.02)
    raise NotServing(f"nothing serves at {port}")


@contextmanager
def site() -> Iterator[Site]:
    """Build one, and take it down whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="backstop-bench-", dir="/var/tmp"))
    folder.chmod(0o711)  # the embedded server may run as another user
    built = Site(folder)
    try:
        yield built
    finally:
        built.close()
