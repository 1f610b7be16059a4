"""A small pooler before PostgreSQL: it lends a server's session for a transaction, or for a client's life."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

STARTUP: Final = struct.pack("!i", 196608) + b"user\0postgres\0database\0%s\0\0"
ASKS_FIRST: Final = (80877103, 80877104)
"""For TLS, for GSS: the answer is no."""


def _exactly(line: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        part = line.recv(count - len(got))
        if not part:
            raise ConnectionError
        got += part
    return got


def _message(line: socket.socket) -> bytes:
    head = _exactly(line, 5)
    return head + _exactly(line, struct.unpack("!i", head[1:])[0] - 4)


@dataclass(slots=True)
class Pooler:
    """Keeps idle sessions; the one used last is lent first, or the one used longest ago (`in_turn`)."""

    socket_path: str
    database: str
    keeps_sessions: bool
    in_turn: bool = False
    idle: list[socket.socket] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def lend(self) -> socket.socket:
        with self.lock:
            if self.idle:
                return self.idle.pop(0 if self.in_turn else -1)
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.socket_path)
        words = STARTUP % self.database.encode()
        server.sendall(struct.pack("!i", len(words) + 4) + words)
        while _message(server)[:1] != b"Z":
            pass
        return server

    def take_back(self, server: socket.socket) -> None:
        with self.lock:
            self.idle.append(server)

    def serve(self, client: socket.socket) -> None:
        server = None
        with contextlib.suppress(ConnectionError, OSError), client:
            self._greet(client)
            while (message := _message(client))[:1] != b"X":
                server = server or self.lend()
                if self._pass_on(client, server, message) == b"I" and not self.keeps_sessions:
                    self.take_back(server)
                    server = None
        if server is not None:
            server.close()

    def _greet(self, client: socket.socket) -> None:
        while (
            struct.unpack("!i", _exactly(client, struct.unpack("!i", _exactly(client, 4))[0] - 4)[:4])[0] in ASKS_FIRST
        ):
            client.sendall(b"N")
        told = (b"server_version\0" + b"18.0\0", b"client_encoding\0UTF8\0", b"standard_conforming_strings\0on\0")
        status = b"".join(b"S" + struct.pack("!i", len(text) + 4) + text for text in told)
        made_up = b"K" + struct.pack("!iii", 12, int.from_bytes(os.urandom(3), "big"), 7)
        client.sendall(b"R" + struct.pack("!ii", 8, 0) + status + made_up + b"Z" + struct.pack("!i", 5) + b"I")

    def _pass_on(self, client: socket.socket, server: socket.socket, message: bytes) -> bytes:
        server.sendall(message)
        if message[:1] not in b"QS":  # what is answered only after Sync
            return b"?"
        while True:
            answer = _message(server)
            client.sendall(answer)
            if answer[:1] == b"Z":
                return answer[5:6]


@contextmanager
def pooler(folder: str, database: str, *, keeps_sessions: bool, in_turn: bool = False) -> Iterator[str]:
    """Run one before the server whose socket is in `folder`; yield its address."""
    made = Pooler(f"{folder}/.s.PGSQL.5432", database, keeps_sessions, in_turn)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, made), daemon=True).start()
        yield f"postgresql://postgres@127.0.0.1:{listener.getsockname()[1]}/{database}"
    for server in made.idle:
        server.close()


def _accept(listener: socket.socket, made: Pooler) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=made.serve, args=(client,), daemon=True).start()
