"""What the headers of Meta's answers, good ones too, say about how many more requests it will take, and when.

Three headers of JSON (Meta, Graph API, "Rate limits"; their forms also seen in recorded answers):

- ``x-app-usage``: percentages ``call_count``, ``total_time``, ``total_cputime`` of what our app may use in an hour;
- ``x-business-use-case-usage``: lists of the same by business, with ``estimated_time_to_regain_access`` in minutes;
- ``x-ad-account-usage``: ``acc_id_util_pct`` in per cent, and ``reset_time_duration`` in seconds.

At 100 Meta refuses requests, and goes on refusing while they come. So we rest before that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from plugin.meta.outgoing import json_object

A_MINUTE = timedelta(minutes=1)
"""The least wait after throttling when Meta names none."""
A_DAY = timedelta(days=1)
"""The longest wait taken from an answer."""
SLOW_AT, STOP_AT = 80, 95
"""Per cent."""
SLOW = timedelta(seconds=15)
"""Between two requests of a connection from SLOW_AT on: at most 240 an hour."""
STOP = timedelta(minutes=5)
"""From STOP_AT on, where Meta names no time: what is counted is the last hour, and a part of it is over then."""
PERCENTAGES = ("call_count", "total_time", "total_cputime", "acc_id_util_pct")
HEADERS = ("x-app-usage", "x-business-use-case-usage", "x-ad-account-usage")


def rest_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long to let a connection rest after this answer, so that no limit is hit; None: no need to."""
    entries = list(_entries(headers))
    used = max((_percent(entry) for entry in entries), default=0.0)
    if not used >= SLOW_AT:  # no number at all is none too
        return None
    if used < STOP_AT:
        return SLOW
    return max(min(_named(entries), A_DAY), A_MINUTE) if _named(entries) else STOP


def wait_named(headers: Mapping[str, str]) -> timedelta | None:
    """Return the longest wait that the headers of a refusal ask for, at most a day; None if they ask for none."""
    after = timedelta(seconds=_count(_lower(headers).get("retry-after")))
    return min(max(after, _named(list(_entries(headers)))), A_DAY) or None


def _named(entries: list[dict[str, Any]]) -> timedelta:
    waits = [timedelta(minutes=_count(entry.get("estimated_time_to_regain_access"))) for entry in entries]
    # an account's time is told with every answer: until its window begins anew, which need not mean that it is full
    waits += [
        timedelta(seconds=_count(entry.get("reset_time_duration"))) for entry in entries if _percent(entry) >= STOP_AT
    ]
    return max(waits, default=timedelta())


def _entries(headers: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield every object with counters: at the top of a header, or in lists one level down."""
    lower = _lower(headers)
    for name in HEADERS:
        usage = json_object(lower.get(name, "").encode(errors="replace")) or {}
        yield usage
        for entries in usage.values():
            if isinstance(entries, list):
                yield from (entry for entry in entries if isinstance(entry, dict))


def _percent(entry: Mapping[str, Any]) -> float:
    values = (entry.get(name) for name in PERCENTAGES)
    return max((value for value in values if isinstance(value, int | float)), default=0)


def _count(value: object) -> int:
    text = str(value)
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
