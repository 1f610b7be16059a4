"""TEST USE ONLY: the GraphQL Admin API of the stand-in Shopify, as far as this kind of app asks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.faults import Fault
from sandbox.graphql import BadDocument, Operation, parse
from sandbox.order_search import nodes, order_by_id, orders
from sandbox.projection import Denied, Shaper
from sandbox.shops import Json, Shop
from sandbox.web_pixels import create, delete, read, update
from sandbox.world import asked, shop_named, world

blueprint = Blueprint("admin_api", __name__, url_prefix="/admin")

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
BUCKET = {"maximumAvailable": 2000.0, "currentlyAvailable": 1900, "restoreRate": 100.0}
DEAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"
Answer = Callable[[Shop, Mapping[str, Any]], Any]


@blueprint.post("/<domain>/api/<version>/graphql.json")
def graphql(domain: str, version: str) -> ResponseReturnValue:
    """Answer one document. A throttled or wrong one is HTTP 200 with ``errors``; a dead token is 401."""
    shop, here = shop_named(domain), world()
    token = request.headers.get("X-Shopify-Access-Token", "")
    with here.lock:
        let_in = shop.installed and shop.tokens.lets_in(token, here.clock.now())
    if here.faults.hit(Fault.GRAPHQL_403, shop=domain) is not None:
        return jsonify(errors="Forbidden"), 403
    if not let_in or here.faults.hit(Fault.GRAPHQL_401, shop=domain) is not None:
        return jsonify(errors=DEAD_TOKEN), 401
    if here.faults.hit(Fault.GRAPHQL_500, shop=domain) is not None:
        return jsonify(errors="Internal Server Error"), 500
    if here.faults.hit(Fault.GRAPHQL_THROTTLED, shop=domain) is not None:
        return jsonify(throttled())
    body = asked()
    shop.documents.append(str(body.get("query", "")))
    answer = jsonify(run(shop, body))
    answer.headers["X-Shopify-API-Version"] = version if version in VERSIONS else VERSIONS[0]
    return answer


def throttled() -> Json:
    """Shopify's word for "slower": inside HTTP 200."""
    error = {
        "message": "Throttled",
        "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
    }
    status = BUCKET | {"currentlyAvailable": 0}
    cost = {"requestedQueryCost": 100, "actualQueryCost": None, "throttleStatus": status}
    return {"errors": [error], "extensions": {"cost": cost}}


def run(shop: Shop, body: Mapping[str, Any]) -> Json:
    """Run ``{"query", "variables", "operationName"}``: ``{"data", "errors"?, "extensions": {"cost"}}``."""
    try:
        document = parse(str(body.get("query", "")))
        operation = document.operation(body.get("operationName"))
        shaper = Shaper(document, operation.defaults | (body.get("variables") or {}))
        data = answer_operation(shop, operation, shaper)
    except BadDocument as bad:
        return {"errors": [{"message": str(bad), "extensions": {"code": code_of(str(bad))}}]}
    cost = shaper.cost + (10 if operation.kind == "mutation" else 0)
    extensions = {"cost": {"requestedQueryCost": cost, "actualQueryCost": cost, "throttleStatus": BUCKET}}
    return {"data": data, "extensions": extensions} | ({"errors": shaper.errors} if shaper.errors else {})


def code_of(message: str) -> str:
    """Shopify's code for a document that does not fit its schema."""
    return "undefinedField" if re.match(r"Field '", message) else "parseError"


def answer_operation(shop: Shop, operation: Operation, shaper: Shaper) -> Json:
    """Answer each root field, in order. Raises BadDocument."""
    offered = MUTATIONS if operation.kind == "mutation" else QUERIES
    root: dict[str, Any] = {"__typename": "Mutation" if operation.kind == "mutation" else "QueryRoot"}
    for name, (scope, answer) in offered.items():
        root[name] = answering(shop, scope, answer, shaper)
    return {f.alias: shaper.one(root, f, (f.alias,)) for f in shaper.flat(operation.selection)}


