"""TEST USE ONLY: what Shopify, the staff or a buyer does once: at the press of a button, or by ``POST /faults``.

A fault lasts until it is cleared; an act is done and over. ``{"name": an act, "shop": domain, ...}``; without a shop
it is the newest one's. Some acts take more, as their functions say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort

from sandbox import lifecycle, order_desk
from sandbox.people import HOMES
from sandbox.sales import enter, sale_from, tell_paid
from sandbox.shops import Json, Policy, Shop
from sandbox.storefront import bought, order_named
from sandbox.world import shop_named, world

Act = Callable[[Shop, Mapping[str, Any]], Any]

DAY = 86_400
ABROAD = {"currency": "USD", "rate": "1.0843", "region": "US"}
NEARBY = {"currency": "EUR", "rate": "0.9223", "region": "DE"}
ORDERS: dict[str, Json] = {
    "pos_order": {"kind": "pos"},
    "draft_order": {"kind": "draft"},
    "renewal_order": {"kind": "renewal"},
    "import_order": {"kind": "import"},
    "gift_card_order": {"kind": "gift_card"},
    "zero_value_order": {"kind": "zero_value"},
    "multi_currency_order": {},
    "partially_paid_order": {"kind": "partially_paid", "pay": False},
    "authorized_order": {"kind": "authorized", "pay": False},
    "paid_late_order": {"pay": False, "placed_ago": 8 * DAY},
}
"""Orders that no browser of ours saw. The last is paid at once, 8 days after it was placed; the two before it wait for
``pay_open_orders``: the rest of the price, or the capture."""
REGIONS = tuple(HOMES)
"""The example regions whose consent policy is chosen at the press of a button."""
RULES = {"opt_in": (True, False), "opt_out": (False, True), "none": (False, False)}
"""Consent required, sale opt-out required."""


def make_order(name: str) -> Act:
    """The act that makes one of ORDERS; ``buyer``, ``region``, ``changes`` as in ``POST /shop/<shop>/orders``."""

    def act(shop: Shop, wish: Mapping[str, Any]) -> Json:
        abroad = (ABROAD if shop.currency == NEARBY["currency"] else NEARBY) if name == "multi_currency_order" else {}
        plan = abroad | ORDERS[name] | {key: wish[key] for key in ("buyer", "region", "changes") if key in wish}
        sale = sale_from(shop, plan)
        order = enter(shop, sale, str(plan.get("kind", "web")))
        if name == "paid_late_order":
            order = order_desk.change(shop, order, "pay")
        told = tell_paid(shop, order) if order["financial_status"] == "paid" else None
        return bought(order) | {"webhook": told}

    return act


def pay_open_orders(shop: Shop, _wish: Mapping[str, Any]) -> Json:
    """Pay what is open of each order, or capture what was authorised: ``orders/paid`` is sent for each."""
    states = {"pending", "partially_paid", "authorized"}
    still_open = [order for order in list(shop.orders.values()) if order["financial_status"] in states]
    paid = [order_desk.change(shop, order, "pay") for order in still_open]
    return {"paid": [bought(order) | {"webhook": tell_paid(shop, order)} for order in paid]}


def add_item(shop: Shop, wish: Mapping[str, Any]) -> Json:
    """Edit ``order``, or the newest paid one, so that it costs more: it is partially paid from now on."""
    return bought(order_desk.change(shop, meant(shop, wish, paid=True), "add_item"))


def meant(shop: Shop, wish: Mapping[str, Any], *, paid: bool = False) -> Json:
    """The order that is named, else the shop's newest; ends as 404 without one."""
    if "order" in wish:
        return order_named(shop, str(wish["order"]))
    orders = [order for order in list(shop.orders.values()) if not paid or order["financial_status"] == "paid"]
    return orders[-1] if orders else abort(404, "no such order yet")


def ask_about_buyer(topic: str) -> Act:
    """The act that sends a privacy webhook about the buyer of ``order``, or of the newest, and all of their orders."""

    def act(shop: Shop, wish: Mapping[str, Any]) -> Json:
        email = meant(shop, wish)["email"]
        customer = {"id": shop.customers.get(str(email)), "email": email, "phone": None}
        theirs = [number for number, order in list(shop.orders.items()) if order["email"] == email]
        told = lifecycle.ask_privacy(shop, topic, customer, theirs)
        return {"orders": [str(number) for number in theirs], "webhook": told}

    return act


def choose_policy(shop: Shop, wish: Mapping[str, Any]) -> Json:
    """``{"regions": {"DE": "opt_in" | "opt_out" | "none", ...}}``: what the shop's Customer Privacy settings ask."""
    for region, rule in dict(wish.get("regions", {})).items():
        if rule not in RULES:
            abort(400, f"a rule is one of {', '.join(RULES)}")
        country, _, province = str(region).partition("-")
        place, needs = (country, province or None), RULES[rule]
        others = [line for line in shop.policies if (line.country, line.region) != place]
        line = Policy(*place, consent_required=needs[0], sale_opt_out_required=needs[1])
        shop.policies = [*others, line]
    return {"regions": rules_of(shop)}


def rules_of(shop: Shop) -> dict[str, str]:
    """The rule of each example region; ``opt_in`` where it is that and more."""
    found = {}
    for region in REGIONS:
        country, _, province = region.partition("-")
        line = shop.policy_for(country, province or None)
        found[region] = "opt_in" if line.consent_required else "opt_out" if line.sale_opt_out_required else "none"
    return found


def reinstall(shop: Shop, wish: Mapping[str, Any]) -> Json:
    """Install the app again; ``scopes`` if it asks for others."""
    lifecycle.add_app(shop, wish.get("scopes"))
    return {"installed": True}


def grant(shop: Shop, wish: Mapping[str, Any]) -> Json:
    """Grant ``scopes``; without them, take the last one away, or give all back if one is missing."""
    usual = set(world().options.scopes)
    fewer = usual - {max(usual)} if shop.scopes >= usual else usual
    return {"webhook": lifecycle.grant(shop, wish.get("scopes", fewer)), "scopes": sorted(shop.scopes)}


def app_embed(shop: Shop, wish: Mapping[str, Any]) -> Json:
    """Switch the app's block in the theme ``on`` or off; without a word, the other way."""
    shop.app_embed = bool(wish.get("on", not shop.app_embed))
    return {"app_embed": shop.app_embed}


ACTS: dict[str, Act] = {
    "app_embed": app_embed,
    "consent_policy": choose_policy,
    "customers_data_request": ask_about_buyer("customers/data_request"),
    "customers_redact": ask_about_buyer("customers/redact"),
    "shop_redact": lambda shop, _wish: {"webhook": lifecycle.ask_privacy(shop, "shop/redact", {}, [])},
    "uninstall": lambda shop, _wish: {"installed": False, "webhook": lifecycle.remove_app(shop)},
    "reinstall": reinstall,
    "scopes_update": grant,
    **{name: make_order(name) for name in ORDERS},
    "pay_open_orders": pay_open_orders,
    "add_item": add_item,
}


def perform(wish: Mapping[str, Any]) -> Json:
    """Do the act that ``name`` names in the shop that ``shop`` names; answers what came of it."""
    shops = world().shops
    shop = shop_named(str(wish.get("shop") or next(reversed(shops), "")))
    done: Json = ACTS[str(wish["name"])](shop, wish)
    return {"done": wish["name"], "shop": shop.domain} | done
