"""Phone numbers as Meta hashes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import phonenumbers

from plugin.recovery.normalise import plain_digits, plain_text

MIN_DIGITS: Final = 7
MAX_DIGITS: Final = 15
"""E.164."""
MAX_TYPED: Final = 40

_INTERNATIONAL: Final = re.compile(r"\+[0-9 ().\-/]+")
_NATIONAL: Final = re.compile(r"[0-9(][0-9 ().\-/]+")
_NOT_DIGIT: Final = re.compile(r"[^0-9]+")
_MARKS: Final = dict.fromkeys(map(ord, "+ ().-/"))
_SHORT_CODES: Final = frozenset(str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE if code < 100)  # noqa: PLR2004 (two digits)
"""Calling codes of one or two digits; all others have three."""
_MEXICO: Final = "+52"
_MEXICO_UNTIL_2019: Final = re.compile(r"^(?:(?:\+|00)?52[^0-9]*1|[^0-9]*0(?:1|44|45))[^0-9]*(?=(?:[0-9][^0-9]*){10}$)")


def phone_for_meta(typed: str, country: str | None) -> str | None:
    """Return the phone number in the form Meta hashes: 7 to 15 ASCII digits, calling code first, no ``+``.

    ``typed`` is as the buyer wrote it; ``country`` is the ISO 3166-1 alpha-2 code of the address it stands in.
    None if the calling code cannot be known, or the number is none: a wrong match is worse than no match. Never raises.

    Source: Meta, "Customer Information Parameters", ``ph``: symbols, letters and leading zeros go, calling code always.
    """
    if typed.startswith("+") and len(typed) <= MAX_TYPED and not typed.startswith(_MEXICO):
        digits = _as_typed(typed)  # the usual case, in which cleaning would change nothing but blanks
        if digits:
            return digits
    number, home = plain_digits(plain_text(typed)), (country or "").strip().upper()
    if not number or len(number) > MAX_TYPED:
        return None
    number = _as_dialled_today(number, home)
    if number.startswith("+"):
        return _as_typed(number) or _by_numbering_plan(number, home)
    digits = _as_typed_at_home(number, home) or _by_numbering_plan(number, home)
    if digits is None and number.startswith("00"):  # the way out of most countries, if not of this one
        return _by_numbering_plan(f"+{number[2:]}", "")
    return digits


def _as_typed(number: str) -> str | None:
    """Return the digits of a number typed in full; None if it is not certain that all of them belong to it."""
    if not _INTERNATIONAL.fullmatch(number):
        return None
    digits = number.translate(_MARKS)
    if digits.startswith("0") or not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        return None
    code = digits[0] if digits[0] in _SHORT_CODES else digits[:2] if digits[:2] in _SHORT_CODES else digits[:3]
    # a zero next may be a habit of dialling at home ("+44 020"), or part of the number (Italy)
    return digits if digits[len(code)] != "0" and len(digits) - len(code) in _lengths(code) else None


def _as_typed_at_home(number: str, home: str) -> str | None:
    """Return what the numbering plans would, for a number as it is dialled within its country; None if it is not plain.

    Nearly all typed numbers are. Most of the time that the plans take goes into what such a number has none of: other
    scripts, letters, extensions, ways out of the country, carriers.
    """
    plan = _plan(home) if _NATIONAL.fullmatch(number) else None
    if plan is None:
        return None
    digits = _NOT_DIGIT.sub("", number)
    if digits.startswith(plan.code) or plan.way_out.match(digits):
        return None
    digits = digits.removeprefix(plan.prefix)
    if digits.startswith("0") or not plan.numbers.fullmatch(digits):
        return None
    is_valid = phonenumbers.is_valid_number(phonenumbers.PhoneNumber(int(plan.code), int(digits)))
    return f"{plan.code}{digits}" if is_valid else None


@dataclass(frozen=True, slots=True)
class _Plan:
    """A country's calling code, its way out, what is dialled before a number of home, and what numbers look like."""

    code: str
    way_out: re.Pattern[str]
    prefix: str
    numbers: re.Pattern[str]


@cache
def _plan(home: str) -> _Plan | None:
    """Return a country's plan; None if there is none, or its prefix is more than digits (carriers, rewriting)."""
    found = phonenumbers.PhoneMetadata.metadata_for_region(home) if home in phonenumbers.SUPPORTED_REGIONS else None
    if found is None or found.general_desc is None or found.national_prefix_transform_rule:
        return None
    prefix = found.national_prefix_for_parsing or ""
    numbers, way_out = found.general_desc.national_number_pattern, found.international_prefix
    if not (prefix.isdecimal() or not prefix) or not numbers or not way_out:
        return None
    return _Plan(str(found.country_code), re.compile(way_out), prefix, re.compile(numbers))


@cache
def _lengths(code: str) -> frozenset[int]:
    """Return how many digits may follow this calling code: a ``+`` typed before a number of home shows by that."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    plan = phonenumbers.PhoneMetadata.metadata_for_region(regions[0]) if regions else None
    return frozenset(plan.general_desc.possible_length if plan and plan.general_desc else ())


def _as_dialled_today(number: str, home: str) -> str:
    """Drop the prefixes that Mexico abolished in 2019; buyers and messengers still write them."""
    if home == "MX" or number.startswith((_MEXICO, "0052")):
        return _MEXICO_UNTIL_2019.sub("+52", number)
    return number


def _by_numbering_plan(number: str, country: str) -> str | None:
    """Ask the numbering plans, which costs as much as all other fields together."""
    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
