"""TEST USE ONLY: admin.localhost/behaviour: how Shopify behaves, by switches, and what happens there, by buttons."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, jsonify, render_template
from flask.typing import ResponseReturnValue

from sandbox import acts, control
from sandbox.browser.admin_site import shop_called
from sandbox.browser.sites import own_pages_only, site_url
from sandbox.faults import Fault
from sandbox.shops import Json, Shop
from sandbox.world import asked, world

blueprint = Blueprint("shopify_site", __name__, url_prefix="/site/admin/behaviour", template_folder="templates")
blueprint.before_request(own_pages_only)

SHOWN = 12
"""Webhooks, the newest."""
SWITCHES: dict[str, dict[Fault, tuple[str, str]]] = {
    "Tokens and the Admin API": {
        Fault.TOKENS_SHORT: (
            "Short tokens",
            "Access tokens live 90 seconds and not an hour; the app refreshes them.",
        ),
        Fault.TOKEN_500: ("Token endpoint down", "Neither exchange nor refresh works."),
        Fault.GRAPHQL_COSTS: (
            "Cost bucket",
            "1000 points, 50 back a second. Above it: THROTTLED inside HTTP 200.",
        ),
        Fault.GRAPHQL_THROTTLED: ("Always throttled", "Every document is answered THROTTLED."),
        Fault.PROTECTED_NULL: ("Protected fields are null", "The app is not approved for protected customer data."),
        Fault.GRAPHQL_401: ("Access token revoked", "Every document is answered 401."),
        Fault.GRAPHQL_403: ("Address not allowed", "Every document is answered 403: not on the IP allow-list."),
        Fault.GRAPHQL_500: ("Admin API down", "Every document is answered 500."),
    },
    "Webhooks": {
        Fault.WEBHOOKS_DOWN: ("First try fails", "Retries come: 8 in 4 hours, each gap twice the one before."),
        Fault.WEBHOOKS_LOST: ("All tries are lost", "Nothing arrives; after 4 hours a webhook is given up."),
        Fault.WEBHOOKS_TWICE: ("Delivered twice", "Each comes once more, with the same ids."),
    },
}
"""Title, and name and meaning of each switch."""
BUTTONS: dict[str, dict[str, str]] = {
    "Orders that no browser saw": {
        "pos_order": "Point of sale",
        "draft_order": "Draft order",
        "renewal_order": "Subscription renewal",
        "import_order": "Marketplace import",
        "gift_card_order": "Gift card",
        "zero_value_order": "Nothing to pay",
        "multi_currency_order": "In another currency",
        "paid_late_order": "Paid 8 days after placing",
    },
    "Orders that are paid in two steps": {
        "partially_paid_order": "Pay half of an order",
        "authorized_order": "Authorise an order",
        "pay_open_orders": "Pay and capture what is open",
        "add_item": "Add an item to the newest paid order",
    },
    "Privacy requests about the buyer of the newest order": {
        "customers_data_request": "customers/data_request",
        "customers_redact": "customers/redact",
    },
    "Installation of the app": {
        "uninstall": "Uninstall",
        "reinstall": "Install again",
        "scopes_update": "Take a scope away, or give it back",
        "app_embed": "Theme block on, or off",
        "shop_redact": "shop/redact now",
    },
}
"""Title, and the words on the button of each act."""
REGIONS = {
    "DE": "Germany",
    "FR": "France",
    "GB": "United Kingdom",
    "US": "United States",
    "US-CA": "California",
    "JP": "Japan",
}
RULES = {"opt_in": "Consent first (opt-in)", "opt_out": "May opt out of sale", "none": "Neither"}


@blueprint.get("/<name>", strict_slashes=False)
def page(name: str) -> ResponseReturnValue:
    """The page."""
    shop = shop_called(name)
    facts = {"shop": name, "timeZone": shop.time_zone}
    choices = {"switches": SWITCHES, "buttons": BUTTONS, "regions": REGIONS, "rules": RULES}
    return render_template(
        "browser/behaviour.html", shop=shop, facts=facts, admin=f"{site_url('admin')}/store/{name}", **choices
    )


@blueprint.get("/<name>/state.json")
def state(name: str) -> ResponseReturnValue:
    """What is on now."""
    return jsonify(state_of(shop_called(name)))


def state_of(shop: Shop) -> Json:
    """``{"faults", "regions", "installed", "scopes", "orders", "clock", "bucket", "webhooks"}``."""
    here = world()
    told = here.webhooks.of_shop(shop.domain)[-SHOWN:]
    return {
        "test_use_only": True,
        "faults": [plan["name"] for plan in here.faults.as_json()],
        "regions": acts.rules_of(shop),
        "installed": shop.installed,
        "scopes": sorted(shop.scopes),
        "orders": len(shop.orders),
        "clock": here.clock.as_json(),
        "bucket": None if shop.bucket is None else shop.bucket.as_json(),
        "webhooks": [line(one) for one in reversed(told)],
    }


def line(delivery: Json) -> Json:
    """One webhook as the page shows it."""
    tries = delivery["attempts"]
    kept = {key: delivery[key] for key in ("topic", "about", "state", "triggered_at", "due_at")}
    return kept | {"tries": len(tries), "answer": (tries[-1]["status"] or tries[-1]["error"]) if tries else None}


@blueprint.post("/<name>/switch")
def switch(name: str) -> ResponseReturnValue:
    """``{"name", "on": bool}``: one of the switches is moved."""
    shop, wish = shop_called(name), asked()
    if not any(wish.get("name") in group for group in SWITCHES.values()):
        abort(400, "no such switch")
    if wish.get("on"):
        world().faults.put({"name": wish["name"]})
    else:
        world().faults.clear(wish["name"])
    return jsonify(state_of(shop))


@blueprint.post("/<name>/act")
def act(name: str) -> ResponseReturnValue:
    """``{"name", ...}``: one of the acts, in this shop."""
    shop = shop_called(name)
    wish: dict[str, Any] = asked() | {"shop": shop.domain}
    if wish.get("name") not in acts.ACTS:
        abort(400, "no such act")
    done = acts.perform(wish)
    return jsonify(state_of(shop) | {"act": done})


@blueprint.post("/<name>/clock")
def move_clock(name: str) -> ResponseReturnValue:
    """Move everybody's clock, as ``POST /clock`` does; retries that are due then go out."""
    shop = shop_called(name)
    control.move_clock()
    return jsonify(state_of(shop))
