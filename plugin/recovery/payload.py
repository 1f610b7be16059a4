"""The one door for JSON that strangers send, and readers for what stands in it.

No message here quotes a value: what could not be read may hold a buyer's data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

import msgspec

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
"""Shopify names no limit and bodies above 1 MB occur; ten times that is no order any more."""
MAX_ID: Final = 2**63 - 1
"""The largest BIGINT."""
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 9998
"""One year of room, so that no offset or limit can leave the calendar."""
CURRENCY_LETTERS: Final = 3
MAX_COUNT: Final = 1_000_000
MAX_AMOUNT: Final = Decimal(10) ** 14
MONEY_PLACES: Final = 4
"""Places after the point that the ledger keeps."""
MAX_NUMERAL: Final = 64

_WRITTEN_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_AMOUNT: Final = re.compile(r"\d{1,30}(?:\.\d{0,60})?", re.ASCII)
PLAIN_AMOUNT: Final = re.compile(r"\d{1,14}(?:\.\d{1,4})?", re.ASCII)
"""Nearly all amounts: within all bounds, and exact as they are written."""
_DIGITS: Final = re.compile(r"\d{1,19}", re.ASCII)
_FLAGS: Final = {"": False, "null": False, "false": False, "0": False, "true": True, "1": True}
ABSENT: Final = (None, "", "NULL")
"""Bodies edited by hand hold the word NULL for an empty cell."""


class UnreadablePayload(ValueError):
    """The body is not what its sender says it is; nothing can be done with it."""


def _decimal(numeral: str) -> Decimal:
    if len(numeral) > MAX_NUMERAL:
        raise ValueError("The numeral is too long.")
    return Decimal(numeral)


_DECODER: Final = msgspec.json.Decoder(float_hook=_decimal)  # money never becomes a float


def parse_body(raw: bytes) -> dict[str, Any]:
    """Read a JSON object; numbers with a point come as Decimal.

    Refuses NUL characters, lone surrogates, NaN and Infinity, numbers too long to mean anything, nesting too deep to
    walk, bytes that are not UTF-8, more than ``MAX_BODY_BYTES`` bytes, and anything but an object.

    Raises:
        UnreadablePayload: with one sentence that quotes nothing of the body.
    """
    if len(raw) > MAX_BODY_BYTES:
        raise UnreadablePayload("The body is too large.")
    # one byte is found much faster than six, and most bodies have none
    if b"\\" in raw and b"\\u0000" in raw and _WRITTEN_NUL.search(raw):  # PostgreSQL cannot store it
        raise UnreadablePayload("The body holds a NUL character.")
    body = _decoded(raw)
    if not isinstance(body, dict):
        raise UnreadablePayload("The body is not a JSON object.")
    return body


def _decoded(raw: bytes) -> object:
    """Decode, and say what is wrong without the decoder's own text, which may quote the body."""
    try:
        return _DECODER.decode(raw)
    except RecursionError:
        raise UnreadablePayload("The body is nested too deeply.") from None
    except UnicodeDecodeError:
        raise UnreadablePayload("The body is not UTF-8.") from None
    except (ValueError, InvalidOperation):
        raise UnreadablePayload("The body is not JSON.") from None


def text_at(holder: Mapping[str, Any], key: str) -> str | None:
    """Return the text under ``key``, a whole number as its digits, None if there is nothing."""
    value = holder.get(key)
    if value is None or value in ABSENT:
        return None
    if type(value) is str:
        return value
    if isinstance(value, bool) or not isinstance(value, int) or not -MAX_ID <= value <= MAX_ID:
        _refuse(key)
    return str(value)


def flag_at(holder: Mapping[str, Any], key: str) -> bool:
    """Return the yes or no under ``key``; nothing means no."""
    value = holder.get(key)
    if value is None or isinstance(value, bool):
        return bool(value)
    flag = _FLAGS.get(value.strip().lower()) if isinstance(value, str) else None
    return _refuse(key) if flag is None else flag


def object_at(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object under ``key``, empty if there is none."""
    value = holder.get(key)
    if isinstance(value, dict):
        return value
    return {} if value in ABSENT else _refuse(key)


def objects_at(holder: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    """Return the list of objects under ``key``, empty if there is none."""
    value = holder.get(key)
    if value in ABSENT:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        return _refuse(key)
    return value


def id_at(holder: Mapping[str, Any], key: str) -> int | None:
    """Return the id under ``key``, a number or its digits, None if there is none (0 counts as none).

    Ids go beyond 2^53 and must fit a BIGINT.
    """
    value = holder.get(key)
    if type(value) is int and 0 < value <= MAX_ID:
        return value
    if value in ABSENT:
        return None
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_ID:
        return _refuse(key)
    return value or None


def count_at(holder: Mapping[str, Any], key: str) -> int | None:
    """Return how many of something ``key`` tells, None if it does not."""
    value = holder.get(key)
    if type(value) is int and 0 <= value <= MAX_COUNT:
        return value
    return None if value is None else _refuse(key)


def moment_at(holder: Mapping[str, Any], key: str) -> datetime | None:
    """Return the ISO 8601 time under ``key`` in UTC, None if there is none; it must name its offset."""
    typed = text_at(holder, key)
    if typed is None:
        return None
    moment = moment_from(typed)
    return _refuse(key) if moment is None else moment


def moment_from(typed: str) -> datetime | None:
    """Read an ISO 8601 time with an offset as UTC; None if it is none, or outside the years we reckon with."""
    if len(typed) > MAX_NUMERAL:
        return None
    try:
        moment = datetime.fromisoformat(typed)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo and FIRST_YEAR <= moment.year <= LAST_YEAR else None


def money_at(holder: Mapping[str, Any], key: str) -> Decimal | None:
    """Return the amount under ``key``, never below zero, at most four places after the point; None if there is none."""
    value = holder.get(key)
    if isinstance(value, str) and PLAIN_AMOUNT.fullmatch(value):
        return Decimal(value)
    if value in ABSENT:
        return None
    numeral = _numeral(value)
    if numeral is None or not _AMOUNT.fullmatch(numeral):
        return _refuse(key)
    amount = Decimal(numeral)
    if amount >= MAX_AMOUNT:
        return _refuse(key)
    return round(amount, MONEY_PLACES) if int(amount.as_tuple().exponent) < -MONEY_PLACES else amount


def _numeral(value: object) -> str | None:
    """Write a number of JSON out in full; None if it is no number, or too long to be money."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return f"{number:f}" if number.is_finite() and abs(number.adjusted()) < MAX_NUMERAL else None


def currency_at(holder: Mapping[str, Any], key: str) -> str | None:
    """Return the ISO 4217 code under ``key`` in capitals, None if there is none."""
    typed = text_at(holder, key)
    if typed is None:
        return None
    code = typed.strip().upper()
    return code if len(code) == CURRENCY_LETTERS and code.isascii() and code.isalpha() else _refuse(key)


def _refuse(key: str) -> NoReturn:
    raise UnreadablePayload(f"The field {key} cannot be read.")
