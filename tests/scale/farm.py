"""What runs on the hosts: `backstop web` and `backstop worker` as shipped, over TCP to one PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection

import psycopg

from plugin.storage.postgres import START_LIMIT, EmbeddedPostgres
from sandbox.ports import free_port
from tests.bench.site import BIN, ROOT, NotServing, environment
from tests.scale.crowd import Address
from tests.scale.network import Host, Network
from tests.scale.town import ScaleSite

PORT = 8000
META_PORT, META_MS = 8001, 100
AT_ONCE = 4
"""Batches that a worker sends at a time: as shipped."""
SERVES_WITHIN = 60.0
MOST_CONNECTIONS = 400
LEASE_SECONDS, DOUBT_SECONDS = 20, 5
"""Short, so that what a dead host held is soon taken back; in production 90 and 60."""


class NetworkPostgres(EmbeddedPostgres):
    """A server of our own that hosts reach by TCP as well."""

    def listen(self, address: str, port: int, hosts: str) -> str:
        """Start again with such a port, open to these hosts (a network, as CIDR); return the address for psycopg."""
        with (self._data / "pg_hba.conf").open("a") as rules:
            rules.write(f"\nhost all all {hosts} trust\n")
        self.stop()
        options = (
            f"-c listen_addresses='{address}' -c port={port} -c unix_socket_directories='{self._socket_dir}'"
            f" -c max_connections={MOST_CONNECTIONS} -c log_error_verbosity=terse"
        )
        log = str(self.folder / "server" / "postgres.log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-w", "-t", str(START_LIMIT), "-o", options, "start")
        return f"postgresql://postgres@{address}:{port}/postgres"


@dataclass(slots=True)
class Farm:
    """The hosts with what they need to know."""

    site: ScaleSite
    net: Network
    database: str
    cores: float

    @classmethod
    def build(cls, site: ScaleSite, net: Network, cores: float) -> Farm:
        """Let PostgreSQL listen for the hosts, and start the stand-in for Meta on each."""
        port = free_port()
        allowed = f"{net.address.rpartition('.')[0]}.0/24"
        database = NetworkPostgres(site.folder).listen(net.address, port, allowed)
        site.url = site.url.replace("?", f"?port={port}&", 1)  # the name of its socket tells the port, too
        return cls(site, net, database, cores)

    def _meta_port(self, host: Host) -> int:
        return META_PORT if host.namespace else META_PORT + host.number

    def begin(self, host: Host, words: Sequence[str], *, shared: bool = True) -> subprocess.Popen[bytes]:
        """Start something on a host."""
        env = environment(self.database) | {
            "META_GRAPH_URL": f"http://127.0.0.1:{self._meta_port(host)}/v26.0",
            "BACKSTOP_LEASE_SECONDS": str(LEASE_SECONDS),
            "BACKSTOP_DOUBT_SECONDS": str(DOUBT_SECONDS),
        }
        with (self.site.folder / f"host-{host.number}.log").open("ab") as log:
            made = subprocess.Popen(  # noqa: S603 - our own programs
                host.words(words, shared=shared), cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
            )
        self.site.running.append(made)
        host.pids.append(made.pid)
        return made

    def meta(self, host: Host) -> None:
        """Start the stand-in for Meta that this host finds; it is no work of the host's."""
        words = [sys.executable, "-m", "tests.bench.sink", str(self._meta_port(host)), str(META_MS)]
        self.begin(host, words, shared=False)

    def web(self, *hosts: Host) -> None:
        """Start the app on hosts, and wait until all of them serve."""
        for host in hosts:
            host.share.limit(None)
            words = ["web", "--host", host.address, "--port", str(PORT), "--workers", "1"]
            self.begin(host, [str(BIN / "backstop"), *words])
        for host in hosts:
            self._until_serving(host)
            host.share.limit(self.cores)

    def worker(self, host: Host) -> None:
        """Start a worker on a host, and wait until it has a session of its own for the queue."""
        host.share.limit(None)
        before = self._listeners()
        made = self.begin(host, [str(BIN / "backstop"), "worker", "--concurrency", str(AT_ONCE)])
        end = time.monotonic() + SERVES_WITHIN
        while self._listeners() <= before:
            if made.poll() is not None or time.monotonic() > end:
                raise NotServing(f"the worker on host {host.number} did not begin")
            time.sleep(0.1)
        host.share.limit(self.cores)

    def _listeners(self) -> int:
        """Return how many sessions listen for jobs."""
        with psycopg.connect(self.site.url, autocommit=True) as conn:
            row = conn.execute("SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'LISTEN %'").fetchone()
        return int(row[0]) if row else 0

    def connections(self) -> dict[str, int]:
        """Return the sessions of PostgreSQL that clients hold, by the address that they come from."""
        with psycopg.connect(self.site.url, autocommit=True) as conn:
            rows = conn.execute(
                "SELECT host(client_addr), count(*) FROM pg_stat_activity WHERE client_addr IS NOT NULL GROUP BY 1"
            ).fetchall()
        return {str(row[0]): int(row[1]) for row in rows}

    def _until_serving(self, host: Host) -> None:
        end = time.monotonic() + SERVES_WITHIN
        while time.monotonic() < end:
            line = HTTPConnection(host.address, PORT, timeout=2)
            try:
                line.request("GET", "/health/ready")
                if line.getresponse().status < 500:
                    return
            except OSError:
                time.sleep(0.05)
            finally:
                line.close()
        said = (self.site.folder / f"host-{host.number}.log").read_text(errors="replace")
        raise NotServing(f"host {host.number}: {said.strip()[-400:]}")


def addresses(hosts: Sequence[Host]) -> list[Address]:
    """Return where the app serves on these hosts."""
    return [(host.address, PORT) for host in hosts]
