"""A newer version takes over while orders and posts keep coming."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

from tests.host import knock
from tests.host.checks import UNITS, holds, key, pid, ready
from tests.host.shell import chapters, orders, sh, told

MIGRATION = '''"""Exercise: a column more. Runs before the deploy of the code that needs it."""

from __future__ import annotations

from alembic import op

revision = "{new}"
down_revision = "{old}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE paid_order ADD COLUMN exercised int")
'''


def add_a_migration(folder: Path) -> None:
    """Give a version's folder a newest migration that adds a column to the ledger."""
    versions = folder / "plugin" / "storage" / "migrations" / "versions"
    newest = max(file.name[:4] for file in versions.glob("[0-9]*.py"))
    number = f"{int(newest) + 1:04}"
    (versions / f"{number}_exercise.py").write_text(MIGRATION.format(new=number, old=newest))


HELD = 12
"""Seconds."""
AGAIN = 3
"""Times that all are started anew one by one: a gap of a moment is seen by chance only."""


class Traffic:
    """A webhook and a post after the other, until told to stop."""

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, int]] = Counter()
        self.orders: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._stop.wait(0.05):
            number = knock.new_order()
            self.orders.append(number)
            self.answers["webhook", _answer(partial(knock.webhook, knock.order(number)))] += 1
            self.answers["post", _answer(partial(knock.post, key(), f"t-{number}"))] += 1


def _answer(send: Callable[[], int]) -> int:
    try:
        return send()
    except OSError:
        return 0


def steps() -> None:
    """Upgrade under traffic: first with the table held, so that it gives up, then for good."""
    (block,) = chapters()["A new version"]
    lines = block.splitlines(keepends=True)
    _held_table("".join(lines[:2]))
    with Traffic() as traffic:
        time.sleep(2)
        sh("".join(lines[:2]))
        holds("the old code stays ready", ready(8002), True)
        holds("and is given requests", knock.ask("GET", "/health/live")[0], 200)
        time.sleep(2)
        sh("".join([lines[0], *lines[2:]]))
        for _ in range(AGAIN):
            sh("".join(line for line in lines if line.startswith("systemctl restart")))
    told(f"  answers meanwhile: {dict(traffic.answers)}")
    holds("every webhook and post was taken", set(traffic.answers), {("webhook", 200), ("post", 204)})
    holds("every order is in the ledger", orders(traffic.orders), sorted(map(str, traffic.orders)))
    for unit in UNITS:
        words = sh(f"tr '\\0' ' ' </proc/{pid(unit)}/cmdline")
        holds(f"{unit} is the new version's", "/opt/conversion-backstop/2/" in words)
    told("A new version: 1 block(s) carried out")


def _held_table(upgrade: str) -> None:
    hold = f"BEGIN; LOCK TABLE paid_order IN ACCESS SHARE MODE; SELECT pg_sleep({HELD})"
    words = ["runuser", "-u", "backstop", "--", "psql", "-qd", "conversion_backstop", "-c", hold]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as holder:  # noqa: S603 - fixed words
        time.sleep(1)
        began = time.monotonic()
        said = sh(f"( {upgrade} ) 2>&1 || echo gave up").splitlines()
        holds("an upgrade gives up if the table is held", said[-1] == "gave up" and time.monotonic() - began < HELD - 1)
        holds("with one sentence", (len(said), said[0].startswith("Nothing was changed")), (2, True))
        told(f"  it said: {said[0]}")
        holds("and orders are taken meanwhile", knock.webhook(knock.order(knock.new_order())), 200)
        holder.wait(30)
