"""TEST USE ONLY: who may log in at the stand-in Facebook: businesses with their datasets, codes, tokens for the app."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import Clock
from sandbox.meta_store import DEFAULT_DATASET, MetaStore

CODE_LASTS = timedelta(minutes=10)
SCOPES = ("ads_read", "business_management", "public_profile")
APP_REMOVED, EXPIRED = 458, 463
"""Graph's subcodes of 190."""


@dataclass(frozen=True, slots=True)
class Pixel:
    """A dataset as a business lists it."""

    id: str
    name: str
    last_fired_time: str | None = None
    is_unavailable: bool = False

    def as_json(self) -> dict[str, Any]:
        """As Graph writes it: a field without a value is left out."""
        said = {"id": self.id, "name": self.name, "is_unavailable": self.is_unavailable}
        return said | ({"last_fired_time": self.last_fired_time} if self.last_fired_time else {})


@dataclass(slots=True)
class Business:
    """A business portfolio: the datasets that it owns, and those that others share with it."""

    id: str
    name: str
    owned: list[Pixel] = field(default_factory=list)
    client: list[Pixel] = field(default_factory=list)

    @property
    def user_id(self) -> str:
        """The system user whose tokens the app gets: one for each business and app."""
        return "61" + self.id[-13:]


@dataclass(slots=True)
class Code:
    """What a dialog has ended with; exchanged once, for a token that lasts `lasts` (None: for ever)."""

    text: str
    business: str
    redirect_uri: str
    made_at: datetime
    lasts: timedelta | None
    used: bool = False


@dataclass(slots=True)
class Grant:
    """One token for the app, and why it is no good any more, if it is not."""

    token: str
    business: str
    user_id: str
    issued_at: datetime
    expires_at: datetime | None
    scopes: tuple[str, ...] = SCOPES
    dead: int | None = None


FIRST = Business(
    "2000000000000001",
    "Lantern Trading",
    owned=[
        Pixel(DEFAULT_DATASET, "Lantern pixel", "2026-11-20T08:30:00+0000"),
        Pixel("1234567890123457", "Lantern outlet"),
    ],
    client=[Pixel("1234567890123458", "Harbour partner pixel", is_unavailable=True)],
)


class MetaPeople:
    """All logins; every method may be called from any thread."""

    def __init__(self, clock: Clock, store: MetaStore, app_secret: str) -> None:
        self._clock, self._store, self._secret = clock, store, app_secret
        self._lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Forget everybody but the one business that is always there."""
        with self._lock:
            self.businesses: dict[str, Business] = {FIRST.id: FIRST}
            self.codes: dict[str, Code] = {}
            self.grants: dict[str, Grant] = {}

    def add(self, wish: Mapping[str, Any]) -> Business:
        """Let a business be there: `id`, `name`, and lists `owned` and `client` of datasets."""
        owned, client = ([Pixel(**one) for one in wish.get(edge, [])] for edge in ("owned", "client"))
        made = Business(str(wish["id"]), str(wish["name"]), owned, client)
        with self._lock:
            self.businesses[made.id] = made
        return made

    def allow(self, business: str, redirect_uri: str, lasts: timedelta | None) -> str:
        """End a dialog with a yes; return the code."""
        code = Code("AQ" + secrets.token_urlsafe(48), business, redirect_uri, self._clock.now(), lasts)
        with self._lock:
            self.codes[code.text] = code
        return code.text

    def mint(self, code: Code) -> Grant:
        """Exchange a code."""
        now, business = self._clock.now(), self.businesses[code.business]
        ends = None if code.lasts is None else now + code.lasts
        grant = Grant("EAA" + secrets.token_hex(40), business.id, business.user_id, now, ends)
        with self._lock:
            code.used = True
            self.grants[grant.token] = grant
        for pixel in (*business.owned, *business.client):
            self._store.register(pixel.id, grant.token, label=f"login of {business.name}", secret=self._secret)
        return grant

    def living(self, token: str | None) -> Grant | None:
        """The grant of a token that is still good."""
        self.let_expire()
        grant = self.grants.get(token or "")
        return None if grant is None or grant.dead is not None else grant

    def let_expire(self) -> None:
        """End what has come to its end by the sandbox's clock."""
        now = self._clock.now()
        with self._lock:
            over = [g for g in self.grants.values() if g.dead is None and g.expires_at and g.expires_at <= now]
        for grant in over:
            self._end(grant, EXPIRED)

    def remove(self, user_id: str) -> int:
        """Take the app away from a user; return how many tokens died of it."""
        with self._lock:
            found = [grant for grant in self.grants.values() if grant.user_id == user_id and grant.dead is None]
        for grant in found:
            self._end(grant, APP_REMOVED)
        return len(found)

    def users(self) -> dict[str, str]:
        """Everybody who has ever let the app in: id to the business's name."""
        with self._lock:
            return {grant.user_id: self.businesses[grant.business].name for grant in self.grants.values()}

    def _end(self, grant: Grant, subcode: int) -> None:
        grant.dead = subcode
        self._store.revoke(None, grant.token)
