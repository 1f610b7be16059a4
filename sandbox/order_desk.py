"""TEST USE ONLY: what staff do with an order later: capture, cancel, refund it, or have its webhook again."""

from __future__ import annotations

from decimal import Decimal

from flask import Blueprint, abort, jsonify
from flask.typing import ResponseReturnValue

from sandbox.goods import Currencies
from sandbox.orders import stamp
from sandbox.sales import tell_paid
from sandbox.shops import Json, Shop
from sandbox.storefront import bought, order_named
from sandbox.world import asked, shop_named, world

blueprint = Blueprint("order_desk", __name__, url_prefix="/admin")

ACTIONS = frozenset({"pay", "cancel", "refund", "partial_refund", "void", "resend", "add_item"})
STATUS = {
    "pay": "paid",
    "add_item": "partially_paid",
    "refund": "refunded",
    "partial_refund": "partially_refunded",
    "void": "voided",
}


@blueprint.get("/<domain>/orders.json")
def orders(domain: str) -> ResponseReturnValue:
    """Every order of a shop, without its buyer."""
    shop = shop_named(domain)
    return jsonify(
        test_use_only=True, orders=[bought(o) | {"status": o["financial_status"]} for o in list(shop.orders.values())]
    )


@blueprint.post("/<domain>/orders/<order_id>")
def act(domain: str, order_id: str) -> ResponseReturnValue:
    """Do ``{"action": one of ACTIONS}``; ``pay`` (also: capture) and ``resend`` send ``orders/paid``.

    ``add_item`` edits an order after its payment: it costs more now, and the difference is owed.
    """
    shop, wish = shop_named(domain), asked()
    action = wish.get("action")
    if action not in ACTIONS:
        abort(400, f"action must be one of {', '.join(sorted(ACTIONS))}")
    order = change(shop, order_named(shop, order_id), action)
    sends = action in {"pay", "resend"}
    return jsonify(bought(order) | {"webhook": tell_paid(shop, order) if sends else None})


def change(shop: Shop, order: Json, action: str) -> Json:
    """The order after the action; a webhook sent again tells the order as it is now."""
    now = stamp(world().clock.now(), shop)
    changed = dict(order)
    if action != "resend":
        changed["updated_at"] = now
    if action == "cancel":
        changed |= {"cancelled_at": now, "cancel_reason": "customer"}
    changed["financial_status"] = STATUS.get(action, changed["financial_status"])
    if action == "pay":
        changed["total_outstanding"] = "0.00"
    if action == "add_item":
        changed |= dearer(order)
    with world().lock:
        shop.orders[order["id"]] = changed
        if action == "pay":
            shop.payments[order["id"]] = now
    return changed


def dearer(order: Json) -> Json:
    """What an edit changes that adds an item: the present totals, and what is owed; the first totals stay."""
    added = Decimal("12.50")
    total = Decimal(order["current_total_price"]) + added
    whole = order["current_total_price_set"]
    rate = Decimal(whole["presentment_money"]["amount"]) / (Decimal(whole["shop_money"]["amount"]) or 1)
    money = Currencies(whole["shop_money"]["currency_code"], whole["presentment_money"]["currency_code"], rate)
    return {
        "current_total_price": money.own(total),
        "current_total_price_set": money.both(total),
        "total_outstanding": money.own(added),
    }
