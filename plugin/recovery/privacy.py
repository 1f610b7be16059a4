"""What Shopify asks for somebody's privacy, read from the payloads of its compliance webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Self

from plugin.recovery import payload as read
from plugin.recovery.buyer import Buyer
from plugin.recovery.payload import UnreadablePayload

ANSWER_WITHIN: Final = timedelta(days=30)
"""Shopify, "Privacy law compliance": the action must be complete within 30 days."""
FIELDS: Final = frozenset({"em", "ph", "external_id"})
"""What a request tells of a person, under the names of Meta's fields."""
_LIST: Final = {"customers/data_request": "orders_requested", "customers/redact": "orders_to_redact"}
Hashes = Mapping[str, list[str]]


class Topic(StrEnum):
    """What is asked for."""

    DATA_REQUEST = "customers/data_request"
    CUSTOMER_REDACT = "customers/redact"
    SHOP_REDACT = "shop/redact"


@dataclass(frozen=True, slots=True)
class PrivacyAsk:
    """One request: the orders meant, or, where none are named, the hashes by which the buyer's may be found.

    ``told_as`` is Shopify's id of a data request, None for the others.
    """

    topic: Topic
    order_ids: tuple[int, ...] = ()
    told_as: str | None = None
    buyer: Hashes = field(default_factory=dict, repr=False)

    @classmethod
    def from_payload(cls, topic: str, shop_domain: str, payload: Mapping[str, Any]) -> Self:
        """Read a body; raw values of the buyer never leave this function.

        ``topic`` and ``shop_domain`` come from headers, which no signature covers: the body must agree with both.

        Raises:
            UnreadablePayload: one sentence, without a value of the body.
        """
        kind = _topic(topic)
        if read.text_at(payload, "shop_domain") != shop_domain:
            raise UnreadablePayload("The body is about another shop.")
        if kind is Topic.SHOP_REDACT:
            if "customer" in payload:
                raise UnreadablePayload("The body is about a customer, not about a shop.")
            return cls(kind)
        told_as = None
        if kind is Topic.DATA_REQUEST:
            number = read.id_at(read.object_at(payload, "data_request"), "id")
            if number is None:
                raise UnreadablePayload("The body is no data request.")
            told_as = str(number)
        customer = read.object_at(payload, "customer")
        order_ids = _ids(payload, _LIST[kind])
        buyer = Buyer.from_payload({"customer": customer}).user_data(FIELDS)
        return cls(kind, order_ids, told_as, {} if order_ids else buyer)


def means(asked: Hashes, told: Mapping[str, Any]) -> bool:
    """Whether an event's ``user_data`` has a hash that was asked for: one of e-mail, phone or customer id will do."""
    return any(set(hashes) & set(told.get(name, ())) for name, hashes in asked.items())


def _topic(name: str) -> Topic:
    try:
        return Topic(name)
    except ValueError:
        raise UnreadablePayload("The topic is none of those that this address takes.") from None


def _ids(payload: Mapping[str, Any], key: str) -> tuple[int, ...]:
    """The ids listed under ``key``, each once; the list must be there, but may be empty."""
    listed = payload.get(key)
    if not isinstance(listed, list):
        raise UnreadablePayload(f"The field {key} cannot be read.")
    ids = [read.id_at({key: each}, key) for each in listed]
    if None in ids:
        raise UnreadablePayload(f"The field {key} cannot be read.")
    return tuple(dict.fromkeys(each for each in ids if each is not None))
