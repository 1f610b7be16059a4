"""The embedded pages: what a shop's staff sees of the app inside Shopify's admin."""

from __future__ import annotations

from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException

from plugin.pages import (
    connection,
    dashboard,
    data_protection,
    door,
    headers,
    orders,
    other_pixel,
    settings,
    show,
    stopped,
    switch,
)
from plugin.shopify.errors import ShopifyError
from plugin.storage.database import DatabaseAway

ROUTES = (
    ("GET", "/", dashboard.dashboard),
    ("GET", "/settings", settings.settings),
    ("POST", "/settings", settings.save_settings),
    ("POST", "/connect", connection.connect),
    ("POST", "/disconnect", connection.disconnect),
    ("POST", "/place-pixel", connection.place_pixel),
    ("POST", "/other-pixel", other_pixel.answer_other_pixel),
    ("POST", "/offline-tracking", switch.offline_tracking),
    ("GET", "/orders", orders.orders),
    ("GET", "/orders/<order_id>", orders.order),
    ("GET", "/switch-log", settings.switch_log),
    ("GET", "/data-protection", data_protection.data_protection),
    ("GET", "/data-protection/<request_id>.json", data_protection.data_file),
    ("GET", "/bounce", door.bounce),
)
"""An endpoint is named after its view: `pages.dashboard`, `pages.save_settings` ..."""


def register(app: Flask) -> None:
    """Give an app the pages, under the name `pages`."""
    blueprint = Blueprint("pages", __name__)
    for method, rule, view in ROUTES:
        blueprint.add_url_rule(rule, view.__name__, view, methods=[method])
    blueprint.after_request(headers.guard)
    blueprint.context_processor(show.common)
    blueprint.register_error_handler(DatabaseAway, stopped.by_database)
    blueprint.register_error_handler(ShopifyError, stopped.by_shopify)
    blueprint.register_error_handler(HTTPException, stopped.by_request)
    app.register_blueprint(blueprint)
    show.set_up(app)
    headers.version_static_files(app)
