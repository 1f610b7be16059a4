"""Who is asking: the id token that Shopify's admin gives our pages, and nothing else, names the shop."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shopify import session_token

from plugin import refusals

SHOP_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
LONGEST_DOMAIN = 255
LONGEST_TOKEN = 8 * 1024
TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
USER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
LEEWAY = timedelta(seconds=10)
"""As the library grants for `exp` and `nbf`."""
UNFIT = (
    session_token.SessionTokenError,
    # not all of a token's JSON is checked by the libraries before use: wrong types, endless numbers, deep nesting
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    ArithmeticError,
    RecursionError,
)


class IdTokenRefused(Exception):
    """Not an id token for this app that is valid now."""


@dataclass(frozen=True, slots=True)
class StaffSession:
    """A member of a shop's staff with our app open; ``shop`` is its myshopify.com domain."""

    shop: str
    user_id: str
    expires_at: datetime


def is_shop_domain(text: str) -> bool:
    """Whether a text is a shop's myshopify.com domain, whole and in lower case."""
    return len(text) <= LONGEST_DOMAIN and SHOP_DOMAIN.fullmatch(text) is not None


def verify_id_token(token: str, *, api_key: str, secrets: Sequence[str], now: datetime) -> StaffSession:
    """Return who is asking, from a token signed (HS256) with one of the app's secrets.

    ``now`` is real time, for id tokens live a minute of it, also where the app's own clock was moved.

    The library checks signature, `exp` and `nbf` if present, and that the other claims are there. Both it and
    Shopify's own JavaScript take a token without `exp`, `nbf` or `iat`; this one does not.

    Raises:
        IdTokenRefused: anything else than a good token, whatever it is.
    """
    try:
        return _verified(token, api_key, secrets, now)
    except IdTokenRefused as fault:
        if token:  # a page's first load shows none, and fetches one
            refusals.tell(refusals.Door.ID_TOKEN, str(fault))
        raise


def _verified(token: str, api_key: str, secrets: Sequence[str], now: datetime) -> StaffSession:
    if len(token) > LONGEST_TOKEN or not TOKEN.fullmatch(token):
        raise IdTokenRefused("not an id token")
    for secret in secrets:
        claims = _claims(token, api_key, secret)
        if claims is not None:
            return _session(claims, api_key, now)
    raise IdTokenRefused("the id token is not valid")


def _claims(token: str, api_key: str, secret: str) -> dict[str, Any] | None:
    try:
        claims: dict[str, Any] = session_token.decode_from_header(session_token.PREFIX + token, api_key, secret)
        _read_strictly(token.split(".")[1])
    except UNFIT:
        return None
    return claims


def _read_strictly(part: str) -> None:
    """Refuse what the library reads and JSON is not, since other readers may find something else in it.

    Raises:
        ValueError: another coding than UTF-8, or a number that is none.
    """
    json.loads(base64.urlsafe_b64decode(part + "==").decode(), parse_constant=int)  # no int is called NaN or Infinity


def _session(claims: dict[str, Any], api_key: str, now: datetime) -> StaffSession:
    shop = _host(claims["dest"])
    user_id, expires_at = claims["sub"], _moment(claims.get("exp"))
    if not is_shop_domain(shop) or _host(claims["iss"]) != shop or claims.get("aud") != api_key:
        raise IdTokenRefused("the id token is for another app or shop")
    if expires_at is None or expires_at + LEEWAY <= now:
        raise IdTokenRefused("the id token has expired")
    if any(_moment(claims.get(name)) is None for name in ("nbf", "iat")):
        raise IdTokenRefused("the id token does not say from when it is valid")
    if not isinstance(user_id, str) or not USER_ID.fullmatch(user_id):
        raise IdTokenRefused("the id token names no user")
    return StaffSession(shop, user_id, expires_at)


def _host(address: object) -> str:
    """Return what stands between ``https://`` and the path, userinfo and port included; empty if there is none."""
    scheme, _, rest = str(address).partition("://")
    return rest.partition("/")[0] if scheme == "https" else ""


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
