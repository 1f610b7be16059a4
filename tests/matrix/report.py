"""What the matrix comes to: how many missed orders with consent are recovered, and how many were sent wrongly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from tests.matrix.table import LDU, MODES, Fate, Known, Way, every_way, line_for, lines


@dataclass(frozen=True, slots=True)
class Case:
    """One way under one setting, what was known, and what became of it."""

    way: Way
    mode: str
    ldu: str
    known: Known
    fate: Fate

    @property
    def missed_with_consent(self) -> bool:
        """Whether the buyer allows it, and the pixel's request did not arrive."""
        return self.way.consents and (self.way.blocker != "none" or self.way.tab == "closed")

    @property
    def sent_wrongly(self) -> bool:
        """Whether it was sent though the evidence said that the pixel had delivered it."""
        return self.fate.outcome == "recovered" and self.known.said == "sent"

    @property
    def against_a_refusal(self) -> bool:
        """Whether it was sent though the buyer had refused, which nobody could tell us."""
        refuses = self.way.choice in {"decline", "withdraw"} or (self.way.choice == "sale" and not self.limited)
        return self.fate.outcome == "recovered" and refuses

    @property
    def limited(self) -> bool:
        """Whether it went with limited data use."""
        return self.fate.basis.endswith("_ldu")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def percent(self) -> float:
        """In percent."""
        return 100 * self.part / self.whole

    def __str__(self) -> str:
        return f"{self.part} of {self.whole} ({self.percent:.0f} %)"


def expected() -> list[Case]:
    """Every way under every setting, as the table has it."""
    table = lines()
    return [
        Case(way, mode, ldu, (line := line_for(way, ldu, table)).known, line.fates[mode])
        for way, mode, ldu in product(every_way(), MODES, LDU)
    ]


def recovered(cases: Iterable[Case], *, mode: str, block: str) -> Share:
    """How many missed orders with consent are recovered; every way counts once."""
    missed = [case for case in cases if case.missed_with_consent and (case.mode, case.way.block) == (mode, block)]
    return Share(sum(case.fate.outcome == "recovered" for case in missed), len(missed))


def sent_wrongly(cases: Iterable[Case]) -> int:
    """How many were sent that the pixel had reported."""
    return sum(case.sent_wrongly for case in cases)


def against_a_refusal(cases: Iterable[Case], *, mode: str, block: str) -> Share:
    """How many orders of buyers who refused are sent, because no word of it reached us."""
    refused = [
        case
        for case in cases
        if case.way.choice in {"decline", "withdraw", "sale"} and (case.mode, case.way.block) == (mode, block)
    ]
    return Share(sum(case.against_a_refusal for case in refused), len(refused))
