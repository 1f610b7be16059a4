"""TEST USE ONLY: puts the sandbox's parts together and serves them, one process, a thread a connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox import (
    admin_api,
    browser,
    control,
    meta,
    meta_login,
    meta_reports,
    meta_tr,
    order_desk,
    relay,
    shopify_admin,
    shopify_auth,
    storefront,
)
from sandbox.browser.sites import Sites
from sandbox.history import Recorder
from sandbox.world import Options, World

PARTS = (
    control,
    meta,
    meta_login,
    meta_reports,
    meta_tr,
    shopify_admin,
    shopify_auth,
    admin_api,
    order_desk,
    storefront,
    relay,
    *browser.PARTS,
)
POLL = 0.02
"""Seconds between looks whether to stop."""
LARGEST_FORM = 64 * 1024 * 1024
"""Bytes; a thousand events as one form field are some."""


def create_app(world: World) -> Flask:
    """The sandbox as a Flask app around one world."""
    app = Flask("sandbox", static_folder=None)
    app.extensions["world"] = world
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_FORM
    for part in PARTS:
        app.register_blueprint(part.blueprint)
    app.register_error_handler(HTTPException, in_json)
    return app


def in_json(error: HTTPException) -> ResponseReturnValue:
    """An HTTP error as ``{"error": one sentence}``."""
    return jsonify(error=error.description), error.code or 500


class Quiet(WSGIRequestHandler):
    """Logs no requests: the history has them, and a query may hold a token."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - werkzeug's words
        """Close the line, also where ``hang_up`` dropped it: else the server would wait for a next request."""
        self.close_connection = True


def open_server(world: World) -> BaseWSGIServer:
    """Bind the port of the world's options; ``serve_forever`` then serves."""
    app = create_app(world)
    layers = Sites(app.wsgi_app, Recorder(app.wsgi_app, world.history))
    app.wsgi_app = layers  # type: ignore[method-assign] # Flask's own way to add a layer
    server = make_server("127.0.0.1", world.options.port, app, threaded=True, request_handler=Quiet)
    world.options = replace(world.options, port=server.server_port)  # 0 asks for a free one
    return server


@contextmanager
def running(options: Options) -> Iterator[World]:
    """A sandbox in threads of this process, for tests that want its state at hand as well."""
    world = World(options)
    server = open_server(world)
    thread = threading.Thread(target=server.serve_forever, args=(POLL,), name="sandbox", daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        thread.join(timeout=5)
        server.server_close()
        world.close()
