"""Times, numbers and money as the reader is used to them (CLDR's patterns, by Babel).

Plain `en`, which is what most admins name, does not say whose dates: its forms are our own, and read the same in every
country. Regional English has its region's dates. An amount in English always carries its currency's code, since several
countries write `$`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel import Locale, dates, lists, numbers
from babel.numbers import NumberPattern

from plugin.language import tongue
from plugin.tongues import SOURCE

OWN_DAY: Final = "d MMM y"
OWN_DAY_OF_MONTH: Final = "d MMM"
OWN_TIME: Final = "HH:mm"
OWN_MONEY: Final = "#,##0.00 ¤¤"
NARROW_SPACE, HARD_SPACE = "\u202f", "\u00a0"
"""CLDR's English has the first before PM, which not every font knows."""
HEBREW: Final = "he"
MAQAF: Final = "\u05be"
"""Hebrew's hyphen. Its "and" is one letter, written together with a Hebrew word and hyphenated to all else."""


def local_time(at: datetime) -> str:
    """Return a time as it is, date and minute: `24 Nov 2026, 13:01`."""
    locale = tongue().locale
    time = dates.format_time(at, OWN_TIME if _is_plain(locale) else "short", locale=locale)
    pattern = str(dates.get_datetime_format("medium", locale=locale)).replace("'", "")
    return pattern.replace("{0}", _readable(time, locale)).replace("{1}", day(at))


def day(at: date) -> str:
    """Return a date: `24 Nov 2026`."""
    return _day(at.year, at.month, at.day, tongue().locale)


def day_of_month(at: date) -> str:
    """Return a date without its year, for a chart's axis: `24 Nov`."""
    locale = tongue().locale
    if _is_plain(locale):
        return dates.format_date(at, OWN_DAY_OF_MONTH, locale=locale)
    return dates.format_skeleton("MMMd", at, locale=locale)


def number(value: float) -> str:
    """Return a number: `1,200`, `7.5`."""
    return _number(value, tongue().locale)


def percent(share: float, digits: int = 1) -> str:
    """Return a share of 1 with some digits behind the point: `12.5%`."""
    locale = tongue().locale
    return str(_with_digits("percent", digits, locale).apply(share, locale))


def money(value: Decimal, currency: str) -> str:
    """Return an amount with its currency: `1,128.40 EUR`, `1,200 JPY`; no digit is rounded away."""
    locale = tongue().locale
    exponent = value.normalize().as_tuple().exponent
    digits = max(numbers.get_currency_precision(currency), -exponent if isinstance(exponent, int) else 0)
    pattern = _with_digits("money", digits, locale)
    return _readable(pattern.apply(value, locale, currency=currency, currency_digits=False), locale)


def all_of(texts: Iterable[str]) -> str:
    """Return texts in a row, the last one joined by the language's "and": `231.80 EUR and 1,200 JPY`."""
    several, locale = list(texts), tongue().locale
    if locale.language == HEBREW and len(several) > 1 and not _begins_in_hebrew(several[-1]):
        several[-1] = MAQAF + several[-1]
    return lists.format_list(several, locale=locale)


def _begins_in_hebrew(text: str) -> bool:
    """Whether the first character that is seen is a Hebrew letter: marks of direction come before amounts."""
    first = next((each for each in text if unicodedata.category(each) != "Cf"), "")
    return unicodedata.name(first, "").startswith("HEBREW LETTER") if first else True


@lru_cache(maxsize=4096, typed=True)
def _number(value: float, locale: Locale) -> str:
    return numbers.format_decimal(value, locale=locale, decimal_quantization=False)


@lru_cache(maxsize=1024)
def _day(year: int, month: int, day_: int, locale: Locale) -> str:
    return dates.format_date(date(year, month, day_), OWN_DAY if _is_plain(locale) else "medium", locale=locale)


@lru_cache(maxsize=512)
def _with_digits(what: str, digits: int, locale: Locale) -> NumberPattern:
    """Return the locale's pattern of money or shares, for this many digits behind the point."""
    pattern: NumberPattern
    if what == "percent":
        pattern = locale.percent_formats[None]
    elif locale.language == SOURCE:
        pattern = numbers.parse_pattern(OWN_MONEY)
    else:
        pattern = locale.currency_formats["standard"]
    pattern = copy(pattern)
    pattern.frac_prec = (digits, digits)
    return pattern


def _is_plain(locale: Locale) -> bool:
    return locale.language == SOURCE and locale.territory is None


def _readable(text: str, locale: Locale) -> str:
    return text.replace(NARROW_SPACE, HARD_SPACE) if locale.language == SOURCE else text
