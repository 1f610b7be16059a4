"""What an answer of Shopify's other than the wanted one means, by what is to be done next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

from plugin.meta.outgoing import json_object

LONGEST_WAIT = 3600.0
"""Seconds; the longest wait taken from an answer."""
AGAIN_LATER = frozenset(
    {
        HTTPStatus.PAYMENT_REQUIRED,  # the shop is frozen
        HTTPStatus.NOT_FOUND,  # the shop is closed or being moved
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.LOCKED,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


class ShopifyError(Exception):
    """Shopify did not do what we asked. The text quotes neither tokens nor answers."""


class ShopifyUnavailable(ShopifyError):
    """Ask again later, after ``retry_after`` if it is set."""

    def __init__(self, text: str, retry_after: timedelta | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(text)


class ShopifyDisconnected(ShopifyError):
    """The token is dead: the app was uninstalled, or the merchant must open it once."""


class ShopifyForbidden(ShopifyError):
    """Shopify turned our address away (IP allow-list): for the operator to mend; the token is good."""


class ShopifyRefused(ShopifyError):
    """Asking again would change nothing. ``codes`` are Shopify's own; ``messages`` its texts, never shown or logged."""

    def __init__(self, text: str, codes: frozenset[str] = frozenset(), messages: tuple[str, ...] = ()) -> None:
        self.codes = codes
        self.messages = messages
        super().__init__(text)


def error_from(status: int, headers: Mapping[str, str], body: bytes) -> ShopifyError:
    """Return what an answer other than 200 means.

    Sources: Shopify, "Offline access tokens" (401, invalid_grant), "IP allowlists" (403), "API limits" (429).
    """
    code = (json_object(body) or {}).get("error")
    if code == "invalid_client":  # not this shop's token but the app's own secret, so the same for every shop
        return ShopifyRefused("Shopify does not know the app by this key and secret", frozenset({code}))
    if status == HTTPStatus.UNAUTHORIZED or code == "invalid_grant":
        return ShopifyDisconnected("Shopify no longer takes our token")
    if status == HTTPStatus.FORBIDDEN:
        return ShopifyForbidden("Shopify turned our address away")
    if status in AGAIN_LATER or not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return ShopifyUnavailable(f"Shopify answered {status}", retry_after(headers))
    codes = frozenset({code}) if isinstance(code, str) else frozenset[str]()
    return ShopifyRefused(f"Shopify answered {status}", codes)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return the wait that an answer asks for, at most an hour; Shopify writes seconds as ``2.0``."""
    text = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text):
        return None
    return timedelta(seconds=min(float(text), LONGEST_WAIT))
