"""TEST USE ONLY: what becomes of the app in a shop, and what Shopify then tells it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sandbox.shops import Json, Shop, shop_resource
from sandbox.world import world

REDACT_AFTER = timedelta(hours=48)
"""From uninstalling to ``shop/redact`` (privacy law compliance)."""
PRIVACY_TOPICS = ("customers/data_request", "customers/redact", "shop/redact")


def remove_app(shop: Shop) -> Any:
    """Uninstall: tokens die, the pixel goes, ``app/uninstalled`` is sent; ``shop/redact`` after 48 hours.

    Answers the first try of the webhook.
    """
    here = world()
    with here.lock:
        shop.installed, shop.pixel = False, None
        shop.tokens.kill()
    tried = here.notify(shop, "app/uninstalled", shop_resource(shop), about="app")
    redact = here.webhook(shop, "shop/redact", shop_words(shop), about="shop", later=REDACT_AFTER)
    here.webhooks.schedule(redact)
    return tried


def add_app(shop: Shop, scopes: Iterable[str] | None = None) -> None:
    """Install, with the scopes that it asks for now; None: the same as before."""
    with world().lock:
        shop.installed = True
        shop.scopes = shop.scopes if scopes is None else set(scopes)


def grant(shop: Shop, scopes: Iterable[str]) -> Any:
    """Let the app have these scopes, and send ``app/scopes_update``; answers its first try."""
    here = world()
    with here.lock:
        previous, shop.scopes = sorted(shop.scopes), set(scopes)
    payload = {
        "id": here.new_id(),
        "shop_id": f"gid://shopify/Shop/{shop.id}",
        "previous": previous,
        "current": sorted(shop.scopes),
        "updated_at": here.clock.as_json()["now"],
    }
    return here.notify(shop, "app/scopes_update", payload, about="scopes")


def ask_privacy(shop: Shop, topic: str, customer: Json, orders: list[int]) -> Any:
    """Send one of PRIVACY_TOPICS now; answers its first try."""
    payload = shop_words(shop) | customer_words(topic, customer, orders)
    return world().notify(shop, topic, payload, about=topic)


def shop_words(shop: Shop) -> Json:
    """The part that all three privacy webhooks share."""
    return {"shop_id": shop.id, "shop_domain": shop.domain}


def customer_words(topic: str, customer: Json, orders: list[int]) -> Json:
    """The part that is about a customer; ``shop/redact`` has none."""
    if topic == "customers/data_request":
        return {"orders_requested": orders, "customer": customer, "data_request": {"id": world().new_id()}}
    return {"customer": customer, "orders_to_redact": orders} if topic == "customers/redact" else {}
