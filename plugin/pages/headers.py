"""Who may frame a page, what it may load, and how long a file is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from plugin.services import services
from plugin.settings import Settings

ADMIN = "https://admin.shopify.com"
STANDIN_SITES = "http://*.localhost:*"
YEAR = 365 * 24 * 3600
"""Seconds; the longest that caches are used to."""
ALWAYS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
}


def allow_framing(shop_domain: str | None) -> None:
    """Let Shopify's admin frame this answer, and the shop's own domain if it is known. Without this call nobody may."""
    g.framed_by = (*([f"https://{shop_domain}"] if shop_domain else ()), ADMIN)


def guard(response: Response) -> Response:
    """Put the headers on an answer of the pages."""
    response.headers.update(ALWAYS)
    response.headers["Content-Security-Policy"] = content_security_policy(services().settings, g.get("framed_by", ()))
    return response


def content_security_policy(settings: Settings, framed_by: tuple[str, ...]) -> str:
    """Return the policy of one answer.

    Components write styles into their shadow roots, hence `unsafe-inline` for styles; scripts come from files alone.
    """
    vendors = list(dict.fromkeys(_origin(url) for url in (settings.app_bridge_js_url, settings.polaris_js_url)))
    if settings.is_local and framed_by:  # the stand-in admin
        framed_by = (*framed_by, *vendors, STANDIN_SITES)
    listed = " ".join(vendors)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {listed}",
            f"style-src 'self' 'unsafe-inline' {listed}",
            f"img-src 'self' data: {listed}",
            f"font-src 'self' {listed}",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "object-src 'none'",
            "frame-ancestors " + (" ".join(framed_by) or "'none'"),
        )
    )


def version_static_files(app: Flask) -> None:
    """Give each static file's address a version by its content, and let caches keep what is asked for by it."""
    versions = {path.name: _version(path) for path in Path(app.static_folder or "").glob("*") if path.is_file()}

    def add_version(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static" and values.get("filename") in versions:
            values["v"] = versions[str(values["filename"])]

    def keep(response: Response) -> Response:
        if request.endpoint == "static":
            response.headers["X-Content-Type-Options"] = "nosniff"
            asked = (request.view_args or {}).get("filename")
            if request.args.get("v") == versions.get(str(asked)) and response.status_code < 400:  # noqa: PLR2004 - an error is not the file
                response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response

    app.url_defaults(add_version)
    app.after_request(keep)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
