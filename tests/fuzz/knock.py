"""One request as a server hands it to a WSGI application, and everything that is said of the answer."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask

from tests.fuzz.asking import Input
from tests.fuzz.grammar import MARK

SLOW = 1.0
"""Seconds of this thread's processor for one request."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back; `faults`: what must not be, in a few words each."""

    status: int
    faults: tuple[str, ...]
    seconds: float
    body: bytes


def environ_of(one: Input) -> dict[str, Any]:
    """Return what a server makes of a request (PEP 3333)."""
    body = one.body if one.framing != "cut" else one.body[: len(one.body) // 2]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": one.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(one.path).decode("latin-1"),
        "QUERY_STRING": one.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, text in one.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = text
    if one.framing == "chunked":
        environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    elif one.framing in {"whole", "cut"}:
        environ["CONTENT_LENGTH"] = str(len(one.body))
    return environ


def knock(app: Flask, one: Input) -> Heard:
    """Let the app answer; whatever it raises is a fault."""
    said: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _fault: object = None) -> Any:
        said.append((status, headers))
        return lambda _part: None

    began, body = time.thread_time(), b""
    try:
        found = app.wsgi_app(environ_of(one), start_response)
        try:
            body = b"".join(found)
        finally:
            getattr(found, "close", lambda: None)()
    except Exception as fault:  # noqa: BLE001 - this is what is looked for
        return Heard(0, (f"unhandled {type(fault).__name__}",), 0, body)
    seconds = time.thread_time() - began
    return Heard(int(said[-1][0][:3]), tuple(_faults(said, body, one, seconds)), seconds, body)


def _faults(said: list[tuple[str, list[tuple[str, str]]]], body: bytes, one: Input, seconds: float) -> list[str]:
    (status, pairs), found = said[-1], []
    headers = {name.lower(): text for name, text in pairs}
    if len(said) != 1:
        found.append("answered twice")
    if status[0] == "5":
        found.append(f"status {status[:3]}")
    if any(not (name + text).isprintable() for name, text in pairs):
        found.append("a header with a control character or a letter beyond Latin-1")
    if MARK.encode() in body and "html" in headers.get("content-type", "html"):
        found.append("an input became markup")
    if "location" in headers and not _is_own(headers["location"]):
        found.append("a redirect to another host")
    if seconds > SLOW and len(one.body) < 1_000_000:
        found.append("more than a second of work")
    if status[:3] == "204" and body:
        found.append("a body where there is none")
    return found


def _is_own(location: str) -> bool:
    """Ours by path, or Facebook's dialog as the settings name it."""
    return (location.startswith("/") and location[1:2] not in {"/", "\\"}) or location.startswith(
        "http://127.0.0.1:1/dialog/oauth?"
    )
