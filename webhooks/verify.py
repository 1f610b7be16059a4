"""The door for Shopify's webhooks: the signature over the raw body first, everything else after."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

from flask import current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from plugin import refusals
from plugin.shopify.auth import is_shop_domain

Returned = TypeVar("Returned")
Refusal = tuple[str, HTTPStatus, dict[str, str]]

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes. Shopify names no limit for HTTPS; bodies above 1 MB occur."""
PREFIXES = ("x-shopify-", "shopify-")
"""Webhooks carry the first; Shopify's newer "Events" the second."""
NAMES = ("hmac-sha256", "topic", "shop-domain", "webhook-id", "triggered-at")
IN_ENVIRON = tuple(
    (f"HTTP_{(prefix + name).upper().replace('-', '_')}", prefix + name) for prefix in PREFIXES for name in NAMES
)
"""What WSGI calls these headers, and we."""
LONGEST_NAME = 128
NOT_SIGNED = "This request does not carry Shopify's signature for this app."
EMPTY = "This webhook carries no body."
TOO_LARGE = "This request is larger than a webhook can be."


class BadSignature(Exception):
    """The body was not signed with one of the app's secrets, or does not say what it is."""


class NoBody(BadSignature):
    """Well signed, but over nothing at all: not a webhook, for each of them carries an object."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that Shopify signed. The signature covers ``raw`` alone: the rest came in headers beside it.

    So ``shop_domain`` must be a known shop before anything is done, and ``triggered_at`` (aware, UTC) is a hint only.
    """

    topic: str
    shop_domain: str
    webhook_id: str
    triggered_at: datetime | None
    raw: bytes = field(repr=False)


def verify(raw: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> Delivery:
    """Return what was delivered, if its header holds the base64 of HMAC-SHA256 over ``raw`` with any of the secrets.

    Source: Shopify, "Verify webhook deliveries"; while a secret is rotated, the oldest one not yet revoked signs.

    Raises:
        BadSignature: anything else, whatever the headers hold.
        NoBody: well signed, and empty.
    """
    ours = {lower: value for name, value in headers.items() if (lower := name.lower()).startswith(PREFIXES)}
    given = _header(ours, "hmac-sha256").encode(errors="replace")  # bytes: what is not ASCII differs like any other
    if not any(hmac.compare_digest(_signature(raw, secret), given) for secret in secrets):
        raise BadSignature("no signature that fits" if given else "no signature")
    if not raw:
        raise NoBody("nothing was delivered")
    topic, shop_domain, webhook_id = (_header(ours, name) for name in ("topic", "shop-domain", "webhook-id"))
    if not is_shop_domain(shop_domain) or not _is_name(topic) or not _is_name(webhook_id):
        raise BadSignature("no topic, shop or id")
    return Delivery(topic, shop_domain, webhook_id, _moment(_header(ours, "triggered-at")), raw)


def verified(view: Callable[[Delivery], ResponseReturnValue]) -> Callable[[], ResponseReturnValue]:
    """Let a view see signed deliveries only; answers 400, 401 or 413, with one sentence, to all else."""

    @wraps(view)
    def door() -> ResponseReturnValue:
        request.max_content_length = BODY_LIMIT
        secrets = current_app.extensions["backstop"].settings.shopify_secrets
        try:
            return admitted(request.get_data(), request.environ, secrets, view)
        except RequestEntityTooLarge:
            return TOO_LARGE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {}

    return door


def admitted(
    raw: bytes, environ: Mapping[str, Any], secrets: Sequence[str], view: Callable[[Delivery], Returned]
) -> Returned | Refusal:
    """Return what a view answers to a signed delivery, else 400 or 401 with one sentence."""
    headers = {ours: environ[theirs] for theirs, ours in IN_ENVIRON if theirs in environ}
    try:
        delivery = verify(raw, headers, secrets)
    except BadSignature as fault:
        shop = _header(headers, "shop-domain")
        known = shop if is_shop_domain(shop) else None
        refusals.tell(refusals.Door.WEBHOOK, str(fault), shop=known, topic=_header(headers, "topic"))
        return _refusal(fault)
    return view(delivery)


def _refusal(fault: BadSignature) -> Refusal:
    if isinstance(fault, NoBody):
        return EMPTY, HTTPStatus.BAD_REQUEST, {}
    return NOT_SIGNED, HTTPStatus.UNAUTHORIZED, {}


def _signature(raw: bytes, secret: str) -> bytes:
    return base64.b64encode(hmac.digest(secret.encode(), raw, hashlib.sha256))


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((headers[prefix + name] for prefix in PREFIXES if prefix + name in headers), "")


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and text.isascii() and text.isprintable()


def _moment(text: str) -> datetime | None:
    """Read a time of ISO 8601, down to nanoseconds; None if it has no offset, or is at an end of the calendar."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo and 1 < moment.year < MAXYEAR else None
    except (ValueError, OverflowError):
        return None