def answering(shop: Shop, scope: str | None, answer: Answer, shaper: Shaper) -> Callable[[Mapping[str, Any]], Any]:
    """The root field as something to call with its arguments; a missing scope denies it."""

    def call(arguments: Mapping[str, Any]) -> Any:
        if scope is not None and not shop.grants(scope):
            return Denied(scope)
        with world().lock:
            value = answer(shop, arguments)
        if isinstance(value, NotFound):
            shaper.errors.append(value.entry())
            return None
        return value

    return call


class NotFound:
    """A null that comes with an error."""

    def __init__(self, root: str, message: str) -> None:
        self._root, self._message = root, message

    def entry(self) -> Json:
        """The entry in ``errors``."""
        return {"message": self._message, "path": [self._root], "extensions": {"code": "NOT_FOUND"}}


def web_pixel(shop: Shop, arguments: Mapping[str, Any]) -> Any:
    """``webPixel(id)``: the app's own pixel; an error if there is none."""
    return read(shop, arguments.get("id")) or NotFound("webPixel", "No web pixel was found for this app.")


def shop_node(shop: Shop, _arguments: Mapping[str, Any]) -> Json:
    """``shop``."""
    return {
        "__typename": "Shop",
        "id": f"gid://shopify/Shop/{shop.id}",
        "myshopifyDomain": shop.domain,
        "name": shop.name,
        "email": "owner@example.com",
        "contactEmail": "owner@example.com",
        "currencyCode": shop.currency,
        "ianaTimezone": shop.time_zone,
        "url": f"https://{shop.primary_domain}",
        "billingAddress": {"__typename": "ShopAddress", "countryCodeV2": shop.country, "country": shop.country},
        "shopAddress": {"__typename": "ShopAddress", "countryCodeV2": shop.country, "country": shop.country},
        "primaryDomain": {
            "__typename": "Domain",
            "id": f"gid://shopify/Domain/{shop.id}",
            "host": shop.primary_domain,
            "url": f"https://{shop.primary_domain}",
            "sslEnabled": True,
        },
        "plan": {"__typename": "ShopPlan", "partnerDevelopment": True, "shopifyPlus": False},
    }


def installation(shop: Shop, _arguments: Mapping[str, Any]) -> Json:
    """``currentAppInstallation``."""
    scopes = [{"__typename": "AccessScope", "handle": scope} for scope in sorted(shop.scopes)]
    return {
        "__typename": "AppInstallation",
        "id": f"gid://shopify/AppInstallation/{shop.id}",
        "launchUrl": f"https://admin.shopify.com/store/{shop.domain.partition('.')[0]}/apps/sandbox",
        "accessScopes": scopes,
    }


def consent_policy(shop: Shop, arguments: Mapping[str, Any]) -> list[Json]:
    """``consentPolicy(countryCode, regionCode, consentRequired, dataSaleOptOutRequired)``; it needs no scope."""
    lines = [
        {
            "__typename": "ConsentPolicy",
            "id": f"SD-{line.country}{'-' + line.region if line.region else ''}",
            "shopId": f"gid://shopify/Shop/{shop.id}",
            "countryCode": line.country,
            "regionCode": line.region,
            "consentRequired": line.consent_required,
            "dataSaleOptOutRequired": line.sale_opt_out_required,
        }
        for line in shop.policies
    ]
    return [line for line in lines if all(line.get(key) == v for key, v in arguments.items() if v is not None)]


QUERIES: dict[str, tuple[str | None, Answer]] = {
    "webPixel": ("read_pixels", web_pixel),
    "shop": (None, shop_node),
    "currentAppInstallation": (None, installation),
    "consentPolicy": (None, consent_policy),
    "orders": ("read_orders", orders),
    "order": ("read_orders", order_by_id),
    "nodes": (None, nodes),
}
MUTATIONS: dict[str, tuple[str | None, Answer]] = {
    "webPixelCreate": ("write_pixels", create),
    "webPixelUpdate": ("write_pixels", update),
    "webPixelDelete": ("write_pixels", delete),
}
