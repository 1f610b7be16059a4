"""TEST USE ONLY: which site a request is for, by its Host; programs go on using 127.0.0.1 and its paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import abort, request

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

SITE = re.compile(r"(?:(?P<shop>[a-z0-9-]+)\.)?(?P<name>admin|store|meta)\.localhost(?::\d+)?", re.IGNORECASE)
SHARED = ("/browser/", "/guide.json")
"""The same on every host."""
TR = re.compile(r"/tr/?")
SHOP = "sandbox.shop"


class Sites:
    """WSGI layer in front of the sandbox. ``pages`` serves the sites, ``rest`` all else, and notes it in the history.

    What a person's browser asks of the sandbox's own pages, many times a minute, is no request of either side.
    """

    def __init__(self, pages: Wsgi, rest: Wsgi) -> None:
        self._pages, self._rest = pages, rest

    def __call__(  # noqa: D102 - WSGI says what it does
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith(SHARED):
            return self._pages(environ, start_response)
        site = SITE.fullmatch(environ.get("HTTP_HOST", ""))
        if site is None:
            return self._rest(environ, start_response)
        if site["name"].lower() == "meta" and TR.fullmatch(path):
            return self._rest(environ | {"PATH_INFO": "/meta" + path}, start_response)
        inside = {"PATH_INFO": f"/site/{site['name'].lower()}{path}", SHOP: (site["shop"] or "").lower()}
        return self._pages(environ | inside, start_response)


def shop_of_host() -> str:
    """The shop that the host names (``lantern.store.localhost``); empty where it names none."""
    return str(request.environ.get(SHOP, ""))


def site_url(name: str) -> str:
    """The address of another site, on the port of this request."""
    port = request.host.rpartition(":")[2]
    return f"{request.scheme}://{name}.localhost" + (f":{port}" if port.isdigit() else "")


def own_pages_only() -> None:
    """Let no other site of the browser change anything here; to be put before a site's requests."""
    if request.method not in {"GET", "HEAD"} and request.headers.get("Origin") != f"{request.scheme}://{request.host}":
        abort(403, "only this site's own pages may do that")
