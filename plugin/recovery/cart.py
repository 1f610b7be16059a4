"""The buyer's choice as our theme block wrote it into the cart: a second record beside the pixel's posts.

The block writes one attribute, `_backstop`, as `1;<letters>;<time>;<fbp>;<fbc>`: the letters of what is allowed (m
marketing, a analytics, p preferences, s sale of data; `-` for nothing), the browser's time in ISO form, and the browser
ids where nothing that they need is refused. It reaches us on the order, in Shopify's `note_attributes`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from plugin.recovery.choice import BROWSER_ID, MAX_BROWSER_ID, Consent
from plugin.recovery.payload import moment_from

NAME: Final = "_backstop"
CLOCKS_DIFFER: Final = timedelta(hours=1)
"""By which a browser's clock may be ahead of Shopify's."""
_VALUE: Final = re.compile(r"1;(-|[maps]{1,4});([0-9T:.Z+-]{10,40});([^;]*);([^;]*)")


@dataclass(frozen=True, slots=True)
class CartChoice:
    """A choice and when it was made, by the browser's clock; browser ids only where the choice allows them.

    `at` None: at no time that could be true, so that nothing can be called earlier or later than it.
    """

    consent: Consent
    at: datetime | None
    fbp: str | None = field(default=None, repr=False)
    fbc: str | None = field(default=None, repr=False)

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self | None:
        """Find the attribute on an order; None if it has none of ours, or one that cannot be read. Never raises."""
        lines = payload.get("note_attributes")
        named = [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
        values = [line.get("value") for line in named if line.get("name") == NAME]
        return cls.from_text(values[-1]) if values and isinstance(values[-1], str) else None

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Read an attribute's value."""
        match = _VALUE.fullmatch(text)
        at = moment_from(match[2]) if match else None
        if match is None or at is None:
            return None
        letters = match[1]
        consent = Consent("m" in letters, "a" in letters, "p" in letters, "s" in letters)
        kept = consent.allows_ids
        return cls(consent, at, _browser_id(match[3], kept=kept), _browser_id(match[4], kept=kept))

    def told_before(self, placed_at: datetime) -> Self:
        """Return the choice of a cart that was bought at a time (aware): none was made after it.

        Else a date in a far future, by a wrong clock or written by somebody else, would outlast every later refusal.
        """
        is_true = self.at is None or self.at <= placed_at + CLOCKS_DIFFER
        return self if is_true else replace(self, at=None)

    def kept(self) -> dict[str, Any]:
        """Return the part that may be stored in clear: choice and time, no ids."""
        said = self.consent
        flags = [said.marketing, said.analytics, said.preferences, said.sale_of_data]
        return {"consent": flags, "at": self.at and self.at.isoformat()}

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> Self:
        """Read what `kept` returned."""
        return cls(Consent(*kept["consent"]), datetime.fromisoformat(kept["at"]) if kept["at"] else None)


def _browser_id(text: str, *, kept: bool) -> str | None:
    return text if kept and len(text) <= MAX_BROWSER_ID and BROWSER_ID.fullmatch(text) else None
