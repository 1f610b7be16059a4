"""TEST USE ONLY: what GraphQL documents cost, and who pays, while the fault ``graphql_costs`` is on.

A document asks for: nothing for a scalar, 1 point for an object, 10 for a mutation, and for a connection or a list
with ``first`` or ``last`` that many times what one node costs; ``edges``, ``nodes`` and ``pageInfo`` cost nothing by
themselves. That much must be in the shop's bucket, or the answer is THROTTLED inside HTTP 200. What the answer then
held less than was asked for is given back. More than 1000 points asked for are MAX_COST_EXCEEDED.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.bucket import Bucket
from sandbox.faults import Fault
from sandbox.graphql import BadDocument, Field, parse
from sandbox.projection import Shaper
from sandbox.shops import Json, Shop
from sandbox.world import world

OBJECT = 1
MUTATION = 10
MOST_ASKED = 1000
MAXIMUM, RESTORE = 1000.0, 50.0
"""Points, and points a second, where the fault does not say."""
PAID_FOR = "admin_api.graphql"
OF_A_CONNECTION = frozenset({"nodes", "edges", "pageInfo"})
DOCS = "https://shopify.dev/api/usage/rate-limits"


def asked_cost(body: Mapping[str, Any]) -> int:
    """What ``{"query", "variables", "operationName"}`` asks for, in points. Raises BadDocument."""
    document = parse(str(body.get("query", "")))
    operation = document.operation(body.get("operationName"))
    shaper = Shaper(document, operation.defaults | (body.get("variables") or {}))
    roots = shaper.flat(operation.selection)
    if operation.kind == "mutation":
        return MUTATION * len(roots)
    return sum(cost_of(root, shaper) for root in roots)


def cost_of(field: Field, shaper: Shaper) -> int:
    """What one field costs with all that is selected below it."""
    if not field.selection:
        return 0
    size = shaper.filled(field.arguments.get("first", field.arguments.get("last")))
    inside = shaper.flat(field.selection)
    if any(one.name in OF_A_CONNECTION for one in inside):
        nodes = max(node_cost(one, shaper) for one in inside)
        return int(size or 1) * nodes
    return int(size or 1) * (OBJECT + sum(cost_of(one, shaper) for one in inside))


def node_cost(field: Field, shaper: Shaper) -> int:
    """What one node of a connection costs, reached by ``nodes`` or by ``edges { node }``."""
    inside = shaper.flat(field.selection)
    if field.name == "edges":
        return max((node_cost(one, shaper) for one in inside), default=0)
    return OBJECT + sum(cost_of(one, shaper) for one in inside) if field.name in {"nodes", "node"} else 0


def charge() -> ResponseReturnValue | None:
    """Let the request pay before it is answered; None: it may go on. A dead token pays nothing: it is turned away."""
    shop = world().shops.get(str((request.view_args or {}).get("domain"))) if request.endpoint == PAID_FOR else None
    plan = None if shop is None else world().faults.peek(Fault.GRAPHQL_COSTS, shop=shop.domain)
    if shop is None or plan is None or not lets_in(shop):
        return None
    try:
        asked = asked_cost(request.get_json(silent=True, force=True) or {})
    except (BadDocument, AttributeError):
        return None  # the API itself says what is wrong with it
    if asked > MOST_ASKED:
        return jsonify(errors=[too_dear(asked)])
    with world().lock:
        bucket = bucket_of(shop, plan)
        if not bucket.take(asked):
            return jsonify(errors=[THROTTLED], extensions={"cost": cost(asked, None, bucket)})
    g.paid = (bucket, asked)
    return None


def lets_in(shop: Shop) -> bool:
    """Whether the request's token is alive."""
    with world().lock:
        return shop.tokens.lets_in(request.headers.get("X-Shopify-Access-Token", ""), world().clock.now())


def bucket_of(shop: Shop, plan: Mapping[str, Any]) -> Bucket:
    """The shop's bucket as it is now, of the size that the fault says."""
    now = world().clock.now()
    size, rate = float(plan.get("maximum", MAXIMUM)), float(plan.get("restore", RESTORE))
    if shop.bucket is None or (shop.bucket.size, shop.bucket.rate) != (size, rate):
        shop.bucket = Bucket(size, rate, size, now)
    shop.bucket.fill(now)
    return shop.bucket


def settle(answer: Response) -> Response:
    """Give back what the answer did not hold, and say in it what is left."""
    paid: tuple[Bucket, int] | None = g.pop("paid", None)
    if paid is None:
        return answer
    bucket, asked = paid
    body: Json = answer.get_json(silent=True) or {}
    said = body.get("extensions", {})
    actual = min(asked, int(said.get("cost", {}).get("actualQueryCost") or 0))
    with world().lock:
        bucket.give_back(asked - actual)
        if "data" not in body:
            return answer
        body["extensions"] = said | {"cost": cost(asked, actual, bucket)}
    answer.set_data(jsonify(body).get_data())
    return answer


THROTTLED: Json = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": DOCS}}


def cost(asked: int, actual: int | None, bucket: Bucket) -> Json:
    """``extensions.cost``."""
    return {"requestedQueryCost": asked, "actualQueryCost": actual, "throttleStatus": bucket.as_json()}


def too_dear(asked: int) -> Json:
    """The error of a document that no bucket pays for."""
    message = f"Query cost is {asked}, which exceeds the single query max cost limit ({MOST_ASKED})."
    extensions = {"code": "MAX_COST_EXCEEDED", "cost": asked, "maxCost": MOST_ASKED, "documentation": DOCS}
    return {"message": message, "extensions": extensions}
