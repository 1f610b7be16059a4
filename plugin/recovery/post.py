"""One post of the pixel: what it may say, and how it is read from the wire (docs/pixel-protocol.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

from plugin.recovery.choice import BROWSER_ID, MAX_BROWSER_ID, Consent
from plugin.recovery.payload import MAX_ID, UnreadablePayload, moment_from, parse_body
from plugin.recovery.purchase import event_id

VERSION: Final = 1
"""The version of the protocol that this reader knows; it reads every version up to it."""
MAX_POST_BYTES: Final = 16 * 1024
MAX_URL: Final = 2048

Word = TypeVar("Word", bound=StrEnum)

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TOKEN: Final = re.compile(r"[!-~]{1,128}")
_ORDER: Final = re.compile(r"[1-9][0-9]{0,18}")
_PRINTABLE: Final = re.compile(r"[!-~]+")


class UnreadablePost(ValueError):
    """The post is not one that our pixel sends."""


class Delivery(StrEnum):
    """What became of the pixel's request to Meta for the purchase, in the browser's own word."""

    PENDING = "pending"
    SENT = "sent"
    BLOCKED = "blocked"
    TIMEOUT = "timeout"
    NO_ORDER_ID = "no_order_id"
    SKIPPED = "skipped"


class Stage(StrEnum):
    """What happened in the checkout; the pixel's event names."""

    CHECKOUT_STARTED = "checkout_started"
    CONTACT_INFO_SUBMITTED = "checkout_contact_info_submitted"
    ADDRESS_INFO_SUBMITTED = "checkout_address_info_submitted"
    SHIPPING_INFO_SUBMITTED = "checkout_shipping_info_submitted"
    PAYMENT_INFO_SUBMITTED = "payment_info_submitted"
    CHECKOUT_COMPLETED = "checkout_completed"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_UPDATED = "consent_updated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One evidence post. ``key`` names the shop, proves nothing; ``at``: the browser's clock, None if unreadable."""

    stage: Stage
    consent: Consent
    at: datetime | None = None
    delivery: Delivery | None = None
    order_id: int | None = None
    event_id: str | None = None
    key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    fbp: str | None = field(default=None, repr=False)
    fbc: str | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """Read a post of at most ``MAX_POST_BYTES`` bytes; keys that it need not have are ignored.

        A post of a later version is read if it says (``oldest``) that a reader of this version understands it. Browser
        ids are dropped where this post's own consent forbids them, or they are none. A browser's clock that
        cannot be read is no reason to lose the post.

        Raises:
            UnreadablePost: with one sentence that quotes nothing of the post.
        """
        if len(raw) > MAX_POST_BYTES:
            raise UnreadablePost("The post is too large.")
        try:
            body = parse_body(raw)
        except UnreadablePayload as cause:
            raise UnreadablePost(str(cause)) from None
        _check_version(body)
        return cls._from_wire(body)

    @classmethod
    def _from_wire(cls, body: Mapping[str, Any]) -> Self:
        consent, token = _consent(body), _matched(body, "token", _TOKEN)
        order_id = _order_id(body)
        ids_allowed = consent.allows_ids
        return cls(
            stage=_word(Stage, body.get("stage")),
            consent=consent,
            at=_moment(body),
            delivery=None if body.get("tr") is None else _word(Delivery, body["tr"]),
            order_id=order_id,
            event_id=_event_id(body, order_id),
            key=_matched(body, "key", _KEY),
            token=token,
            fbp=_browser_id(body, "fbp") if ids_allowed else None,
            fbc=_browser_id(body, "fbc") if ids_allowed else None,
            url=None if consent.refused else page_address(_text(body, "url"), token),
        )

    def kept(self) -> dict[str, Any]:
        """Return what may be stored in clear, small and fit for JSON: consent, stage, delivery, order, time; no ids."""
        consent = self.consent
        flags = {"m": consent.marketing, "a": consent.analytics, "p": consent.preferences, "s": consent.sale_of_data}
        rest = {
            "tr": self.delivery and self.delivery.value,
            "order": self.order_id and str(self.order_id),
            "ts": self.at and self.at.isoformat(),
        }
        return {"stage": self.stage.value, "consent": flags, **{key: value for key, value in rest.items() if value}}

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> Self:
        """Read what ``kept`` gave; evidence made of such posts equals that of the posts themselves.

        Raises:
            UnreadablePost: if it is something else.
        """
        return cls(
            stage=_word(Stage, kept.get("stage")),
            consent=_consent(kept),
            at=_moment(kept),
            delivery=None if kept.get("tr") is None else _word(Delivery, kept["tr"]),
            order_id=_order_id(kept),
        )


def page_address(typed: str | None, token: str = "") -> str | None:
    """Return a page's http(s) address without user, query and fragment; where its path holds the token, without path.

    None if it is no such address, or longer than ``MAX_URL`` characters.
    """
    if typed is None or len(typed) > MAX_URL or not _PRINTABLE.fullmatch(typed):
        return None
    try:
        parts = urlsplit(typed)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or (":" in host):
        return None
    path = "/" if token and token in parts.path else parts.path
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{path}"


def _check_version(body: Mapping[str, Any]) -> None:
    """Refuse a post that this reader would misread: a refusal that it does not understand must not pass for consent."""
    version = body.get("v")
    oldest = body.get("oldest", version)
    if type(version) is not int or type(oldest) is not int or not 1 <= oldest <= version:
        raise UnreadablePost("The post names no version.")
    if oldest > VERSION:
        raise UnreadablePost("The post is of a later version.")


def _word(words: type[Word], value: object) -> Word:
    if isinstance(value, str) and value in words.__members__.values():
        return words(value)
    raise UnreadablePost(f"The post holds an unknown {words.__name__.lower()}.")


def _consent(body: Mapping[str, Any]) -> Consent:
    choice = body.get("consent")
    flags = [choice.get(purpose) for purpose in "maps"] if isinstance(choice, dict) else []
    if not flags or not all(isinstance(flag, bool) for flag in flags):
        raise UnreadablePost("The post holds no readable consent.")
    marketing, analytics, preferences, sale_of_data = (flag is True for flag in flags)
    return Consent(marketing, analytics, preferences, sale_of_data)


def _text(body: Mapping[str, Any], key: str) -> str | None:
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise UnreadablePost(f"The post's {key} is no text.")
    return value


def _matched(body: Mapping[str, Any], key: str, pattern: re.Pattern[str]) -> str:
    value = _text(body, key)
    if value is None or not pattern.fullmatch(value):
        raise UnreadablePost(f"The post's {key} cannot be read.")
    return value


def _order_id(body: Mapping[str, Any]) -> int | None:
    if body.get("order") is None:
        return None
    order_id = int(_matched(body, "order", _ORDER))
    if order_id > MAX_ID:
        raise UnreadablePost("The post's order cannot be read.")
    return order_id


def _event_id(body: Mapping[str, Any], order_id: int | None) -> str | None:
    """Return the event id the pixel used; another than the server's would make Meta count an order twice."""
    named = _text(body, "eid")
    if named is not None and (order_id is None or named != event_id(order_id)):
        raise UnreadablePost("The post's event id is not that of its order.")
    return named


def _moment(body: Mapping[str, Any]) -> datetime | None:
    typed = body.get("ts")
    return moment_from(typed) if isinstance(typed, str) else None


def _browser_id(body: Mapping[str, Any], key: str) -> str | None:
    """Return Meta's browser id untouched; its last part is opaque and case matters."""
    typed = _text(body, key)
    return typed if typed and len(typed) <= MAX_BROWSER_ID and BROWSER_ID.fullmatch(typed) else None
