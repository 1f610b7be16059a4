"""TEST USE ONLY: the storefront for programs: one request is one buyer's visit, or one order without a checkout."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, jsonify
from flask.typing import ResponseReturnValue

from sandbox.checkout_data import ORDER_FORMS, STAGES
from sandbox.journey import BANNER_ON, BEFORE, PAYMENTS, checking_out, shopping, thanking
from sandbox.pixel_runtime import PixelUnavailable
from sandbox.sales import KINDS, enter, sale_from, tell_paid
from sandbox.shops import Json, Shop
from sandbox.visit import Visit, begin, walk
from sandbox.webhooks import Delivery
from sandbox.world import asked, shop_named, world

blueprint = Blueprint("storefront", __name__, url_prefix="/shop")

VISIT_WORDS = {
    "region": "DE, FR, GB, US, US-CA, JP or any other country code; the shop's own if not said",
    "buyer": "any field of people.Buyer, in place of the region's usual one",
    "lines": "[{product_id, variant_id, title, price, quantity}], price in the shop's currency",
    "currency": "the buyer's currency; the shop's if not said",
    "rate": "units of the buyer's currency for one of the shop's",
    "consent": "the choice in the banner: {marketing, analytics, preferences, sale_of_data}; else true",
    "choose_on": "where the banner is answered: landing (if not said), product, checkout",
    "pages": "what the buyer sees before the product: a list of home, collection, search; the first is landed on",
    "browser": "a name: visits of one name are of one browser, which keeps cookies and the choice from visit to visit",
    "decline_before_load": "the banner is never answered: nothing is allowed, the pixel never loads",
    "buy_now": "true: from the product's page to the checkout, past the cart and its attributes",
    "withdraw_during_checkout": "true: all consent is taken back after the contact step; or purposes, as in consent",
    "withdraw_in_second_tab": "the same, in a second tab with the same checkout",
    "second_tab": "the checkout is opened in a second tab too, and stays open there",
    "pays_with": "card (if not said); wallet: off to another site before the form; redirect: off to a bank after it",
    "adblock": "true: Meta's hosts are blocked; or a list of hosts",
    "pixel_paused": "true: the platform pauses the pixel (data sharing 'Optimized'); a list: only these events",
    "pixel_order": "how checkout_completed writes the order's id: plain, gid, identity, none",
    "close_tab": "the tabs are closed before the thank-you page: so does a wallet or bank from which nobody returns",
    "post_purchase": "an offer is shown between payment and thank-you page; pixels hear of the purchase there",
    "reload_thanks": "how often the thank-you page is loaded again",
    "stop_at": "the event after which the buyer leaves without an order",
    "pay": "false: the order stays pending; POST /admin/<shop>/orders/<id> can pay it",
    "placed_ago": "seconds since the purchase",
    "changes": "put over the finished order, key by key",
    "webhook_first": "orders/paid goes out before the thank-you page",
    "wait_webhook": "false: the answer does not wait for the webhook's first try",
    "settle_ms": "how long each page gives the pixel to finish; 10000 if not said",
}
"""What one visit can be told, all optional."""
PAGES = ("page_viewed", "collection_viewed", "search_submitted", "product_viewed", "product_added_to_cart")
ONE_OF: dict[str, tuple[str, ...]] = {
    "stop_at": (*PAGES, *STAGES[:-1]),
    "pixel_order": ("none", *ORDER_FORMS),
    "choose_on": BANNER_ON,
    "pays_with": PAYMENTS,
}
MOST_RELOADS = 10


@blueprint.post("/<domain>/checkout")
def checkout(domain: str) -> ResponseReturnValue:
    """Let one buyer shop, as the body says in the words of ``VISIT_WORDS``."""
    shop, wish = shop_named(domain), asked()
    check(wish)
    visit = begin(shop, sale_from(shop, wish), wish)
    try:
        answer = whole(visit)
    except PixelUnavailable as broken:
        return jsonify(error=str(broken)), 503
    finally:
        forget(visit)
    return jsonify(answer)


def check(wish: Mapping[str, Any]) -> None:
    """Refuse words that would be silently without effect."""
    if unknown := wish.keys() - VISIT_WORDS.keys():
        abort(400, f"unknown: {', '.join(sorted(unknown))}")
    for word, allowed in ONE_OF.items():
        if wish.get(word) not in {None, *allowed}:
            abort(400, f"{word} must be one of {', '.join(allowed)}")
    pages = wish.get("pages", [])
    if not isinstance(pages, list) or not set(pages) <= set(BEFORE):
        abort(400, f"pages must be a list of {', '.join(BEFORE)}")
    if wish.get("reload_thanks", 0) not in range(MOST_RELOADS + 1):
        abort(400, f"reload_thanks must be a number up to {MOST_RELOADS}")


def whole(visit: Visit) -> Json:
    """The visit from the first page to the last, with the order in between."""
    if not walk(visit, (shopping, checking_out)):
        visit.close()
        return {"order_id": None, "checkout_token": visit.sale.checkout_token, "pixel": visit.as_json()}
    order = enter(visit.shop, visit.sale)
    webhook = tell(visit, order) if visit.wish.get("webhook_first") else None
    if not visit.wish.get("close_tab"):
        thanking(visit)
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


@blueprint.get("/<domain>/carts/<name>/cart.js")
def cart(domain: str, name: str) -> ResponseReturnValue:
    """The cart of a visit, as the storefront's Ajax API shows it."""
    return jsonify(visit_named(domain, name).cart())


