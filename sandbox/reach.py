"""TEST USE ONLY: how the sandbox calls the app: by addresses that are meant for browsers, and past any proxy."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests


def reach(url: str) -> tuple[str, str]:
    """Return ``(url, Host header)``. Browsers resolve ``*.localhost`` themselves; Python here does not."""
    parts = urlsplit(url)
    if not (parts.hostname or "").endswith(".localhost"):
        return url, parts.netloc
    netloc = "127.0.0.1" + (f":{parts.port}" if parts.port else "")
    return urlunsplit(parts._replace(netloc=netloc)), parts.netloc


def call(method: str, url: str, headers: dict[str, str], **more: Any) -> requests.Response:
    """Make one request on a connection of its own; the environment's proxies and passwords are left out of it."""
    address, host = reach(url)
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, address, headers=headers | {"Host": host}, allow_redirects=False, **more)
