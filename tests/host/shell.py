"""Commands of the machine, and what is said of them."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 600
"""Seconds for a block."""


class NotAsPromised(Exception):
    """The machine did something else."""


def chapters() -> dict[str, list[str]]:
    """Return the blocks that are to be carried out, by chapter."""
    parts = re.split(r"^## (.+)$", (ROOT / "docs" / "host.md").read_text(), flags=re.MULTILINE)
    return {
        name: re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def told(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def sh(block: str) -> str:
    """Run a block as root's shell does, end at its first failure, and return what it printed."""
    done = subprocess.run(  # noqa: S603 - blocks of our own document
        ["/bin/bash", "-euo", "pipefail", "-c", block], capture_output=True, text=True, timeout=WITHIN, check=False
    )
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise NotAsPromised(f"exit {done.returncode} of:\n{block}\n{tail}")
    return done.stdout


def status(block: str) -> int:
    """Run a block and return how it ended."""
    words = ["/bin/bash", "-uc", block]
    return subprocess.run(words, capture_output=True, timeout=WITHIN, check=False).returncode  # noqa: S603 - as above


def until(what: str, holds: Callable[[], bool], within: float = 90) -> None:
    """Wait until something holds."""
    end = time.monotonic() + within
    while not holds():
        if time.monotonic() > end:
            raise NotAsPromised(f"not within {within:.0f} s: {what}")
        time.sleep(0.25)


def orders(numbers: Iterable[int]) -> list[str]:
    """Return those of these orders that are in the ledger, in their order."""
    listed = ",".join(map(str, sorted(numbers)))
    return rows(f"SELECT order_id FROM paid_order WHERE order_id = ANY('{{{listed}}}') ORDER BY 1").split()  # noqa: S608 - numbers


def rows(statement: str, database: str = "conversion_backstop") -> str:
    """Ask the database as its owner."""
    quoted = statement.replace("'", "'\\''")
    return sh(f"runuser -u backstop -- psql -qtAX -d {database} -c '{quoted}'").strip()


def as_service(module: str, *words: str) -> str:
    """Run a module of the tests with the services' settings, as their user."""
    current = "/opt/conversion-backstop/current"
    return sh(
        f"set -a; . /etc/conversion-backstop/env; set +a; HOME=/var/lib/conversion-backstop; cd {current}; "
        f"runuser -u backstop -- .venv/bin/python -m {module} {' '.join(words)}"
    ).strip()
