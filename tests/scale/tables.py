"""What a part has to say: tables of words, for people, beside the figures, for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench.report import number
from tests.bench.rounds import quantile


@dataclass(slots=True)
class Table:
    """A table in the document. Each row has as many words as `head`."""

    title: str
    head: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)

    def add(self, *cells: str | float | None) -> None:
        """Add a row; figures get three digits."""
        self.rows.append([cell if isinstance(cell, str) else number(cell) for cell in cells])


@dataclass(slots=True)
class Told:
    """What a part found. `faults`: what must not be, each a sentence."""

    tables: list[Table]
    figures: dict[str, Any]
    faults: list[str] = field(default_factory=list)


def markdown(table: Table) -> str:
    """Return it as Markdown."""
    lines = [table.head, ["---"] * len(table.head), *table.rows]
    return f"**{table.title}**\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines)


def spread(values: Sequence[float], *shares: float) -> list[float]:
    """Return these quantiles of some values."""
    return [quantile(values, share) for share in shares]
