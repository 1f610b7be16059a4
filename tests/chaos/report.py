"""The table of a run, and `build/chaos.json`."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path

from tests.chaos.plan import Size
from tests.chaos.running import Outcome

FILE = Path(__file__).resolve().parents[2] / "build" / "chaos.json"
SHOWN = 5
"""Breaches of one kind that are printed."""


def machine() -> str:
    """What it ran on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def table(size: Size, outcome: Outcome) -> str:
    """The run in lines: what was breached, then the figures."""
    lines = [f"{size.orders} orders of {size.shops} shops, CHAOS_SEED={size.seed}, {machine()}", ""]
    for name, found in outcome.breaches.items():
        lines.append(f"  {name:<22}{len(found):>8}")
        lines += [f"      {what}" for what in found[:SHOWN]]
    lines += ["", *(f"  {name:<44}{_short(n):>12}" for name, n in sorted(outcome.figures.items())), ""]
    bad = [name for name, found in outcome.breaches.items() if found]
    lines.append(f"BREACHED: {', '.join(bad)}" if bad else "All invariants hold.")
    return "\n".join(lines) + "\n"


def _short(n: float) -> str:
    return f"{n:.1f}" if n % 1 else f"{int(n)}"


def written(size: Size, outcome: Outcome) -> None:
    """Write the results under their names: flat, numbers only but for the machine."""
    figures = {name.replace(" ", "_").replace("/", "_"): n for name, n in outcome.figures.items()}
    told = {"orders": size.orders, "seed": size.seed, "shops": size.shops} | figures
    told |= {name: len(found) for name, found in outcome.breaches.items()}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(told | {"machine": machine()}, indent=1) + "\n")
