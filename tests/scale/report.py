"""What was measured, kept in build/scale.json; `python -m tests.scale.report` puts its tables into docs/scale.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.bench.report import ROOT, machine
from tests.scale.tables import Table, markdown

RESULT = ROOT / "build" / "scale.json"
DOCUMENT = ROOT / "docs" / "scale.md"
PLACES = ("highest", "machines", "fairness")


def marks(name: str) -> tuple[str, str]:
    """Return the lines of the document between which a part's tables stand."""
    return f"<!-- what make scale measured: {name} -->", f"<!-- end: {name} -->"


def keep(name: str, found: Mapping[str, Any]) -> None:
    """Keep a part's result beside those of the others."""
    known = json.loads(RESULT.read_text()) if RESULT.exists() else {"parts": {}}
    known["parts"][name] = found
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(known, indent=1))


def part_text(part: Mapping[str, Any]) -> str:
    """Return a part's tables, and on what they were measured."""
    told = {name: value for name, value in part["machine"].items() if name in _SHOWN}
    tables = [markdown(Table(**table)) for table in part["tables"]]
    faults = [f"**Not as it must be:** {fault}" for fault in part["faults"]]
    return "\n\n".join(
        [f"Measured in {part['seconds']} s: {machine({'machine': told})[:-2].rstrip('. ')}.", *tables, *faults]
    )


_SHOWN = ("date", "commit", "processor", "cores", "memory_gb", "load_at_start", "python", "postgres")


def filled(document: str, parts: Mapping[str, Any]) -> str:
    """Return the document with the tables of the parts that were measured; other places stay as they are."""
    for name in PLACES:
        begin, end = marks(name)
        if name in parts and begin in document:
            head, _, rest = document.partition(begin)
            _, _, tail = rest.partition(end)
            document = f"{head}{begin}\n\n{part_text(parts[name])}\n\n{end}{tail}"
    return document


def main() -> None:
    """Write the tables into the document."""
    if RESULT.exists() and DOCUMENT.exists():
        DOCUMENT.write_text(filled(DOCUMENT.read_text(), json.loads(RESULT.read_text())["parts"]))


if __name__ == "__main__":
    main()
