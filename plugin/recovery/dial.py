"""The field dial: which identifiers the merchant sends. And an event as it may be shown: as it would go, unreadable."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from plugin.recovery.buyer import FIELD_ORDER, too_broad
from plugin.recovery.purchase import BROWSER_FIELDS, DECODER, ENCODER, user_data_of

DIAL: Final = (*FIELD_ORDER, *BROWSER_FIELDS)
"""Every identifier that can be chosen, in the order in which pages list them; Meta's names."""
EVERYTHING: Final = frozenset(DIAL)
"""What is sent unless the merchant chooses less."""

HIDDEN: Final = "…"
_SHOWN_DIGITS: Final = 6
"""Of a hash's 64: enough to tell two apart, too few to find a person by."""
_HASH: Final = re.compile("[0-9a-f]{64}")


def matchable(event: bytes) -> bool:
    """Say whether an event tells enough of its buyer for Meta to take it, by the same rule as at intake."""
    return not too_broad(user_data_of(event))


def masked(event: bytes) -> dict[str, Any]:
    """Return the event, decoded, with nothing in it by which a person could be found.

    Hashes keep their first digits; what goes to Meta as it is (address, user agent, browser ids) is not shown at all.
    """
    shown: dict[str, Any] = DECODER.decode(event)
    shown["user_data"] = {name: _masked(value) for name, value in shown["user_data"].items()}
    return shown


def as_text(shown: dict[str, Any]) -> str:
    """Return a request as JSON for people: its amounts digit by digit, two spaces a level."""
    return msgspec.json.format(ENCODER.encode(shown), indent=2).decode()


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(one) for one in value]
    return value[:_SHOWN_DIGITS] + HIDDEN if _HASH.fullmatch(str(value)) else HIDDEN
