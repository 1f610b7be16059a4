"""The last look at an event before it leaves: one that Meta would refuse takes its whole batch with it.

What is checked is what Meta has written down ("Server event parameters", "Customer information parameters", "Best
practices"), and no more: whatever else it may dislike is found out by halving.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from enum import StrEnum, auto
from typing import Any, Final

import msgspec

from plugin.recovery.buyer import ALL_FIELDS, too_broad
from plugin.recovery.purchase import ACTION_SOURCE, BROWSER_FIELDS, DECODER, EVENT_NAME
from plugin.recovery.verdict import MAX_AGE

HASH: Final = re.compile(r"[0-9a-f]{64}")
CURRENCY: Final = re.compile(r"[A-Z]{3}")
NARROW: Final = frozenset(BROWSER_FIELDS) - {"client_user_agent"}
"""What by itself tells Meta of one buyer rather than of many."""
ADDRESS: Final = re.compile(r"https?://[^\s]+")


class Flaw(StrEnum):
    """What is wrong with an event that we made ourselves."""

    WRONG_SHAPE = auto()
    TOO_OLD = auto()
    WRONG_CURRENCY = auto()
    WRONG_VALUE = auto()
    NOT_HASHED = auto()
    TOO_BROAD = auto()

    @property
    def code(self) -> str:
        """As it is kept in the place of Meta's code: `local/too_old`."""
        return f"local/{self}"


def flaw_of(event: bytes, now: datetime) -> Flaw | None:
    """Return why Meta would refuse an event of ours; None if nothing is known against it. ``now``: aware."""
    try:
        told = DECODER.decode(event)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Flaw.WRONG_SHAPE
    if not _has_shape(told):
        return Flaw.WRONG_SHAPE
    if told["event_time"] <= (now - MAX_AGE).timestamp():
        return Flaw.TOO_OLD
    return _flaw_of_money(told["custom_data"]) or _flaw_of_buyer(told["user_data"])


def _has_shape(told: Any) -> bool:
    if not isinstance(told, dict):
        return False
    parts = (told.get("user_data"), told.get("custom_data"))
    fixed = (told.get("event_name"), told.get("action_source"))
    return (
        all(isinstance(part, dict) for part in parts)
        and fixed == (EVENT_NAME, ACTION_SOURCE)
        and type(told.get("event_time")) is int
        and bool(told.get("event_id"))
        and ADDRESS.fullmatch(str(told.get("event_source_url"))) is not None
    )


def _flaw_of_money(custom: dict[str, Any]) -> Flaw | None:
    if not CURRENCY.fullmatch(str(custom.get("currency"))):
        return Flaw.WRONG_CURRENCY
    value = custom.get("value")
    sound = isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0
    return None if sound else Flaw.WRONG_VALUE


def _flaw_of_buyer(user: dict[str, Any]) -> Flaw | None:
    for name, value in user.items():
        if name in ALL_FIELDS:
            if not (isinstance(value, list) and value and all(HASH.fullmatch(str(one)) for one in value)):
                return Flaw.NOT_HASHED
        elif name not in BROWSER_FIELDS or not isinstance(value, str):
            return Flaw.WRONG_SHAPE
    return Flaw.TOO_BROAD if too_broad(user) and not NARROW.intersection(user) else None
