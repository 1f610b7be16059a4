"""What people type into checkouts, and the text that Meta's written rules make of it: one file a field.

Each line was reasoned from the rules, not copied from the output of the code. ``clean`` is what gets hashed, most
faithful form first; empty if nothing may be. ``why`` says what is not obvious.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from plugin.recovery.buyer import (
    city_for_meta,
    country_for_meta,
    email_for_meta,
    name_for_meta,
    phone_for_meta,
    postcode_for_meta,
    region_for_meta,
)

HERE = Path(__file__).parent
FIELDS = tuple(sorted(file.stem for file in HERE.glob("*.toml")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One text in one field; ``country`` is upper case, empty where none is known. Only a region has a ``code``."""

    field: str
    country: str
    typed: str
    clean: tuple[str, ...] = ()
    code: str | None = None
    why: str = ""

    def __str__(self) -> str:
        shown = f"{self.typed} {self.code or ''}".strip().encode("unicode_escape").decode()
        return f"{self.field} {self.country} {shown}"


def cleaned(entry: Entry) -> tuple[str, ...]:
    """Return what our code makes of it."""
    country = entry.country.lower() or None
    match entry.field:
        case "name":
            return name_for_meta(entry.typed)
        case "city":
            return city_for_meta(entry.typed)
        case "region":
            return region_for_meta(entry.typed, entry.code, country)
    one = {
        "email": lambda: email_for_meta(entry.typed),
        "phone": lambda: phone_for_meta(entry.typed, entry.country or None),
        "postcode": lambda: postcode_for_meta(entry.typed, country),
        "country": lambda: country_for_meta(entry.typed),
    }[entry.field]()
    return () if one is None else (one,)


def _read(field: str) -> list[Entry]:
    lines = tomllib.loads((HERE / f"{field}.toml").read_text(encoding="utf-8"))["entries"]
    return [Entry(field=field, **line | {"clean": tuple(line["clean"])}) for line in lines]


CORPUS = tuple(entry for field in FIELDS for entry in _read(field))
