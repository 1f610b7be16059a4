"""TEST USE ONLY: the scripts that Shopify serves from its CDN, as stand-ins, and the files of the sandbox's pages."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort, send_from_directory
from flask.typing import ResponseReturnValue

from sandbox.world import ROOT

blueprint = Blueprint("stand_ins", __name__, url_prefix="/browser")

HERE = Path(__file__).resolve().parent
JAVASCRIPT = "text/javascript; charset=utf-8"
FOLDERS = frozenset({"admin", "store", "meta"})
PIXEL = {
    "manager.js": ROOT / "sandbox" / "pixel",
    "page.js": ROOT / "sandbox" / "pixel",
    "declaration.js": ROOT / "sandbox" / "pixel",
    "theme.js": ROOT / "sandbox" / "pixel",
    "runtime.js": ROOT / "sandbox" / "pixel",
    "main.js": ROOT / "extensions" / "meta-pixel" / "dist",
    "shopify.extension.toml": ROOT / "extensions" / "meta-pixel",
    "choice.js": ROOT / "extensions" / "cart-choice" / "assets",
}
"""What the storefront needs to run the built pixel and the theme's block, unchanged."""


@blueprint.after_request
def open_to_all(answer: Response) -> Response:
    """Any site may load these, as from a CDN; always the newest ones."""
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.get("/app-bridge.js")
def app_bridge() -> ResponseReturnValue:
    """What ``APP_BRIDGE_JS_URL`` names in tests and the demo."""
    return Response(joined("app_bridge"), content_type=JAVASCRIPT)


@blueprint.get("/polaris.js")
def polaris() -> ResponseReturnValue:
    """What ``POLARIS_JS_URL`` names in tests and the demo."""
    return Response(joined("polaris"), content_type=JAVASCRIPT)


@blueprint.get("/polaris.css")
def polaris_css() -> ResponseReturnValue:
    """The looks of the components; ``polaris.js`` loads it from beside itself."""
    return send_from_directory(HERE / "polaris", "polaris.css")


def joined(folder: str) -> str:
    """A folder's scripts as one classic script: in the order of their numbers, inside one function."""
    parts = sorted((HERE / folder).glob("[0-9]_*.js"))
    return "(() => {\n'use strict';\n" + "\n".join(part.read_text("utf-8") for part in parts) + "})();\n"


@blueprint.get("/<folder>/<name>")
def page_file(folder: str, name: str) -> ResponseReturnValue:
    """A script or style of the sandbox's own pages, or of the pixel's runtime."""
    if folder == "pixel" and name in PIXEL:
        answer = send_from_directory(PIXEL[name], name)
        if name.endswith(".toml"):
            answer.content_type = "text/plain; charset=utf-8"
        return answer
    if folder not in FOLDERS:
        abort(404)
    return send_from_directory(HERE / folder, name)
