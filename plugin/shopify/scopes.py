"""What the app needs Shopify to grant, and what of it is missing."""

from __future__ import annotations

from typing import Final

from plugin.storage.opt_outs import READ_CUSTOMERS

NEEDED: Final = ("read_orders", "write_pixels", "read_customer_events")
"""The same as in shopify.app.toml; nothing optional stands here."""
OPTIONAL: Final = (READ_CUSTOMERS,)
"""Likewise, what a merchant may grant beside: then orders of customers who opted out of data sale are found too."""


def missing(granted: str) -> tuple[str, ...]:
    """Return the needed scopes that a comma-separated list lacks; writing includes reading (Shopify, "Access scopes").

    Nothing is missing of an empty list: the shop has not told yet.
    """
    names = frozenset(name.strip() for name in granted.split(",") if name.strip())
    if not names:
        return ()
    return tuple(name for name in NEEDED if name not in names and name.replace("read_", "write_", 1) not in names)
