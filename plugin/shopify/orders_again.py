"""Orders asked for once more by their ids: as a whole, to be recovered, or only what their customers chose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from plugin.recovery.order import Receipt, UnreadablePayload
from plugin.shopify.changed_orders import receipt_of
from plugin.shopify.errors import ShopifyUnavailable

GID = "gid://shopify/Order/"
_OF_AN_ADDRESS = ("firstName", "lastName", "zip", "phone")
"""Shopify's protected fields (level 2) of an address, of those that we ask for; its city and country are none."""


@dataclass(frozen=True, slots=True)
class Found:
    """Orders read again. What Shopify no longer has, or no receipt can be made of, is not among them."""

    receipts: tuple[Receipt, ...] = field(repr=False)
    unreadable: int
    granted: frozenset[str]
    """The scopes that the shop grants, by Shopify's own word."""
    hidden: bool
    """Not one of the orders says who bought: Shopify hides protected customer data from the app.

    It hides them as nulls; an online order has at least an e-mail address or a phone number.
    """


def variables(order_ids: Sequence[int]) -> dict[str, Any]:
    """Return the variables of SALE_OPT_OUTS."""
    return {"ids": [f"{GID}{order_id}" for order_id in order_ids]}


def variables_again(order_ids: Sequence[int], *, with_choice: bool) -> dict[str, Any]:
    """Return those of ORDERS_AGAIN. `with_choice`: the merchant has the buyer's choice read from the cart."""
    return variables(order_ids) | {"withChoice": with_choice}


def read(data: Mapping[str, Any], read_at: datetime) -> Found:
    """Read the answer to ORDERS_AGAIN, as the webhook's readers would.

    Raises:
        ShopifyUnavailable: not what the schema promises.
    """
    receipts, unreadable, seen = [], 0, 0
    nodes = [node for node in _nodes(data) if node]
    for node in nodes:
        seen += _tells_who(node)
        try:
            receipts.append(receipt_of(node, read_at))
        except UnreadablePayload:
            unreadable += 1
    return Found(tuple(receipts), unreadable, read_granted(data), hidden=bool(nodes) and not seen)


def read_opt_outs(data: Mapping[str, Any], order_ids: Sequence[int]) -> tuple[frozenset[str], dict[int, bool]]:
    """Read the answer to SALE_OPT_OUTS: the scopes that the shop grants, and who opted out, for every order asked for.

    An order without a customer has nobody who could have chosen. One that Shopify no longer has counts as opted out:
    nobody can be asked any more. Where reading customers is not granted, the answers mean nothing.

    Raises:
        ShopifyUnavailable: not what the schema promises.
    """
    found = {node.get("id"): node for node in _nodes(data) if node}
    nodes = {order_id: found.get(f"{GID}{order_id}") for order_id in order_ids}
    return read_granted(data), {order_id: _opted_out(node) for order_id, node in nodes.items()}


def _opted_out(node: Mapping[str, Any] | None) -> bool:
    if node is None:
        return True
    customer = node.get("customer")
    return isinstance(customer, dict) and customer.get("dataSaleOptOut") is not False


def _tells_who(node: Mapping[str, Any]) -> bool:
    addresses = [_object(node.get(name)) for name in ("billingAddress", "shippingAddress")]
    values = [node.get("email"), node.get("phone")]
    values += [address.get(name) for address in addresses for name in _OF_AN_ADDRESS]
    return any(values)


def _nodes(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    nodes = data.get("nodes")
    if not isinstance(nodes, list):
        raise ShopifyUnavailable("Shopify's answer holds no orders")
    yield from map(_object, nodes)


def read_granted(data: Mapping[str, Any]) -> frozenset[str]:
    """Return the scopes that a shop grants, as the documents about them have them.

    Raises:
        ShopifyUnavailable: not what the schema promises.
    """
    scopes = _object(data.get("currentAppInstallation")).get("accessScopes")
    if not isinstance(scopes, list):
        raise ShopifyUnavailable("Shopify's answer does not say what is granted")
    return frozenset(str(_object(scope).get("handle")) for scope in scopes)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
