"""Phone numbers as Meta hashes them."""

from __future__ import annotations

import re
from typing import Final

import phonenumbers

from plugin.recovery.normalise import plain_text

MIN_DIGITS: Final = 7
MAX_DIGITS: Final = 15
"""E.164."""
MAX_TYPED: Final = 40

_INTERNATIONAL: Final = re.compile(r"\+[0-9 ().\-/]+")
_NOT_DIGIT: Final = re.compile(r"[^0-9]+")
_SHORT_CODES: Final = frozenset(str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE if code < 100)  # noqa: PLR2004 (two digits)
"""Calling codes of one or two digits; all others have three."""


def phone_for_meta(typed: str, country: str | None) -> str | None:
    """Return the phone number in the form Meta hashes: 7 to 15 ASCII digits, calling code first, no ``+``.

    ``typed`` is as the buyer wrote it; ``country`` is the ISO 3166-1 alpha-2 code of the address it stands in.
    None if the calling code cannot be known, or the number is none: a wrong match is worse than no match. Never raises.

    Source: Meta, "Customer Information Parameters", ``ph``: symbols, letters and leading zeros go, calling code always.
    """
    number = plain_text(typed)
    if not number or len(number) > MAX_TYPED:
        return None
    if number.startswith("00"):  # dialled out; no country's own numbers begin so
        number = f"+{number[2:]}"
    if number.startswith("+") and (digits := _as_typed(number)):
        return digits
    return _by_numbering_plan(number, country)


def _as_typed(number: str) -> str | None:
    """Return the digits of a number typed in full; None if it is not certain that all of them belong to it."""
    if not _INTERNATIONAL.fullmatch(number):
        return None
    digits = _NOT_DIGIT.sub("", number)
    if digits.startswith("0") or not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        return None
    code = next((digits[:n] for n in (1, 2) if digits[:n] in _SHORT_CODES), digits[:3])
    # a zero next may be a habit of dialling at home ("+44 020"), or part of the number (Italy)
    return None if digits[len(code)] == "0" else digits


def _by_numbering_plan(number: str, country: str | None) -> str | None:
    """Ask the numbering plans, which costs as much as all other fields together."""
    try:
        parsed = phonenumbers.parse(number, (country or "").strip().upper() or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
