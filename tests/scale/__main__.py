"""Measure how far one machine and one PostgreSQL go: `make scale`, PARTS=highest,machines,fairness for some of it.

Writes build/scale.json, part by part, prints the tables, and puts them into docs/scale.md.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict

from tests.bench.machine import describe
from tests.scale import fairness, highest, machines, report
from tests.scale.tables import Told
from tests.scale.town import ScaleSite, scale_site

PARTS: dict[str, Callable[[ScaleSite], Told]] = {
    "highest": highest.measure,
    "machines": machines.measure,
    "fairness": fairness.measure,
}


def run_part(name: str) -> int:
    """Measure one part on a PostgreSQL of its own, and write what came of it; return 1 if it is not as it must be."""
    began = time.monotonic()
    with scale_site() as built:
        about = describe(built.version())
        told = PARTS[name](built)
    took = time.monotonic() - began
    report.keep(name, asdict(told) | {"machine": about, "seconds": round(took)})
    print(f"{name}: {took:.0f} s", file=sys.stderr, flush=True)  # noqa: T201 - a command
    print(report.part_text(json.loads(report.RESULT.read_text())["parts"][name]))  # noqa: T201 - a command
    for fault in told.faults:
        print(fault, file=sys.stderr)  # noqa: T201 - a command
    return int(bool(told.faults))


def main() -> int:
    """Measure the parts that PARTS names, all without it; return 1 if one of them failed."""
    failed = 0
    for name in os.environ.get("PARTS", "").split(",") if os.environ.get("PARTS") else PARTS:
        try:
            failed |= run_part(name)
        except Exception:  # noqa: BLE001 - whatever stops one part, the others are measured
            traceback.print_exc()
            failed = 1
    report.main()
    return failed


if __name__ == "__main__":
    sys.exit(main())
