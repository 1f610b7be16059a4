"""Two addresses get nearly all requests: they are answered by the same functions as ever, without Flask in between.

Whatever is not plainly a POST to one of them, with a body of a stated and allowed length, goes to Flask; so does
whatever goes wrong, whose error handlers then say what there is to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

from flask import Flask
from werkzeug.exceptions import ClientDisconnected

DIGITS = 8
"""Of a length at most; more are too many for any door."""
Answer = tuple[str, HTTPStatus, dict[str, str]]
"""Text, status, headers: what a view may return too."""


class Door(NamedTuple):
    """Who answers (`ask`: services, environ, reader of the body), and how many bytes a body may have."""

    ask: Callable[..., Answer]
    limit: int


class Shortcut:
    """A WSGI application ahead of Flask's. `always`: headers of every answer, which no door gives itself."""

    def __init__(self, app: Flask, doors: Mapping[str, Door], always: tuple[tuple[str, str], ...]) -> None:
        self._app, self._flask, self._doors, self._always = app, app.wsgi_app, doors, always

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer, or let Flask answer."""
        door = self._doors.get(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        stated = environ.get("CONTENT_LENGTH") or ""
        length = int(stated) if stated.isascii() and stated.isdecimal() and len(stated) <= DIGITS else -1
        if door is None or not 0 <= length <= door.limit or "HTTP_TRANSFER_ENCODING" in environ:
            return self._flask(environ, start_response)
        try:
            found = door.ask(self._app.extensions["backstop"], environ, partial(_body, environ, length))
        except Exception as fault:  # noqa: BLE001 - Flask's handlers know what to make of it
            with self._app.request_context(
                environ | {"QUERY_STRING": ""}
            ):  # neither door has one; it may hold anything
                told = self._app.finalize_request(self._app.handle_user_exception(fault))
            return told(environ, start_response)
        text, status, headers = found
        sized = {} if status is HTTPStatus.NO_CONTENT else {"Content-Length": str(len(text.encode()))}
        known = {"Content-Type": "text/html; charset=utf-8", **sized, **headers}
        start_response(f"{status.value} {status.phrase}", [*known.items(), *self._always])
        return [text.encode()]


def _body(environ: Mapping[str, Any], length: int) -> bytes:
    raw: bytes = environ["wsgi.input"].read(length)
    if len(raw) != length:
        raise ClientDisconnected
    return raw
