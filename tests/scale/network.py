"""Hosts on one machine: each in a network namespace of its own, behind a bridge, with so much of a core and no more.

Where namespaces are not permitted they share this machine's network, under addresses of their own (127.0.0.x); without
control groups they share its cores. What there was is told beside the figures.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.machine import GONE_WITHIN, kill

NET: Final = "10.177.80"
PERIOD: Final = 50_000
"""Microseconds in which a host has its share of a core."""
V1, V2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
_JOIN = 'echo $$ > "$0/cgroup.procs" && exec "$@"'


def _ip(*words: str, check: bool = True) -> bool:
    done = subprocess.run(  # noqa: S603 - our own words
        [shutil.which("ip") or "ip", *words], check=False, capture_output=True, timeout=20
    )
    if check and done.returncode:
        raise OSError(done.stderr.decode(errors="replace").strip())
    return done.returncode == 0


class Share:
    """How much of a core a host has: a control group, of version 1 or 2. `is_there`: whether there is such a thing."""

    def __init__(self, name: str) -> None:
        self._old = (V1 / "cpu.shares").exists()
        self.is_there = self._old or (V2 / "cgroup.controllers").exists()
        self.folder = (V1 if self._old else V2) / name
        if self.is_there:
            try:
                self.folder.mkdir()
            except OSError:
                self.is_there = False

    def joined(self, words: Sequence[str]) -> list[str]:
        """Return a command that begins in it."""
        return ["/bin/sh", "-c", _JOIN, str(self.folder), *words] if self.is_there else list(words)

    def limit(self, cores: float | None) -> None:
        """Let it have so much of a core; None: as much as it likes."""
        if not self.is_there:
            return
        quota = None if cores is None else int(cores * PERIOD)
        if self._old:
            (self.folder / "cpu.cfs_period_us").write_text(str(PERIOD))
            (self.folder / "cpu.cfs_quota_us").write_text(str(quota or -1))
        else:
            (self.folder / "cpu.max").write_text(f"{quota or 'max'} {PERIOD}")

    def remove(self) -> None:
        """Take it away; nothing runs in it any more."""
        end = time.monotonic() + GONE_WITHIN
        while self.is_there and time.monotonic() < end:
            with suppress(OSError):  # what was killed in it a moment ago is not all gone
                self.folder.rmdir()
                return
            time.sleep(0.1)


@dataclass(slots=True)
class Host:
    """One of them. `pids`: the first processes of what was started on it."""

    number: int
    address: str
    namespace: str | None
    share: Share
    pids: list[int]

    def words(self, words: Sequence[str], *, shared: bool = True) -> list[str]:
        """Return a command that runs on it (`shared` False: not within its share, as if it were elsewhere)."""
        inside = ["ip", "netns", "exec", self.namespace, *words] if self.namespace else list(words)
        return self.share.joined(inside) if shared else inside

    def vanish(self, *, cable: bool) -> None:
        """End all of its processes at once. `cable`: cut first, so that nobody is told of it by closed connections."""
        if cable and self.namespace:
            _ip("link", "set", f"{self.namespace}-o", "down")
        for pid in self.pids:
            kill(pid)
        self.pids.clear()

    def return_(self) -> None:
        """Put the cable in again."""
        if self.namespace:
            _ip("link", "set", f"{self.namespace}-o", "up")


@dataclass(frozen=True, slots=True)
class Network:
    """The hosts, and the address at which this machine is found from each."""

    hosts: list[Host]
    address: str
    is_apart: bool

    def about(self, cores: float) -> str:
        """Say what a host is here."""
        place = "in network namespaces of their own, behind a bridge" if self.is_apart else "in one network namespace"
        bound = f"{cores:g} of a core each" if self.hosts[0].share.is_there else "sharing all cores"
        return f"{len(self.hosts)} hosts {place}, {bound}"


@contextmanager
def network(count: int) -> Iterator[Network]:
    """Build it, and take it down whatever happens."""
    name = f"bs{os.getpid() % 100000}"
    hosts: list[Host] = []
    is_apart = _bridge(name)
    try:
        for number in range(1, count + 1):
            namespace = f"{name}n{number}" if is_apart else None
            address = f"{NET}.{10 + number}" if is_apart else f"127.0.0.{10 + number}"
            hosts.append(Host(number, address, namespace, Share(f"{name}-{number}"), []))
            if namespace:
                _connect(name, namespace, address)
        yield Network(hosts, f"{NET}.1" if is_apart else "127.0.0.1", is_apart)
    finally:
        for host in hosts:
            host.vanish(cable=False)
            host.share.remove()
            if host.namespace:
                _ip("netns", "del", host.namespace, check=False)
                _ip("link", "del", f"{host.namespace}-o", check=False)
        _ip("link", "del", name, check=False)


def _bridge(name: str) -> bool:
    """Make the bridge and try a namespace; return whether that is permitted here."""
    try:
        _ip("netns", "add", f"{name}try")
        _ip("netns", "del", f"{name}try")
        _ip("link", "add", name, "type", "bridge")
        _ip("addr", "add", f"{NET}.1/24", "dev", name)
        _ip("link", "set", name, "up")
    except OSError:
        return False
    return True


def _connect(bridge: str, namespace: str, address: str) -> None:
    outer, inner = f"{namespace}-o", f"{namespace}-i"
    _ip("netns", "add", namespace)
    _ip("link", "add", outer, "type", "veth", "peer", "name", inner)
    _ip("link", "set", inner, "netns", namespace)
    _ip("link", "set", outer, "master", bridge)
    _ip("link", "set", outer, "up")
    for words in (
        ("addr", "add", f"{address}/24", "dev", inner),
        ("link", "set", inner, "up"),
        ("link", "set", "lo", "up"),
    ):
        _ip("-n", namespace, *words)
