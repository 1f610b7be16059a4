"""What is asked of Meta's Graph API beside sending: a token for a code, what it is good for, what it reaches.

Access tokens travel in a header. An app's secret, a code and a token to be inspected stand in the query, for Meta takes
them nowhere else (Meta, "Manually build a login flow"); an address is never logged, and no error quotes one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from plugin.meta.errors import MetaRefused, MetaUnavailable, error_from
from plugin.meta.outgoing import NoAnswer, ask, json_object, trusted_base

PATIENCE = (3.05, 10.0)
"""Seconds for connecting and for the answer: somebody waits at the screen, and nothing here is ever in doubt."""
ID = re.compile(r"[0-9]{1,25}")
TOKEN = re.compile(r"[A-Za-z0-9._|~-]{8,2048}")
LONGEST_NAME = 200
MOST_SCOPES = 100


@dataclass(frozen=True, slots=True)
class Grant:
    """What a login's code was exchanged for; ``expires_at``: aware, None where Meta names no end."""

    token: str = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenState:
    """What Meta says of a token of our app; ``expires_at`` is the earlier one of its two ends, None if it has none."""

    is_valid: bool
    user_id: str | None
    expires_at: datetime | None
    scopes: frozenset[str]
    subcode: int | None = None
    """Why it is not valid, where Meta says so."""


def appsecret_proof(app_secret: str, token: str) -> str:
    """Return the proof that a request comes from the app which a token was made for.

    Source: Meta, "Secure Graph API calls": hex HMAC-SHA256 of the token, keyed with the app's secret.
    """
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


class GraphClient:
    """Our app's own calls. ``base_url`` ends in the Graph version."""

    def __init__(self, base_url: str, app_id: str, app_secret: str, timeout: tuple[float, float] = PATIENCE) -> None:
        self._base_url = trusted_base(base_url)
        self._app_id, self._app_secret = app_id, app_secret
        self._timeout = timeout

    def exchange(self, code: str, redirect_uri: str, now: datetime) -> Grant:
        """Exchange a code for a token; ``redirect_uri`` is the one that the dialog was opened with.

        Raises:
            MetaError: Meta did not take the code, or is away.
        """
        query = {
            "client_id": self._app_id,
            "client_secret": self._app_secret,
            "code": code,
            "redirect_uri": redirect_uri,
        }
        said = self._call("GET", "oauth/access_token", query)
        token, lasts = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not TOKEN.fullmatch(token):
            raise MetaRefused("Meta's answer to the code holds no token")
        ends = isinstance(lasts, int) and not isinstance(lasts, bool) and 0 < lasts < 10**9
        return Grant(token, now + timedelta(seconds=lasts) if ends and lasts is not None else None)

    def inspect(self, token: str) -> TokenState:
        """Ask what a token of our app is good for.

        Raises:
            MetaError: Meta is away, or does not let us look.
        """
        own = {"Authorization": f"Bearer {self._app_id}|{self._app_secret}"}
        data = self._call("GET", "debug_token", {"input_token": token}, headers=own).get("data")
        if not isinstance(data, dict) or not isinstance(data.get("is_valid"), bool):
            raise MetaUnavailable("Meta's word on the token cannot be read")
        return _token_state(data)

    def get(self, path: str, token: str, **query: str) -> dict[str, Any]:
        """Read with a token of our app.

        Raises:
            MetaError: by what is to be done next.
        """
        return self._with_token("GET", path, token, query)

    def revoke(self, token: str) -> None:
        """Give back what was granted to our app with a token; all tokens of the same user end with it.

        Source: Meta, "User permissions": DELETE without the name of a permission ends the whole login.

        Raises:
            MetaError: it was not taken back.
        """
        said = self._with_token("DELETE", "me/permissions", token, {})
        if said.get("success") is not True:
            raise MetaRefused("Meta did not take the permissions back")

    def _with_token(self, method: str, path: str, token: str, query: Mapping[str, str]) -> dict[str, Any]:
        proved = dict(query) | {"appsecret_proof": appsecret_proof(self._app_secret, token)}
        return self._call(method, path, proved, headers={"Authorization": f"Bearer {token}"})

    def _call(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        url = f"{self._base_url}/{path}?{urlencode(query)}"
        try:
            answer = ask(method, url, headers=headers, timeout=self._timeout)
        except NoAnswer as fault:
            raise MetaUnavailable(f"Meta did not answer ({fault})") from None
        said = json_object(answer.body)
        if answer.status == HTTPStatus.OK and said is not None and "error" not in said:
            return said
        raise error_from(answer.status, answer.headers, answer.body)


def text_of(said: Mapping[str, Any], name: str) -> str | None:
    """Return a text of Meta's that may be shown: one line, not too long; None if there is none."""
    value = said.get(name)
    if not isinstance(value, str):
        return None
    return " ".join("".join(c for c in value if c.isprintable() or c.isspace()).split())[:LONGEST_NAME] or None


def id_of(value: object) -> str | None:
    """Return an id of Meta's as text; None if it is none."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and ID.fullmatch(text) else None


def moment_of(value: object) -> datetime | None:
    """Return unix seconds as an aware time; None for 0, which stands for never, and for all else that is no time."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**10:
        return None
    return datetime.fromtimestamp(value, UTC)


def _token_state(data: Mapping[str, Any]) -> TokenState:
    ends = [moment_of(data.get(name)) for name in ("expires_at", "data_access_expires_at")]
    listed, error = data.get("scopes"), data.get("error")
    scopes = [scope for scope in listed[:MOST_SCOPES] if isinstance(scope, str)] if isinstance(listed, list) else []
    subcode = error.get("subcode") if isinstance(error, dict) else None
    return TokenState(
        is_valid=data["is_valid"],
        user_id=id_of(data.get("user_id")),
        expires_at=min((end for end in ends if end is not None), default=None),
        scopes=frozenset(scopes),
        subcode=subcode if isinstance(subcode, int) else None,
    )
