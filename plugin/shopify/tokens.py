"""Access tokens of a shop: exchanged for an id token, renewed by a refresh token. Keeping them is not done here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from plugin.meta.outgoing import TIMEOUT, Answer, json_object
from plugin.shopify.auth import IdTokenRefused
from plugin.shopify.endpoint import AdminEndpoint
from plugin.shopify.errors import ShopifyUnavailable, error_from

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a kind of token, not one
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
TOKEN = re.compile(r"[!-~]{1,2048}")
LONGEST_LIFE = 366 * 24 * 3600
"""Seconds; more is not a life that Shopify gives."""


@dataclass(frozen=True, slots=True)
class ShopTokens:
    """An access token that ends in an hour, and the refresh token (90 days) that renews both."""

    access_token: str = field(repr=False)
    scope: str
    """Granted scopes, comma-separated."""
    expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime


class TokenClient:
    """The one who talks to a shop's ``oauth/access_token``."""

    def __init__(self, url_template: str, api_key: str, secret: str, timeout: tuple[float, float] = TIMEOUT) -> None:
        self._admin = AdminEndpoint(url_template, timeout)
        self._app = {"client_id": api_key, "client_secret": secret}

    def exchange(self, shop: str, id_token: str, now: datetime) -> ShopTokens:
        """Return new tokens for the shop of a verified id token.

        Source: Shopify, "Token exchange". Public apps must take tokens that expire, so ``expiring`` is asked for.

        Raises:
            IdTokenRefused: Shopify finds the id token too old; the page fetches a new one.
            ShopifyDisconnected, ShopifyForbidden, ShopifyUnavailable, ShopifyRefused: see there.
        """
        answer = self._ask(
            shop,
            {
                "grant_type": EXCHANGE,
                "subject_token": id_token,
                "subject_token_type": ID_TOKEN,
                "requested_token_type": OFFLINE,
                "expiring": "1",
            },
        )
        if (json_object(answer.body) or {}).get("error") == "invalid_subject_token":
            raise IdTokenRefused("Shopify does not take the id token")
        return _tokens(answer, now)

    def refresh(self, shop: str, refresh_token: str, now: datetime) -> ShopTokens:
        """Return a new pair; the old refresh token stays good until the new one is first used.

        Source: Shopify, "Offline access tokens". So: keep the new pair, then use it.

        Raises:
            ShopifyDisconnected: revoked or older than 90 days; the merchant must open the app.
            ShopifyForbidden, ShopifyUnavailable, ShopifyRefused: see there.
        """
        return _tokens(self._ask(shop, {"grant_type": "refresh_token", "refresh_token": refresh_token}), now)

    def _ask(self, shop: str, grant: Mapping[str, str]) -> Answer:
        return self._admin.post(shop, "oauth/access_token", self._app | dict(grant))


def _tokens(answer: Answer, now: datetime) -> ShopTokens:
    if answer.status != HTTPStatus.OK:
        raise error_from(answer.status, answer.headers, answer.body)
    said = json_object(answer.body) or {}
    lives = [_life(said.get(name)) for name in ("expires_in", "refresh_token_expires_in")]
    tokens = [_token(said.get(name)) for name in ("access_token", "refresh_token")]
    scope = said.get("scope")
    if None in lives or None in tokens or not isinstance(scope, str):
        raise ShopifyUnavailable("Shopify's answer holds no tokens that expire")
    ends = [now + life for life in lives if life is not None]
    access, refresh = (token for token in tokens if token is not None)
    return ShopTokens(access, scope, ends[0], refresh, ends[1])


def _token(value: Any) -> str | None:
    return value if isinstance(value, str) and TOKEN.fullmatch(value) else None


def _life(value: Any) -> timedelta | None:
    return timedelta(seconds=value) if type(value) is int and 0 < value <= LONGEST_LIFE else None
