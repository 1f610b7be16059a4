"""A stand-in for the Graph API that costs nearly nothing: reads a request, waits, answers that all was received.

`python -m tests.bench.sink PORT DELAY_MS`
"""

from __future__ import annotations

import json
import socketserver
import sys
import time
from typing import Final

BODY: Final = json.dumps({"events_received": 1000, "messages": [], "fbtrace_id": "Abench"}).encode()
HEAD: Final = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
CHUNK: Final = 512 * 1024


class _Answer(socketserver.BaseRequestHandler):
    """One connection. What is read is looked at no further: it goes into the same piece of memory again."""

    delay = 0.0

    def handle(self) -> None:
        piece = memoryview(bytearray(CHUNK))
        try:
            while self._one(piece):
                pass
        except ConnectionError:
            pass

    def _one(self, piece: memoryview) -> bool:
        """Answer one request; return whether another may come."""
        seen = b""
        while b"\r\n\r\n" not in seen:
            read = self.request.recv(4096)
            if not read:
                return False
            seen += read
        head, _, body = seen.partition(b"\r\n\r\n")
        head = head.lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in head else 0
        left = length - len(body)
        while left > 0:
            count = self.request.recv_into(piece, min(left, CHUNK))
            if not count:
                return False
            left -= count
        if length:
            time.sleep(self.delay)
        self.request.sendall(HEAD + BODY)
        return b"connection: close" not in head


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    _Answer.delay = float(sys.argv[2]) / 1000
    with _Server(("127.0.0.1", int(sys.argv[1])), _Answer) as server:
        server.serve_forever()
