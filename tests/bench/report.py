"""The bench's tables: what was measured, beside what it is to be and what it was before.

`python -m tests.bench.report` writes the last run's tables into docs/performance.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.aims import CAUSES, aim_of, words_of
from tests.bench.figures import Aim, Sense

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULT = ROOT / "build" / "bench.json"
BEFORE = HERE / "before.json"
DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- what make bench measured -->", "<!-- end -->"


def number(value: float | None) -> str:
    """Write a figure with three digits."""
    if value is None:
        return ""
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _bound(aim: Aim) -> str:
    sign = "≥" if aim.sense is Sense.MORE else "≤"
    return f"{sign} {number(aim.target)} ({number(aim.stretch)})"


def _span(span: list[float] | None) -> str:
    return "" if not span else f"{number(span[0])} to {number(span[1])}"


def tables(result: Mapping[str, Any], before: Mapping[str, float]) -> str:
    """Return both tables: figures with an aim, and those to be read only."""
    promised = ["| | is to be (at best) | before | now | met, or why not |", "| --- | --- | --- | --- | --- |"]
    others = ["| | before | now | samples |", "| --- | --- | --- | --- |"]
    for figure in result["figures"]:
        key, value = figure["key"], figure["value"]
        old, now = number(before.get(key)), number(value)
        aim = aim_of(key)
        if aim is None:
            others.append(f"| {words_of(key)} | {old} | {now} | {_span(figure['span'])} |")
        else:
            met = "met" if aim.is_met(value) else ": ".join(filter(None, ("**not met**", CAUSES.get(key))))
            name = f"**{key.split(' ')[0]}** " if key.startswith("P") else ""
            promised.append(f"| {name}{aim.words} | {_bound(aim)} | {old} | {now} | {met} |")
    return "\n".join(promised) + "\n\n" + "\n".join(others)


def machine(result: Mapping[str, Any]) -> str:
    """Say on what it was measured, in a paragraph."""
    told = dict(result["machine"])
    names = ("date", "commit", "processor", "cores", "memory_gb", "load_at_start", "python", "postgres", "command")
    first = [f"{name.replace('_', ' ')} {told.pop(name)}" for name in names if name in told]
    return "; ".join(first) + ". " + ", ".join(f"{name} {version}" for name, version in told.items()) + "."


def before() -> dict[str, float]:
    """Return the figures of the first run."""
    return {name: float(value) for name, value in json.loads(BEFORE.read_text())["figures"].items()}


def as_text(result: Mapping[str, Any]) -> str:
    """Return all that a run has to say."""
    return f"{machine(result)}\n\n{tables(result, before())}\n"


def main() -> None:
    """Write the last run's tables into the document."""
    told = as_text(json.loads(RESULT.read_text()))
    head, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, tail = rest.partition(END)
    DOCUMENT.write_text(f"{head}{BEGIN}\n\n{told}\n{END}{tail}")


if __name__ == "__main__":
    main()
