"""The one place that wires: settings in, a WSGI app out."""

from __future__ import annotations

import logging
import os
import string
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from plugin import health, logs, pages, pixel
from plugin.language import _
from plugin.pages.stopped import UNFORESEEN
from plugin.services import Services
from plugin.settings import Settings
from plugin.shortcut import Shortcut
from plugin.storage import orm
from plugin.storage.database import DatabaseAway
from plugin.storage.postgres import EmbeddedPostgres, default_folder
from webhooks import app_lifecycle, compliance, meta, orders_paid

log = logging.getLogger(__name__)

PLAIN = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def database_url(settings: Settings) -> str:
    """Return the database's address, starting the embedded server where none was given."""
    return settings.database_url or EmbeddedPostgres(default_folder(settings.data_dir)).start()


def served() -> Flask:
    """Build the app for a server's process: what it says goes through the net, and no exception shows its text."""
    logs.set_up()
    return create_app()


def create_app(settings: Settings | None = None, url: str | None = None) -> Flask:
    """Build the app. `url`: its database, where the caller has it already."""
    settings = settings or Settings.from_env(os.environ)
    app = Flask("conversion_backstop", root_path=os.path.dirname(__file__))  # noqa: PTH120 - Flask takes a str
    url = url or database_url(settings)
    app.url_map.merge_slashes = False  # else Flask answers `//` by a redirect to whatever host the request names
    app.after_request(_with_headers)  # the first that is named here is the last that is asked
    app.extensions["backstop"] = Services.build(settings, url)
    orm.bind(app, url)
    for door in (orders_paid, app_lifecycle, compliance, meta, pixel, health):
        app.register_blueprint(door.blueprint)
    pages.register(app)
    app.register_error_handler(DatabaseAway, _database_away)
    app.register_error_handler(Exception, _last_resort)
    app.wsgi_app = _with_ascii_query(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way
    ahead = {orders_paid.PATH: orders_paid.DOOR, pixel.PATH: pixel.DOOR}
    app.wsgi_app = Shortcut(app, ahead, tuple(PLAIN.items()))  # type: ignore[method-assign]  # Flask's own way
    health.measure(app)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=1, x_host=1)  # type: ignore[method-assign]  # Flask's own way
    return app


def _with_ascii_query(asked: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Read bytes beyond ASCII in a query as if they had been encoded: an address has none, and Flask fails on them."""

    def ask(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING", "")
        if not query.isascii():
            environ["QUERY_STRING"] = quote(query, safe=string.printable, encoding="latin-1")
        return asked(environ, start_response)

    return ask


def _with_headers(response: Response) -> Response:
    """What no page of ours has said otherwise: an answer loads nothing, is framed by nobody and kept nowhere."""
    for name, text in PLAIN.items():
        response.headers.setdefault(name, text)
    return response


def _database_away(_fault: DatabaseAway) -> ResponseReturnValue:
    """Nothing was written: Shopify delivers again, the pixel tries once more, the merchant may reload."""
    text = "The app's database does not answer right now. Nothing was changed; try again in a moment."
    headers = {"Retry-After": "5", "Access-Control-Allow-Origin": "*"}
    return text, HTTPStatus.SERVICE_UNAVAILABLE, headers


def _last_resort(fault: Exception) -> ResponseReturnValue:
    """Whatever nobody foresaw: a number for the merchant, the places for us, and no value of anything in either."""
    if isinstance(fault, HTTPException):
        return fault
    error_id = uuid4().hex[:12]
    log.error("unhandled error", exc_info=fault, extra={"error_id": error_id, "result": request.endpoint})
    return _(UNFORESEEN, number=error_id), HTTPStatus.INTERNAL_SERVER_ERROR
