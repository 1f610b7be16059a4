"""A TCP relay on which everything takes a while to arrive: what a process begins, the other side sees begin later."""

from __future__ import annotations

import random
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def slow_road(port: int, longest: float) -> Iterator[str]:
    """Relay to a port of this machine, each connection up to ``longest`` seconds late; yields the relay's address."""
    chance = random.Random(longest)  # noqa: S311 - chance, no secret

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            time.sleep(chance.uniform(0, longest))
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=60) as onward:
                back = threading.Thread(target=pass_on, args=(onward, self.request), daemon=True)
                back.start()
                pass_on(self.request, onward)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
