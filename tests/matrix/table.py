"""Reads the table of expectations, and says what it makes of each way to buy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("expected.txt")
VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "region": ("opt_in", "opt_out", "free"),
    "choice": ("accept", "decline", "ignore", "withdraw", "sale"),
    "blocker": ("none", "meta", "both"),
    "tab": ("open", "closed"),
    "block": ("off", "on"),
}
"""The circumstances of a purchase."""
MODES: Final = ("recorded", "store_policy")
LDU: Final = ("no", "yes")
NOTHING: Final = "-"


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """One way to choose and to buy."""

    region: str
    choice: str
    blocker: str
    tab: str
    block: str

    @property
    def consents(self) -> bool:
        """Whether the buyer in fact allows what the pixel does, by a word or by silence where that suffices."""
        return self.choice == "accept" or (self.choice == "ignore" and self.region != "opt_in")


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of an order; ``basis`` is empty for one that is not sent."""

    outcome: str
    reason: str
    basis: str = ""

    @classmethod
    def from_text(cls, text: str) -> Fate:
        """Read ``outcome/reason[/basis]``."""
        return cls(*text.split("/"))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a purchase: the pixel's word on it, the buyer's choice, and who told that."""

    said: str
    choice: str
    by: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: which ways and settings of limited data use it is about, and what it says of them."""

    way: Mapping[str, frozenset[str]]
    ldu: frozenset[str]
    known: Known
    fates: Mapping[str, Fate]
    note: str

    def fits(self, way: Way, ldu: str) -> bool:
        """Whether the line is about this way under this setting."""
        return ldu in self.ldu and all(getattr(way, name) in allowed for name, allowed in self.way.items())


def every_way() -> Iterator[Way]:
    """All ways, in the order of VALUES."""
    return (Way(*values) for values in product(*VALUES.values()))


def lines() -> list[Line]:
    """The table's lines from top to bottom."""
    typed = (text.strip() for text in FILE.read_text().splitlines())
    return [_line(text) for text in typed if text and not text.startswith("#")]


def line_for(way: Way, ldu: str, table: list[Line]) -> Line:
    """The one line about a way. Raises ValueError if there is none, or more than one."""
    (found,) = [line for line in table if line.fits(way, ldu)]
    return found


def _line(text: str) -> Line:
    said, _, note = text.partition("#")
    where, known, follows = (part.split() for part in said.split(" | "))
    *way, ldu = where
    names = [field.name for field in fields(Way)]
    recorded, store_policy = follows
    return Line(
        way={name: _values(typed, VALUES[name]) for name, typed in zip(names, way, strict=True)},
        ldu=_values(ldu, LDU),
        known=Known(*known),
        fates={
            "recorded": Fate.from_text(recorded),
            "store_policy": Fate.from_text(recorded if store_policy == "same" else store_policy),
        },
        note=note.strip(),
    )


def _values(typed: str, all_of_them: tuple[str, ...]) -> frozenset[str]:
    named = frozenset(all_of_them if typed == "any" else typed.split("|"))
    if not named <= set(all_of_them):
        raise ValueError(f"{typed} is none of {', '.join(all_of_them)}")
    return named
