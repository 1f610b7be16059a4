"""Two addresses get nearly all requests: they are answered by the same functions as ever, without Flask in between.

Whatever is not plainly a POST to one of them, with a body of a stated and allowed length, goes to Flask; so does
whatever goes wrong, whose error handlers then say what there is to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.exceptions import ClientDisconnected

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Answer = tuple[str, HTTPStatus, dict[str, str]]
"""Text, status, headers: what a view may return too."""
LONGEST_LENGTH = 8
"""Digits."""


@dataclass(frozen=True, slots=True)
class Door:
    """Who answers (`ask`: services, environ, reader of the body), and how many bytes a body may have."""

    ask: Callable[..., Answer]
    limit: int


class Shortcut:
    """A WSGI application ahead of Flask's."""

    def __init__(self, app: Flask, doors: Mapping[str, Door]) -> None:
        self._app, self._flask, self._doors = app, app.wsgi_app, doors

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or let Flask answer."""
        door = self._doors.get(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        length = _length(environ)
        if door is None or length is None or length > door.limit:
            return self._flask(environ, start_response)
        try:
            text, status, headers = door.ask(self._app.extensions["backstop"], environ, partial(_body, environ, length))
        except Exception as fault:  # noqa: BLE001 - Flask's handlers know what to make of it
            with self._app.request_context(environ):
                found = self._app.finalize_request(self._app.handle_user_exception(fault))
            return found(environ, start_response)
        body = text.encode()
        sized = {} if status is HTTPStatus.NO_CONTENT else {"Content-Length": str(len(body))}
        known = {"Content-Type": "text/html; charset=utf-8", **sized, **headers}
        start_response(f"{status.value} {status.phrase}", list(known.items()))
        return [body]


def _length(environ: WSGIEnvironment) -> int | None:
    """The body's length; None where it is not stated, or not the whole truth."""
    text = environ.get("CONTENT_LENGTH") or ""
    sound = text.isascii() and text.isdecimal() and len(text) <= LONGEST_LENGTH
    return int(text) if sound and "HTTP_TRANSFER_ENCODING" not in environ else None


def _body(environ: WSGIEnvironment, length: int) -> bytes:
    raw: bytes = environ["wsgi.input"].read(length)
    if len(raw) != length:
        raise ClientDisconnected
    return raw
