"""A buyer's choice by Shopify's four purposes, and what a browser id of Meta's looks like, whoever told of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

MAX_BROWSER_ID: Final = 512
BROWSER_ID: Final = re.compile(r"fb\.[0-9]\.[0-9]{10,13}\.[!-~]+")


@dataclass(frozen=True, slots=True)
class Consent:
    """A buyer's choice by Shopify's four purposes; ``sale_of_data`` True: sale and sharing are allowed."""

    marketing: bool
    analytics: bool
    preferences: bool
    sale_of_data: bool

    @property
    def refused(self) -> bool:
        """Whether a purpose that the pixel declares is refused."""
        return not (self.marketing and self.analytics)

    @property
    def allows_ids(self) -> bool:
        """Whether nothing is refused that browser ids need."""
        return not self.refused and self.sale_of_data

    @classmethod
    def strictest(cls, choices: Iterable[Self]) -> Self:
        """Return the choice that allows only what all of ``choices`` allow."""
        listed = tuple(choices)
        return cls(
            marketing=all(choice.marketing for choice in listed),
            analytics=all(choice.analytics for choice in listed),
            preferences=all(choice.preferences for choice in listed),
            sale_of_data=all(choice.sale_of_data for choice in listed),
        )
