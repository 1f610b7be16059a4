"""Shopify's GraphQL Admin API: runs one document, waits when asked to, keeps what came of a partial answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from shopify import ApiVersion

from plugin.meta.outgoing import TIMEOUT, Answer, json_object
from plugin.shopify.endpoint import AdminEndpoint
from plugin.shopify.errors import LONGEST_WAIT, ShopifyRefused, ShopifyUnavailable, error_from, retry_after
from plugin.shopify.queries import Query

API_VERSION: str = ApiVersion.coerce_to_version("2026-10").name
"""The one place where the app names a version; the webhooks' one stands in shopify.app.toml and must be the same."""
TOKEN_HEADER = "X-Shopify-Access-Token"  # noqa: S105 - a header's name
TRIES = 3
SHORTEST_PAUSE = 1.0
"""Seconds; Shopify asks for at least one after throttling ("API limits")."""
LONGEST_PAUSE = 8.0
"""Seconds; a page may be waiting. Whoever can wait longer comes back later."""
THROTTLED = "THROTTLED"
MOST_POINTS = 1_000_000
"""Of query cost; a larger figure means nothing."""
PASSING = frozenset({"INTERNAL_SERVER_ERROR", "SHOP_INACTIVE", "TIMEOUT"})
MESSAGES_KEPT = 10
MESSAGE_LENGTH = 200


class AdminClient:
    """The one who talks to a shop's ``graphql.json``."""

    def __init__(
        self,
        url_template: str,
        *,
        pause: Callable[[float], None] = time.sleep,
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        """``pause`` waits for a number of seconds when Shopify asks for it."""
        self._admin = AdminEndpoint(url_template, timeout)
        self._pause = pause

    def run(
        self, shop: str, access_token: str, query: Query, variables: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """Return the ``data`` of a document's answer.

        Fields that the app may not see (protected customer data) come as null beside an error, with the rest intact:
        that rest is returned. Throttling is waited out, a few seconds at most.

        Raises:
            ShopifyUnavailable: throttled for longer, no answer, or trouble at Shopify's side. A mutation may have run.
            ShopifyDisconnected: the access token is dead.
            ShopifyForbidden: our address is not on the app's IP allow-list.
            ShopifyRefused: nothing but errors came; its ``codes`` say which.
        """
        body = {"query": query.document, "operationName": query.name, "variables": dict(variables or {})}
        path, headers = f"api/{API_VERSION}/graphql.json", {TOKEN_HEADER: access_token}
        for tries_left in reversed(range(TRIES)):
            answer = self._admin.post(shop, path, body, headers)
            wait = _asked_to_wait(answer)
            if wait is None:
                return _data(query, answer)
            if not tries_left or wait > LONGEST_PAUSE:
                raise ShopifyUnavailable("Shopify asks us to slow down", timedelta(seconds=wait))
            self._pause(wait)
        raise AssertionError("unreachable")


def _asked_to_wait(answer: Answer) -> float | None:
    """Return the seconds that a throttled answer asks for; None if it is not throttled, which HTTP 200 does not say."""
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        asked = retry_after(answer.headers)
        return max(SHORTEST_PAUSE, asked.total_seconds() if asked else 0.0)
    said = (json_object(answer.body) or {}) if answer.status == HTTPStatus.OK else {}
    if THROTTLED not in _codes(_errors(said)):
        return None
    return min(LONGEST_WAIT, max(SHORTEST_PAUSE, _until_affordable(said)))


def _until_affordable(said: Mapping[str, Any]) -> float:
    """Return the seconds until the bucket holds what the document costs; 0 if the answer does not say."""
    cost = _object(_object(said.get("extensions")).get("cost"))
    status = _object(cost.get("throttleStatus"))
    figures = [cost.get("requestedQueryCost"), status.get("currentlyAvailable"), status.get("restoreRate")]
    wanted, there, rate = (
        figure if isinstance(figure, int | float) and 0 <= figure < MOST_POINTS else 0 for figure in figures
    )
    return (wanted - there) / rate if rate > 0 else 0.0


def _data(query: Query, answer: Answer) -> Mapping[str, Any]:
    if answer.status != HTTPStatus.OK:
        raise error_from(answer.status, answer.headers, answer.body)
    said = json_object(answer.body) or {}
    data, errors = said.get("data"), _errors(said)
    if isinstance(data, dict) and (not errors or any(value is not None for value in data.values())):
        return data
    codes = _codes(errors)
    if not errors or codes & PASSING:
        raise ShopifyUnavailable(f"Shopify has no answer to {query.name} at the moment")
    raise ShopifyRefused(
        f"Shopify refused {query.name} ({', '.join(sorted(codes)) or 'no code'})", codes, _texts(errors)
    )


def _errors(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = said.get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _codes(errors: list[Mapping[str, Any]]) -> frozenset[str]:
    codes = (_object(error.get("extensions")).get("code") for error in errors)
    return frozenset(code for code in codes if isinstance(code, str))


def _texts(errors: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(error.get("message"))[:MESSAGE_LENGTH] for error in errors[:MESSAGES_KEPT])


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
