"""What lets somebody in - tokens, signatures, states - and what nearly does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests import doors
from tests.builders import wire_post
from tests.fuzz import grammar

FRESH = 20.0
"""Seconds for which an id token is used again; it lives a minute."""
BAD_CLAIMS: tuple[dict[str, Any], ...] = (
    {"exp": None}, {"exp": 1}, {"exp": "later"}, {"exp": True}, {"nbf": 9_999_999_999}, {"aud": "another-app"},
    {"aud": None}, {"iss": "https://other.myshopify.com/admin"}, {"iss": None}, {"dest": None}, {"dest": "lantern"},
    {"dest": "https://evil.example.com"}, {"dest": ["https://lantern.myshopify.com"]}, {"sub": None}, {"sub": "a b"},
    {"dest": "https://lantern.myshopify.com\n"}, {"dest": "http://lantern.myshopify.com"},
)  # fmt: skip


def signed_request(claims: Any, secret: str) -> str:
    """Sign as Meta does."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode(errors="replace")).rstrip(b"=")
    signature = hmac.digest(secret.encode(), payload, hashlib.sha256)
    return (base64.urlsafe_b64encode(signature).rstrip(b"=") + b"." + payload).decode()


@dataclass
class Proofs:
    """Of one shop that may be changed, `target`, beside ids of one that may not."""

    target: str
    ingest_key: str
    meta_user: str
    meta_secret: str
    state: str
    """Of a login that is under way in the other shop; its browser's cookie is known to nobody here."""
    ticket: str
    foreign: tuple[str, ...] = ()
    """Ids of the other shop's things."""
    post: bytes = field(default_factory=lambda: wire_post(ts=datetime.now(UTC).isoformat()))
    _token: tuple[float, str] = (-FRESH, "")

    @property
    def seconds(self) -> int:
        """Now, as Meta writes it."""
        return int(time.time())

    @property
    def now(self) -> str:
        """Now, as Shopify writes it."""
        return datetime.now(UTC).isoformat()

    def good_token(self) -> str:
        """Return an id token that opens the target's pages."""
        made, token = self._token
        if time.monotonic() - made > FRESH:
            token = doors.id_token(self.target)
            self._token = (time.monotonic(), token)
        return token

    def bad_token(self, dice: Random) -> str:
        """Return a text that opens nothing."""
        way = dice.random()
        if way < 0.2:
            return doors.id_token(self.target, **dice.choice(BAD_CLAIMS))
        if way < 0.3:
            return doors.id_token(self.target, secret="another-apps-secret-0123456789-0123456789")
        if way < 0.4:
            return dice.choice(grammar.TEXTS)
        good = self.good_token()
        bent = grammar.header(dice, grammar.text_bent(dice, good))
        return "" if bent.strip() == good else bent

    def bad_login(self, dice: Random) -> tuple[str, str, str]:
        """Return state, cookie and ticket that fit nothing together; the state and the ticket alone may be good."""
        state = self.state if dice.random() < 0.3 else grammar.text_bent(dice, self.state)
        ticket = grammar.text_bent(dice, self.ticket)
        return state, dice.choice(("a" * 43, "", dice.choice(grammar.TEXTS))), "" if ticket == self.ticket else ticket
