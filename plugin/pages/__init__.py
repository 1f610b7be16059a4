"""The embedded pages: what a shop's staff sees of the app inside Shopify's admin."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException

from plugin.pages import (
    alert_address,
    connection,
    dashboard,
    data_protection,
    door,
    erasing,
    facebook,
    granting,
    guide,
    headers,
    held,
    meta_test_code,
    orders,
    other_pixel,
    popup,
    preview,
    public,
    second_sender,
    settings,
    show,
    stopped,
    switch,
    switch_log,
)
from plugin.shopify.errors import ShopifyError
from plugin.storage.database import DatabaseAway

ROUTES = (
    ("GET", "/", dashboard.dashboard),
    ("POST", "/guide", guide.answer_guide),
    ("GET", "/settings", settings.settings),
    ("POST", "/settings", settings.save_settings),
    ("GET", "/settings/preview", preview.preview),
    ("POST", "/test-code", meta_test_code.use_test_code),
    ("POST", "/alerts", alert_address.keep_alert_address),
    ("POST", "/connect", connection.connect),
    ("POST", "/disconnect", connection.disconnect),
    ("POST", "/place-pixel", connection.place_pixel),
    ("POST", "/facebook/start", facebook.start_login),
    ("GET", "/facebook/state", facebook.login_state),
    ("POST", "/facebook/find", facebook.find_dataset),
    ("POST", "/facebook/choose", facebook.choose_dataset),
    ("POST", "/facebook/cancel", facebook.cancel_login),
    ("POST", "/other-pixel", other_pixel.answer_other_pixel),
    ("POST", "/second-sender", second_sender.dismiss_sender),
    ("POST", "/scopes", granting.look_at_scopes),
    ("POST", "/offline-tracking", switch.offline_tracking),
    ("GET", "/orders", orders.orders),
    ("GET", "/orders/<order_id>", orders.order),
    ("POST", "/orders/held", held.say_to_held),
    ("POST", "/orders/<order_id>/held", held.say_to_held),
    ("GET", "/switch-log", switch_log.switch_log),
    ("GET", "/switch-log.csv", switch_log.switch_log_file),
    ("GET", "/data-protection", data_protection.data_protection),
    ("POST", "/data-protection/erase", erasing.erase_order),
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
    for status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        app.register_error_handler(status, stopped.by_routing)
    app.register_blueprint(blueprint)
    app.register_blueprint(popup.blueprint)
    app.register_blueprint(public.blueprint)
    show.set_up(app)
    headers.version_static_files(app)
