"""TEST USE ONLY: ``orders(query)`` of the Admin API, in the part of its search words that finds paid orders again."""

from __future__ import annotations

import base64
import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.graphql import BadDocument
from sandbox.order_nodes import MOST_OF_A_PAGE, moment, node, page
from sandbox.projection import Denied
from sandbox.shops import Json, Shop
from sandbox.world import world

Test = Callable[[Json], bool]

MOST_IDS = 250
REACH = timedelta(days=60)
"""Older orders need read_all_orders."""
WORD = re.compile(
    r"""(?P<open>\()|(?P<close>\))|(?P<key>[a-z_]+):(?P<op>>=|<=|>|<)?(?P<value>'[^']*'|"[^"]*"|[^\s()]+)"""
)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
DATES = frozenset({"created_at", "processed_at", "updated_at"})
SORTS = {"UPDATED_AT": "updated_at", "CREATED_AT": "created_at", "PROCESSED_AT": "processed_at", "ID": "id"}


def order_by_id(shop: Shop, arguments: Mapping[str, Any]) -> Json | None:
    """``order(id)``."""
    number = str(arguments.get("id", "")).rpartition("/")[2]
    order = shop.orders.get(int(number)) if number.isdigit() else None
    return node(shop, order) if order is not None and visible(shop)(order) else None


def nodes(shop: Shop, arguments: Mapping[str, Any]) -> list[Json | Denied | None]:
    """``nodes(ids)``, of which this stand-in only knows orders: null for all else. Raises BadDocument for too many."""
    ids = list(arguments.get("ids") or ())
    if len(ids) > MOST_IDS:
        message = f"The input array size of {len(ids)} is greater than the maximum allowed of {MOST_IDS}."
        raise BadDocument(message)
    return [_node_by_gid(shop, str(gid)) for gid in ids]


def _node_by_gid(shop: Shop, gid: str) -> Json | Denied | None:
    if not gid.startswith("gid://shopify/Order/"):
        return None
    return order_by_id(shop, {"id": gid}) if shop.grants("read_orders") else Denied("read_orders")


def orders(shop: Shop, arguments: Mapping[str, Any]) -> Json:
    """``orders(first, after, query, sortKey, reverse)``. Raises BadDocument for words this stand-in does not know."""
    key = SORTS.get(str(arguments.get("sortKey") or "PROCESSED_AT"))
    if key is None:
        message = "this stand-in does not sort by that key"
        raise BadDocument(message)
    fits, sees, sort = search(str(arguments.get("query") or "")), visible(shop), sort_key(key)
    found = [order for order in shop.orders.values() if sees(order) and fits(order)]
    backwards = bool(arguments.get("reverse"))
    found.sort(key=sort, reverse=backwards)
    if after := arguments.get("after"):
        last = place(str(after), key)
        found = [order for order in found if (sort(order) < last if backwards else sort(order) > last)]
    found = found[: MOST_OF_A_PAGE + 1]  # one more, which says that there is more
    return page([node(shop, order) for order in found], arguments, [cursor(order, key) for order in found])


def cursor(order: Json, key: str) -> str:
    """Where an order stands in a list sorted by ``key``: by value, so that orders that move do not hide others."""
    return base64.urlsafe_b64encode(f"{order[key]} {order['id']}".encode()).decode()


def place(mark: str, key: str) -> tuple[Any, int]:
    """Read a cursor. Raises BadDocument."""
    try:
        value, _, number = base64.urlsafe_b64decode(mark).decode().rpartition(" ")
        return (moment(value) if key in DATES else int(value), int(number))
    except ValueError as cause:
        message = "Invalid cursor for current pagination sort."
        raise BadDocument(message) from cause


def sort_key(key: str) -> Callable[[Json], tuple[Any, int]]:
    """By time where it is one, then by id."""
    return lambda order: (moment(order[key]) if key in DATES else order[key], order["id"])


def visible(shop: Shop) -> Test:
    """The last 60 days, or all orders with read_all_orders."""
    oldest = world().clock.now() - REACH
    return lambda order: shop.grants("read_all_orders") or moment(order["created_at"]) >= oldest


def search(query: str) -> Test:
    """Read ``a:b (c:d OR e:f)``: side by side means and, OR joins its neighbours. Raises BadDocument."""
    test, rest = group(words(query))
    if rest:
        message = "unbalanced brackets in the search query"
        raise BadDocument(message)
    return test


def words(query: str) -> list[re.Match[str] | str]:
    """The search words, brackets and ORs, in order."""
    found: list[re.Match[str] | str] = []
    at = 0
    for gap in re.finditer(r"\s*(\bOR\b|\bAND\b|" + WORD.pattern + r")\s*", query):
        if gap.start() != at:
            break
        at = gap.end()
        found.append(gap[1] if gap[1] in {"OR", "AND"} else gap)
    if query[at:].strip():
        message = f"this stand-in cannot read the search query from {at} on"
        raise BadDocument(message)
    return found


def group(rest: list[re.Match[str] | str]) -> tuple[Test, list[re.Match[str] | str]]:
    """All words up to the closing bracket or the end, as one test; and what is left."""
    branches: list[list[Test]] = [[]]
    joined = False
    while rest:
        word, rest = rest[0], rest[1:]
        if isinstance(word, str):
            joined = word == "OR"
            continue
        if word["close"]:
            break
        test, rest = group(rest) if word["open"] else (term(word), rest)
        branches[-1:] = [[*branches[-1], test]] if joined else [branches[-1], [test]]
        joined = False
    return lambda order: all(any(test(order) for test in branch) for branch in branches if branch), rest


def term(word: re.Match[str]) -> Test:
    """One ``key:value``."""
    key, compare, value = word["key"], COMPARE[word["op"] or ""], word["value"].strip("'\"")
    if key in DATES:
        limit = when(value)
        return lambda order: compare(moment(order[key]), limit)
    plain: dict[str, Test] = {
        "id": lambda order: compare(order["id"], int(value)),
        "financial_status": lambda order: order["financial_status"] == value.lower(),
        "test": lambda order: order["test"] == (value.lower() == "true"),
        "status": lambda order: value == "any" or (value == "cancelled") == (order["cancelled_at"] is not None),
        "source_name": lambda order: order["source_name"] == value,
        "name": lambda order: order["name"].lstrip("#") == value.lstrip("#"),
        "checkout_token": lambda order: order["checkout_token"] == value,
    }
    if key not in plain:
        message = f"this stand-in does not search by {key}"
        raise BadDocument(message)
    return plain[key]


def when(value: str) -> datetime:
    """A date or time in a search word; without a zone it is UTC. Raises BadDocument."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError as cause:
        message = f"no date: {value}"
        raise BadDocument(message) from cause
    return found if found.tzinfo else found.replace(tzinfo=UTC)
