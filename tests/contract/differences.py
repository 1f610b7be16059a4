"""Where Meta's libraries hash another text than we do: a closed list, each with what tells it and why it is meant.

The same list, for people, is the table in docs/hashing.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.contract import published, signs
from tests.contract.meta_libraries import BUILDER, SDK, Answer, Question

Fields = dict[str, frozenset[str]]
"""By library, the fields in which it differs."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that a library does in these fields, and we do not; or the other way round."""

    shows: Callable[[Question, str], bool]
    sdk: str
    builder: str
    why: str

    @property
    def fields(self) -> Fields:
        return {SDK: frozenset(self.sdk.split()), BUILDER: frozenset(self.builder.split())}


DIFFERENCES = {
    "punctuation and symbols stay": Difference(
        signs.punctuation,
        "city name region",
        "name",
        "Meta's page: no punctuation. The builder knows only that of ASCII",
    ),
    "unseen characters stay": Difference(
        signs.unseen,
        "city email name region",
        "email name",
        "nobody typed them knowingly; an address with one is refused",
    ),
    "other shapes of a letter stay": Difference(
        signs.shapes,
        "city country email name postcode region",
        "country email name postcode",
        "decomposed, full-width and ornamental letters are the same letters; Meta's vectors are composed",
    ),
    "blanks stay as typed": Difference(signs.blanks, "name", "", "two blanks, or a tab, are typed for one"),
    "words are joined before they are lowered": Difference(
        signs.sigma, "", "name", "Greek ends each word with its own sigma; lowered first, each word keeps it"
    ),
    "nothing is hashed": Difference(
        signs.of_nothing, "city name postcode region", "", "the hash of an empty text is the same for everybody"
    ),
    "what looks like a hash stays": Difference(
        signs.looks_hashed,
        "email name",
        "email name",
        "a checkout holds what a person typed; all of it is hashed, or none",
    ),
    "what names nobody and no place is hashed": Difference(
        signs.nobody,
        "city country email name postcode region",
        "country email name postcode",
        "no letter, no digit, no address, no code: it can match nobody, or the wrong one",
    ),
    "letters beyond a to z go": Difference(
        signs.beyond_a_to_z, "", "city region", "Meta's page: UTF-8 where there are others. Zürich is not zrich"
    ),
    "digits stay in places": Difference(
        signs.digits_in_place,
        "city region",
        "city",
        "they are districts and postcodes; Meta's page does not say, facebook_business drops those of ASCII",
    ),
    "regions are cut to two letters": Difference(
        signs.cut_region, "", "region", "Meta's page asks for two letters in the US only; NSW is not ns"
    ),
    "states by name": Difference(
        signs.state_by_name, "region", "region", "in the US Meta's page asks for the code, and Shopify always gives it"
    ),
    "the country stays before the code of a region": Difference(
        signs.country_before_code, "region", "region", "US-CA is ca; Shopify writes either"
    ),
    "regions of one letter or of digits": Difference(
        signs.one_letter, "region", "region", "B alone tells nothing; a code of digits leaves no text at all"
    ),
    "postcodes are cut at the dash": Difference(
        signs.cut_at_dash,
        "postcode",
        "postcode",
        "Meta's page: no dash; five digits in the US only. 123-4567 is not 123",
    ),
    "blanks stay in postcodes": Difference(
        signs.blanks_in_postcode, "", "postcode", "Meta's page: no blanks, as in m11ae"
    ),
    "other signs stay in postcodes": Difference(
        signs.signs_in_postcode, "postcode", "postcode", "typographic dashes are dashes, 〒 is no part of the code"
    ),
    "ZIP+4 without its dash is not cut": Difference(
        signs.uncut_zip, "postcode", "postcode", "Meta's page: the first five digits in the US"
    ),
    "digits of other scripts stay or vanish": Difference(
        signs.other_digits, "phone postcode", "phone postcode", "Arabic, Persian or Indian, they are the same number"
    ),
    "no calling code is added": Difference(
        signs.no_calling_code, "phone", "phone", "Meta's page: always. The address tells the country"
    ),
    "prefixes of dialling stay": Difference(
        signs.dialled_prefix,
        "phone",
        "phone",
        "+44 (0)20, 011 44, +52 1: dialled, or once dialled, and no part of the number",
    ),
    "extensions are joined to the number": Difference(
        signs.extension, "", "phone", "they belong to the switchboard, not to the number"
    ),
    "letters are no keys": Difference(
        signs.keys, "", "phone", "555-CALL is 555-2255; without the letters it is no number"
    ),
    "readable numbers are refused": Difference(
        signs.refused, "phone", "", "dots, slashes, extensions and zeros of home do not make a number unreadable"
    ),
    "numbers that are none are hashed": Difference(
        signs.nobody, "phone", "phone", "short, unassigned or of an unknown country: a wrong match is worse than none"
    ),
    "unusual addresses are refused": Difference(
        signs.refused, "", "email", "Meta's page asks for no check; mail reaches them"
    ),
    "Kosovo is refused": Difference(
        signs.refused, "country", "", "ISO left it without a code; XK is what all who need one write"
    ),
}


def explained_by(question: Question, answer: Answer, library: str) -> set[str]:
    """Return the names of all differences that show."""
    return {
        name
        for name, one in DIFFERENCES.items()
        if question.field in one.fields[library] and one.shows(question, answer.text or "")
    }


def documented() -> dict[str, tuple[str, str, str]]:
    """Read the table of docs/hashing.md: by name, the fields of each library, and why."""
    text = (published.ROOT / "docs" / "hashing.md").read_text(encoding="utf-8")
    table = text.partition("## Where we differ")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]*) \| ([^|]*) \| ([^|]+) \|$", table, re.MULTILINE)
    return {name: (sdk.strip(), builder.strip(), why) for name, sdk, builder, why in rows[1:] if set(name) - set("- ")}
