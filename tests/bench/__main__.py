"""`make bench`: measure all of it, write build/bench.json and build/bench.md, print the tables."""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from tests.bench import crash, events, hot_path, idle, pages, report, sizes
from tests.bench.figures import Figure
from tests.bench.machine import describe
from tests.bench.rounds import Sample
from tests.bench.site import Site, site


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured."""

    rounds: int
    seconds: float
    """Of each run of a contender."""
    rows: tuple[int, ...]
    kills: int
    rest: float
    """Seconds; some of a worker's rounds come once a minute."""


FULL = Extent(rounds=5, seconds=1.2, rows=(1_000_000,), kills=2, rest=60)
QUICK = Extent(rounds=2, seconds=0.6, rows=(100_000,), kills=1, rest=20)
Part = Callable[[Site, Extent], tuple[list[Figure], dict[str, list[Sample]]]]


def _sizes(built: Site, extent: Extent) -> tuple[list[Figure], dict[str, list[Sample]]]:
    return sizes.measure(built, large=extent.rows, rounds=extent.rounds, seconds=min(0.8, extent.seconds)), {}


PARTS: dict[str, Part] = {
    "hot_path": lambda built, extent: hot_path.measure(built, rounds=extent.rounds, seconds=extent.seconds),
    "events": lambda _, extent: (events.measure(rounds=extent.rounds), {}),
    "sizes": _sizes,
    "pages": lambda built, extent: (pages.measure(built, rounds=extent.rounds), {}),
    "crash": lambda built, extent: (crash.measure(built, rounds=extent.kills), {}),
    "idle": lambda built, extent: (idle.measure(built, rounds=extent.rounds, seconds=extent.rest), {}),
}


def _arguments() -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    words.add_argument("--quick", action="store_true", help="two minutes instead of ten: figures are rough")
    words.add_argument("--rows", type=int, help="a second large ledger, say 10000000 (needs about 15 GB)")
    words.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS), help="parts to measure")
    return words.parse_args()


def _write(result: dict[str, Any]) -> None:
    report.RESULT.parent.mkdir(exist_ok=True)
    report.RESULT.write_text(json.dumps(result, indent=1))


def _measured(name: str, extent: Extent, result: dict[str, Any]) -> tuple[list[Figure], dict[str, list[Sample]]]:
    """Run one part on a fresh site, so that none measures what another has left."""
    with site() as built:
        if "machine" not in result:
            result["machine"] = describe(built.version()) | {"command": " ".join(["make bench", *sys.argv[1:]])}
        return PARTS[name](built, extent)


def main() -> int:
    """Measure; return 1 if an acknowledged webhook was lost, or a part could not be measured."""
    asked = _arguments()
    extent = QUICK if asked.quick else FULL
    if asked.rows:
        extent = Extent(**{**asdict(extent), "rows": (*extent.rows, asked.rows)})
    figures: list[Figure] = []
    broken: list[str] = []
    result: dict[str, Any] = {"figures": [], "samples": {}}
    for name in asked.only:
        began = time.monotonic()
        try:
            more, samples = _measured(name, extent, result)
        except Exception:  # noqa: BLE001 - whatever stops one part, the others are measured
            traceback.print_exc()
            broken.append(name)
            continue
        figures += more
        result["figures"] = [asdict(figure) for figure in figures]
        result["samples"] |= {key: [asdict(sample) for sample in of_one] for key, of_one in samples.items()}
        _write(result)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)  # noqa: T201 - a command
    text = report.as_text(result)
    report.RESULT.with_suffix(".md").write_text(text)
    print(text)  # noqa: T201 - a command
    if broken:
        print(f"Not measured, see above: {', '.join(broken)}.", file=sys.stderr)  # noqa: T201 - a command
    return int(bool(broken) or any(figure.key == "P12 lost" and figure.value for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
