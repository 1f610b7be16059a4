"""Where an order came from: whether an online checkout stands behind it, and whose browser its payload shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from plugin.recovery import payload as read

ONLINE_CHECKOUT: Final = "web"
MAX_USER_AGENT: Final = 1024

_CONTROLS: Final = re.compile(r"[^ -~]+")
_IPV4: Final = re.compile(r"([0-9]{1,3})(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}")
_PUBLIC_IPV4: Final = frozenset(map(str, {*range(1, 224)} - {10, 100, 127, 169, 172, 192, 198, 203}))
"""Beginnings of addresses of which none is kept for anything but the public internet."""
_PUBLIC_IPV6: Final = frozenset({0x24, 0x26, 0x28, 0x2A, 0x2C})
"""First bytes, as above: what Asia, North and South America, Europe and Africa have."""


def came_from_checkout(payload: Mapping[str, Any]) -> bool:
    """Say whether the buyer went through the shop's online checkout, where our pixel could have seen it.

    All of these must hold; whatever is unknown to us counts as no:

    - ``source_name`` is ``web``. Others are another way to sell: ``pos``, ``shopify_draft_order``, ``iphone`` and
      ``android`` (Shopify's till), ``subscription_contract...`` (renewals), a number (another app's order).
    - ``user_id`` is empty: otherwise a member of staff made the order.
    - ``checkout_token`` is there. Alone it proves nothing - drafts carry one, with the staff member's address and
      browser - but an order without one never met the checkout, and no evidence could name it.

    Source: Shopify's order resource, and real payloads (drafts with token, address and user agent).
    """
    source = (read.text_at(payload, "source_name") or "").strip().lower()
    made_by_staff = read.id_at(payload, "user_id") is not None
    return source == ONLINE_CHECKOUT and not made_by_staff and read.text_at(payload, "checkout_token") is not None


def client_of(payload: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return address and user agent of the buyer's browser, each None if unknown.

    An address that no buyer can have on the internet (loopback, private, reserved) shows that a server placed the
    order: then its user agent is not the buyer's either.
    """
    details = read.object_at(payload, "client_details")
    typed = read.text_at(payload, "browser_ip") or read.text_at(details, "browser_ip")
    if typed is None:
        return None, _user_agent(details)
    address = public_address(typed)
    return (address, _user_agent(details)) if address else (None, None)


def public_address(typed: str) -> str | None:
    """Return an IPv4 or IPv6 address in its usual form, None if it is none or not one of the public internet."""
    plain = _IPV4.fullmatch(typed)
    if plain and plain[1] in _PUBLIC_IPV4:
        return typed
    try:
        address = IPv6Address(typed.strip()) if ":" in typed else ip_address(typed.strip())
    except ValueError:
        return None
    if ":" in typed and address.packed[0] in _PUBLIC_IPV6:
        return str(address)
    return str(address) if address.is_global and not address.is_multicast else None


def _user_agent(details: Mapping[str, Any]) -> str | None:
    typed = read.text_at(details, "user_agent")
    return clean_user_agent(typed) if typed else None


def clean_user_agent(typed: str) -> str | None:
    """Return a user agent as headers can carry it, at most ``MAX_USER_AGENT`` characters; None if nothing is left."""
    return _CONTROLS.sub(" ", typed).strip()[:MAX_USER_AGENT] or None
