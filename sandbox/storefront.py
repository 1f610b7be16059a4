"""TEST USE ONLY: the storefront for programs: one request is one buyer's visit, or one order without a checkout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, jsonify
from flask.typing import ResponseReturnValue

from sandbox.checkout_data import ORDER_FORMS, STAGES
from sandbox.pixel_runtime import PixelUnavailable
from sandbox.sales import enter, sale_from, tell_paid
from sandbox.shops import Json, Shop
from sandbox.visit import Visit, begin, walk
from sandbox.world import asked, shop_named, world

blueprint = Blueprint("storefront", __name__, url_prefix="/shop")

VISIT_WORDS = frozenset(
    [
        "consent",
        "region",
        "adblock",
        "decline_before_load",
        "withdraw_during_checkout",
        "close_tab",
        "lines",
        "buyer",
        "currency",
        "rate",
        "pay",
        "stop_at",
        "placed_ago",
        "changes",
        "pixel_paused",
        "pixel_order",
        "settle_ms",
        "webhook_first",
        "wait_webhook",
    ]
)
PAGES = ("page_viewed", "product_viewed", "product_added_to_cart")


@blueprint.post("/<domain>/checkout")
def checkout(domain: str) -> ResponseReturnValue:
    """Let one buyer shop, as the body says; docs of each word in ``VISIT_WORDS`` are in docs/reference."""
    shop, wish = shop_named(domain), asked()
    check(wish)
    visit = begin(shop, sale_from(shop, wish), wish)
    try:
        answer = shopping(visit)
    except PixelUnavailable as broken:
        return jsonify(error=str(broken)), 503
    finally:
        forget(visit)
    return jsonify(answer)


def check(wish: Mapping[str, Any]) -> None:
    """Refuse words that would be silently without effect."""
    if unknown := wish.keys() - VISIT_WORDS:
        abort(400, f"unknown: {', '.join(sorted(unknown))}")
    if wish.get("stop_at") not in {None, *PAGES, *STAGES[:-1]}:
        abort(400, f"stop_at must be one of {', '.join((*PAGES, *STAGES[:-1]))}")
    if wish.get("pixel_order", "plain") not in {"none", *ORDER_FORMS}:
        abort(400, f"pixel_order must be none or one of {', '.join(ORDER_FORMS)}")


def shopping(visit: Visit) -> Json:
    """The visit from the first page to the last, with the order in between."""
    if not walk((visit.shopping, visit.checking_out)):
        visit.close()
        return {"order_id": None, "checkout_token": visit.sale.checkout_token, "pixel": visit.as_json()}
    order = enter(visit.shop, visit.sale)
    webhook = tell(visit, order) if visit.wish.get("webhook_first") else None
    if not visit.wish.get("close_tab"):
        visit.thanking()
    visit.close()
    return bought(order) | {"webhook": webhook or tell(visit, order), "pixel": visit.as_json()}


def tell(visit: Visit, order: Json) -> Json:
    """Send ``orders/paid``, unless the order is not paid yet."""
    if not visit.sale.paid:
        return {"status": None, "error": "not paid yet"}
    return tell_paid(visit.shop, order, wait=bool(visit.wish.get("wait_webhook", True)))


def bought(order: Json) -> Json:
    """What a test needs to know of an order; its id as text, for half of them are beyond JavaScript's numbers."""
    return {"order_id": str(order["id"]), "name": order["name"], "checkout_token": order["checkout_token"]}


def forget(visit: Visit) -> None:
    """Close the tab if an error left it open."""
    try:
        visit.close()
    except PixelUnavailable:
        return


@blueprint.post("/<domain>/orders")
def order_without_checkout(domain: str) -> ResponseReturnValue:
    """Make an order that no browser saw: ``{"kind": "pos" | "draft" | ..., "changes": {...}}``; see ``sales.KINDS``."""
    shop, wish = shop_named(domain), asked()
    sale = sale_from(shop, wish)
    order = enter(shop, sale, str(wish.get("kind", "web")))
    quiet = not sale.paid or wish.get("webhook") is False
    webhook = {"status": None} if quiet else tell_paid(shop, order, wait=bool(wish.get("wait_webhook", True)))
    return jsonify(bought(order) | {"webhook": webhook})


def order_named(shop: Shop, order_id: str) -> Json:
    """The order; anything else ends as 404."""
    order = shop.orders.get(int(order_id)) if order_id.isdigit() else None
    if order is None:
        abort(404, "no such order")
    return order


@blueprint.get("/")
def front() -> ResponseReturnValue:
    """The shops' names."""
    return jsonify(test_use_only=True, shops=sorted(world().shops))
