"""Ports for servers that tests and demos start: each is picked first, told to others, and bound a moment later."""

from __future__ import annotations

import secrets
import socket
from typing import Final

PICKED_FROM: Final = range(20_000, 32_768)
"""Below those that systems hand out by themselves (Linux 32768 and up, macOS 49152): none of these is taken by a
connection that happens to be opened between picking and binding."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on right now."""
    while True:
        port = secrets.choice(PICKED_FROM)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
