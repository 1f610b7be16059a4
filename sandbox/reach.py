"""TEST USE ONLY: how a program on this machine reaches an address that is meant for browsers."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def reach(url: str) -> tuple[str, str]:
    """Return ``(url, Host header)``. Browsers resolve ``*.localhost`` themselves; Python here does not."""
    parts = urlsplit(url)
    if not (parts.hostname or "").endswith(".localhost"):
        return url, parts.netloc
    netloc = "127.0.0.1" + (f":{parts.port}" if parts.port else "")
    return urlunsplit(parts._replace(netloc=netloc)), parts.netloc
