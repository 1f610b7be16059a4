"""`make fuzz`: a million inputs in two processes, tokens before independent judges, rude clients at the real server."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from tests.bench.site import site
from tests.fuzz import live, tokens
from tests.fuzz.crew import hunts, servers
from tests.fuzz.hunt import Catch

PROCESSES: Final = 2
MEMORY: Final = 50 * 1024 * 1024
"""Bytes that a process may grow by."""
REPORT: Final = Path(__file__).resolve().parents[2] / "build" / "fuzz.json"


def main() -> int:
    """Run all of it; return 0 only if nothing was found."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the database is taken down
    began, faults = time.monotonic(), []
    with servers(PROCESSES) as urls:
        caught = hunts(urls, asked.inputs, asked.seed)
    report: dict[str, Any] = {"seed": asked.seed, **_summary(caught)}
    faults += report["told"]
    report["tokens"] = tokens.judged(asked.seed, asked.tokens)
    faults += report["tokens"]["faults"]
    if not asked.no_server:
        with site() as built:
            report["server"] = live.visit(built)
        faults += report["server"]["faults"]
    report |= {"faults": faults, "seconds": round(time.monotonic() - began)}
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")
    sys.stdout.write(_told(report))
    return 1 if faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=int(os.environ.get("FUZZ_CASES") or 1_000_000))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("FUZZ_SEED") or int(time.time())))
    parser.add_argument("--tokens", type=int, default=10_000)
    parser.add_argument("--no-server", action="store_true", help="leave out the shipped server")
    return parser.parse_args()


def _summary(caught: list[Catch]) -> dict[str, Any]:
    answers, faults, told = Counter[str](), Counter[str](), []
    for one in caught:
        answers.update(one.answers)
        faults.update(one.faults)
        told += one.told
        if one.memory_growth > MEMORY:
            told.append(f"a process grew by {one.memory_growth >> 20} MB")
    by_status = Counter[str]()
    for name, count in answers.items():
        by_status[name.rpartition(" ")[2]] += count
    return {
        "inputs": sum(one.inputs for one in caught),
        "told": [*told, *(f"{count} x {text}" for text, count in faults.items() if told == [])],
        "faults_by_kind": dict(faults),
        "answers": dict(sorted(answers.items())),
        "by_status": dict(sorted(by_status.items())),
        "per_second": round(sum(one.inputs / one.seconds for one in caught)),
        "memory_growth_mb": [round(one.memory_growth / 2**20, 1) for one in caught],
        "slowest_seconds_of_processor": round(max(one.slowest for one in caught), 3),
        "calls_out_by_staff": sum(one.calls_out for one in caught),
    }


def _told(report: dict[str, Any]) -> str:
    lines = [
        f"{report['inputs']} inputs (seed {report['seed']}), {report['per_second']} a second: {report['by_status']}",
        f"memory grew by {report['memory_growth_mb']} MB; slowest {report['slowest_seconds_of_processor']} s of work",
        f"tokens: {report['tokens']['counts']}",
        *(
            f"server, {name}: others waited {scene['worst']} s at most; {'; '.join(scene['said'])[:160]}"
            for name, scene in report.get("server", {}).get("scenes", {}).items()
        ),
        *(report["faults"] or ["nothing found"]),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