@blueprint.post("/<domain>/carts/<name>/cart/update.js")
def update_cart(domain: str, name: str) -> ResponseReturnValue:
    """``{"attributes": {...}}``: merged into the cart's."""
    visit = visit_named(domain, name)
    visit.put_attributes(asked().get("attributes", {}))
    return jsonify(visit.cart())


def visit_named(domain: str, name: str) -> Visit:
    """A visit of this shop; anything else ends as 404."""
    visit: Visit | None = world().visits.get(name)
    if visit is None or visit.shop.domain != domain:
        abort(404, "no such visit")
    return visit


@blueprint.post("/<domain>/orders")
def order_without_checkout(domain: str) -> ResponseReturnValue:
    """Make an order that no browser saw: ``{"kind": "pos" | "draft" | ..., "changes": {...}}``; see ``sales.KINDS``.

    ``webhook`` false: none is sent. ``tell``: a list of seconds, after each of which one is: the first as itself, those
    at the same second with the same ids, others with ids of their own; an empty list loses it for good.
    """
    shop, wish = shop_named(domain), asked()
    sale = sale_from(shop, wish)
    order = enter(shop, sale, str(wish.get("kind", "web")))
    made = bought(order) | {"placed_at": order["processed_at"], "total": order["current_total_price_set"]}
    if "tell" in wish:
        return jsonify(made | {"webhook": {"scheduled": tell_later(shop, order, wish["tell"])}})
    quiet = not sale.paid or wish.get("webhook") is False
    webhook = {"status": None} if quiet else tell_paid(shop, order, wait=bool(wish.get("wait_webhook", True)))
    return jsonify(made | {"webhook": webhook})


def tell_later(shop: Shop, order: Json, after: list[Any]) -> int:
    """Schedule ``orders/paid``; answers how many, none where the app is not installed."""
    if not shop.installed or not shop.grants("read_orders"):
        return 0
    first: Delivery | None = None
    for wait in after:
        later = timedelta(seconds=float(wait))
        made = world().webhook(shop, "orders/paid", order, about=str(order["id"]), later=later)
        if first is not None and wait == after[0]:
            made.webhook_id, made.event_id = first.webhook_id, first.event_id
        first = first or made
        world().webhooks.schedule(made)
    return len(after)


def order_named(shop: Shop, order_id: str) -> Json:
    """The order; anything else ends as 404."""
    order = shop.orders.get(int(order_id)) if order_id.isdigit() else None
    if order is None:
        abort(404, "no such order")
    return order


@blueprint.get("/")
def front() -> ResponseReturnValue:
    """The shops' names, and what a visit and an order can be told."""
    return jsonify(test_use_only=True, shops=sorted(world().shops), visit=VISIT_WORDS, kinds=sorted(KINDS))
