"""How Meta wants each field of a buyer before it is hashed.

Source of all rules: Meta, "Customer Information Parameters", as written. Meta's own libraries disagree with it and with
each other in places (they keep punctuation in names, cut foreign postcodes at the dash, drop accents from cities).
Everything is Unicode NFC, so that a composed and a decomposed letter give one hash; every function is idempotent.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_TYPED: Final = 256
"""Longer texts are no name, place or address of anybody."""
MAX_POSTCODE: Final = 12

_BLANKS: Final = re.compile(r"\s+")
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]+"
)
"""Controls and what Unicode calls default ignorable: pasted along unseen, they would change every hash."""
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_NOT_IN_NAME: Final = re.compile(r"[^a-z0-9 ]+")
_NOT_IN_PLACE: Final = re.compile(r"[^a-z]+")
_NOT_POSTCODE: Final = re.compile(r"[^0-9a-z]+")
_US_POSTCODE: Final = re.compile(r"([0-9]{5})(?:[0-9]{4})?")
_COUNTRY: Final = re.compile(r"[a-z]{2}")
_US_STATE: Final = _COUNTRY
_UNKNOWN_COUNTRY: Final = "zz"


def plain_text(typed: str) -> str:
    """Return the text in NFC without controls and invisible characters, blanks single, none at the ends.

    Empty if it is longer than ``MAX_TYPED``.
    """
    if len(typed) > MAX_TYPED:
        return ""
    return _composed(_BLANKS.sub(" ", _INVISIBLE.sub("", typed)).strip())


def email_for_meta(typed: str) -> str | None:
    """Return the e-mail address trimmed and in lower case, nothing else changed; None if it is none."""
    address = _lower(plain_text(typed))
    return address if _EMAIL.fullmatch(address) else None


def name_for_meta(typed: str) -> tuple[str, ...]:
    """Return a first or last name in lower case without punctuation; a compound one with and without its blanks.

    Meta names punctuation but not blanks, and takes lists: so both forms are offered. Empty if no letter is left.
    """
    lower = _lower(plain_text(typed))
    bare = _NOT_IN_NAME.sub("", lower) if lower.isascii() else _composed(_only(lower, "LMNZ"))
    spaced = " ".join(bare.split())
    return tuple(dict.fromkeys((spaced, _composed(spaced.replace(" ", ""))))) if any(map(str.isalpha, spaced)) else ()


def city_for_meta(typed: str) -> tuple[str, ...]:
    """Return a city's letters in lower case, and once more without accents where it has any. Empty if none is left."""
    city = _letters(typed)
    folded = "" if city.isascii() else _folded(city)
    return tuple(each for each in (city, folded) if each)


def region_for_meta(name: str | None, code: str | None, country: str | None) -> tuple[str, ...]:
    """Return a region: in the US its two-letter code; elsewhere the letters of its name, and its code as well.

    ``country`` is lower-case ISO 3166-1 alpha-2. Shopify's code may carry the country in front (``JP-13``).
    """
    short = _lower(plain_text(code or "")).removeprefix(f"{country}-")
    if country == "us":
        short = short or _lower(plain_text(name or ""))
        return (short,) if _US_STATE.fullmatch(short) else ()
    forms = dict.fromkeys((_letters(name or ""), short))
    return tuple(form for form in forms if len(form) > 1 and _letters(form) == form)


def postcode_for_meta(typed: str, country: str | None) -> str | None:
    """Return a postcode in lower case without blanks or dashes, in the US its first five digits. None if it is none."""
    code = _NOT_POSTCODE.sub("", _lower(unicodedata.normalize("NFKC", plain_text(typed))))
    if country == "us":
        zip_code = _US_POSTCODE.fullmatch(code)
        return zip_code[1] if zip_code else None
    return code if len(code) <= MAX_POSTCODE and any(letter.isdigit() for letter in code) else None


def country_for_meta(typed: str) -> str | None:
    """Return an ISO 3166-1 alpha-2 code in lower case; None if it is none."""
    code = _lower(plain_text(typed))
    return code if _COUNTRY.fullmatch(code) and code != _UNKNOWN_COUNTRY else None


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _lower(text: str) -> str:
    """Lower the case; what that takes apart is composed again."""
    return _composed(text.lower())


def _only(text: str, kinds: str) -> str:
    """Keep the characters of these Unicode categories; marks belong to letters (Indic vowels, the dot of İ)."""
    return "".join(letter for letter in text if unicodedata.category(letter)[0] in kinds)


def _letters(typed: str) -> str:
    lower = _lower(plain_text(typed))
    return _NOT_IN_PLACE.sub("", lower) if lower.isascii() else _composed(_only(lower, "LM"))


def _folded(text: str) -> str:
    """Return the letters without accents; nothing if they are not Latin."""
    bare = _only(unicodedata.normalize("NFD", text), "L")
    return bare if bare.isascii() else ""
