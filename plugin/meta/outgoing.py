"""The one way out of the app: a request to a host that the settings name."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from plugin.settings import is_local

TIMEOUT = (3.05, 30.0)
"""Seconds for connecting, and for the answer. Long for the answer: giving up early would only manufacture doubt."""
ANSWER_LIMIT = 1024 * 1024
"""Bytes of an answer that are read; the longest useful one is far below."""
CHUNK = 64 * 1024
STANDARD_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # answers are small, and what is not inflated cannot be a bomb
    "Connection": "close",  # a stale kept connection would turn "not sent" into "in doubt"
    "User-Agent": "conversion-backstop",
}


class NotSent(Exception):
    """Not a byte of the body left this machine: no such host, refused, no TLS, no connection in time."""


class NoAnswer(Exception):
    """The body may have arrived whole; an answer to it did not (too late, cut off, or endless)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said. Header names are looked up in any spelling."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class _Body(io.BytesIO):
    """A request body that knows whether it was ever read: one that was not cannot have been sent."""

    read_from = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.read_from = True
        return super().read(size)


def trusted_base(url: str) -> str:
    """Return an address to call below, without a slash at its end.

    Raises:
        ValueError: not https (plain http is for this machine only), or more than a host and a path.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_local(url))
    if not secure or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("an address to call must be https, and only a host and a path")
    return url.rstrip("/")


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str] | None = None,
    timeout: tuple[float, float] = TIMEOUT,
    session: requests.Session | None = None,
) -> Answer:
    """Post a body of JSON once and return whatever is answered; redirects are answers, not orders.

    Uses a connection of its own, no proxy or credentials from the environment, and tries once.

    Raises:
        NotSent: no byte of the body left.
        NoAnswer: the body may have arrived, its answer did not.
    """
    return _exchange("POST", url, _Body(body), STANDARD_HEADERS | dict(headers or {}), timeout, session=session)


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    timeout: tuple[float, float] = TIMEOUT,
    session: requests.Session | None = None,
) -> Answer:
    """Send a request without a body (GET, DELETE) once; otherwise as `post`.

    Raises:
        NoAnswer: whether it arrived or not, no answer to it did.
    """
    return _exchange(method, url, None, STANDARD_HEADERS | dict(headers or {}), timeout, session=session)


def _exchange(
    method: str,
    url: str,
    sent: _Body | None,
    headers: Mapping[str, str],
    timeout: tuple[float, float],
    *,
    session: requests.Session | None,
) -> Answer:
    until = time.monotonic() + sum(timeout)
    try:
        with (
            _connection(session) as http,
            http.request(
                method, url, data=sent, headers=headers, timeout=timeout, allow_redirects=False, stream=True
            ) as response,
        ):
            return Answer(response.status_code, response.headers, _read(response, until))
    except (requests.RequestException, urllib3.exceptions.HTTPError) as fault:
        name = type(fault).__name__  # its text may quote the address, and it holds the request with its body
    raise NoAnswer(name) if sent is None or sent.read_from else NotSent(name)


@contextmanager
def _connection(session: requests.Session | None) -> Iterator[requests.Session]:
    if session is not None:
        yield session
        return
    with requests.Session() as fresh:
        fresh.trust_env = False
        yield fresh


def _read(response: requests.Response, until: float) -> bytes:
    """Read what is there, piece by piece, so that neither a long nor a dripping answer can hold a worker.

    An answer that is there as a whole is taken however late it is: this process may have been stopped for a while.
    """
    whole = bytearray()
    while chunk := response.raw.read1(CHUNK, decode_content=False):
        whole += chunk
        is_over = time.monotonic() > until and response.raw.length_remaining != 0
        if len(whole) > ANSWER_LIMIT or is_over:
            raise requests.exceptions.ContentDecodingError
    return bytes(whole)


def json_object(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object of an answer, or None if it is anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
