"""TEST USE ONLY: what merchants and Shopify do: shops, install, uninstall, scopes, privacy requests."""

from __future__ import annotations

import re

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox import costs, lifecycle
from sandbox.shops import Json, Shop, policy_from, shop_from
from sandbox.world import asked, shop_named, world

blueprint = Blueprint("shopify_admin", __name__, url_prefix="/admin")
blueprint.before_app_request(costs.charge)
blueprint.after_app_request(costs.settle)

DOMAIN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-]*\.myshopify\.com")


@blueprint.get("/shops")
def shops() -> ResponseReturnValue:
    """Every shop."""
    return jsonify(test_use_only=True, shops=[shop_json(shop) for shop in world().shops.values()])


@blueprint.post("/shops")
def create_shop() -> ResponseReturnValue:
    """Create a shop that has the app: ``{"shop": "x.myshopify.com", "currency", "country", "time_zone", ...}``."""
    wish, here = asked(), world()
    if not DOMAIN.fullmatch(str(wish.get("shop", ""))):
        abort(400, "shop must be a myshopify.com domain")
    with here.lock:
        shop = here.shops.get(wish["shop"]) or shop_from(wish, here.new_id(), here.options.scopes)
        here.shops[shop.domain] = shop
    return jsonify(shop_json(shop))


@blueprint.get("/<domain>/state.json")
def state(domain: str) -> ResponseReturnValue:
    """What a shop's admin would show of the app."""
    return jsonify(shop_json(shop_named(domain)))


def shop_json(shop: Shop) -> Json:
    """A shop without its secrets."""
    return {
        "shop": shop.domain,
        "id": shop.id,
        "name": shop.name,
        "installed": shop.installed,
        "scopes": sorted(shop.scopes),
        "currency": shop.currency,
        "country": shop.country,
        "time_zone": shop.time_zone,
        "web_pixel": None if shop.pixel is None else {"id": shop.pixel.id, "settings": shop.pixel.settings},
        "orders": len(shop.orders),
        "token_exchanges": shop.tokens.exchanges,
        "token_refreshes": shop.tokens.refreshes,
    }


@blueprint.post("/<domain>/uninstall")
def uninstall(domain: str) -> ResponseReturnValue:
    """Remove the app: tokens die, the pixel goes, ``app/uninstalled`` is sent; ``shop/redact`` after 48 hours."""
    return jsonify(installed=False, webhook=lifecycle.remove_app(shop_named(domain)))


@blueprint.post("/<domain>/install")
def install(domain: str) -> ResponseReturnValue:
    """Install the app again; ``{"scopes": [...]}`` if it asks for others now."""
    shop = shop_named(domain)
    lifecycle.add_app(shop, asked().get("scopes"))
    return jsonify(shop_json(shop))


@blueprint.post("/<domain>/scopes")
def change_scopes(domain: str) -> ResponseReturnValue:
    """Grant other scopes, ``{"scopes": [...]}``, and send ``app/scopes_update``."""
    shop = shop_named(domain)
    tried = lifecycle.grant(shop, asked().get("scopes", shop.scopes))
    return jsonify(scopes=sorted(shop.scopes), webhook=tried)


@blueprint.post("/<domain>/consent-policy")
def change_policies(domain: str) -> ResponseReturnValue:
    """Replace the Customer Privacy settings: ``{"policies": [...]}``, each as ``consentPolicy`` shows it."""
    shop = shop_named(domain)
    try:
        shop.policies = [policy_from(line) for line in asked().get("policies", [])]
    except (KeyError, TypeError):
        abort(400, "each policy needs a countryCode")
    return jsonify(policies=len(shop.policies))


@blueprint.post("/<domain>/compliance")
def compliance(domain: str) -> ResponseReturnValue:
    """Send a privacy webhook now: ``{"topic", "customer": {"id", "email", "phone"}, "orders": [...]}``."""
    shop, wish = shop_named(domain), asked()
    topic = wish.get("topic")
    if topic not in lifecycle.PRIVACY_TOPICS:
        abort(400, f"topic must be one of {', '.join(lifecycle.PRIVACY_TOPICS)}")
    tried = lifecycle.ask_privacy(shop, topic, wish.get("customer", {}), wish.get("orders", []))
    return jsonify(topic=topic, webhook=tried)


@blueprint.get("/deliveries.json")
def all_deliveries() -> ResponseReturnValue:
    """Webhooks of all shops with all their tries, ``?limit=`` (1000) of them from place ``?after=`` on."""
    after, limit = request.args.get("after", 0, int), request.args.get("limit", 1000, int)
    return jsonify(test_use_only=True, deliveries=world().webhooks.page(after, limit))


@blueprint.get("/<domain>/deliveries.json")
def deliveries(domain: str) -> ResponseReturnValue:
    """Every webhook of a shop with all its tries."""
    return jsonify(test_use_only=True, deliveries=world().webhooks.of_shop(shop_named(domain).domain))
