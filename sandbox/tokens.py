"""TEST USE ONLY: Shopify's expiring offline tokens: pairs that live an hour and 90 days, and replace one another."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=90)


@dataclass(slots=True)
class Pair:
    """An access token and the refresh token that came with it. ``older`` is the pair it was to replace."""

    access: str
    refresh: str
    minted_at: datetime
    life: timedelta = ACCESS_LIFE
    """Of the access token."""
    older: Pair | None = None
    refresh_dead: bool = False


@dataclass(slots=True)
class Tokens:
    """All pairs of one installation, and how often each way of getting one was used."""

    pairs: list[Pair] = field(default_factory=list)
    exchanges: int = 0
    refreshes: int = 0

    def exchange(self, now: datetime, life: timedelta = ACCESS_LIFE) -> Pair:
        """Mint a pair for an id token that was found good."""
        self.exchanges += 1
        return self._mint(now, life, None)

    def refresh(self, text: str, now: datetime, life: timedelta = ACCESS_LIFE) -> Pair | None:
        """Mint the successor of a pair; None if the refresh token is unknown, used up or 90 days old."""
        pair = next((p for p in self.pairs if p.refresh == text), None)
        if pair is None or pair.refresh_dead or now >= pair.minted_at + REFRESH_LIFE:
            return None
        self.refreshes += 1
        self._used(pair)
        return self._mint(now, life, pair)

    def lets_in(self, text: str, now: datetime) -> bool:
        """Whether the access token is alive. Using it ends the refresh token that it replaced."""
        pair = next((p for p in self.pairs if p.access == text), None)
        if pair is None or now >= pair.minted_at + pair.life:
            return False
        self._used(pair)
        return True

    def kill(self) -> None:
        """Uninstalled: every token is dead."""
        self.pairs.clear()

    def _mint(self, now: datetime, life: timedelta, older: Pair | None) -> Pair:
        pair = Pair(f"shpat_{secrets.token_hex(16)}", f"shprt_{secrets.token_hex(16)}", now, life, older)
        self.pairs.append(pair)
        return pair

    @staticmethod
    def _used(pair: Pair) -> None:
        # A refresh token stays good until the app first uses its replacement, so that a crash
        # between the answer and storing it does no harm.
        if pair.older is not None:
            pair.older.refresh_dead = True


def answer(pair: Pair, scopes: Iterable[str]) -> dict[str, Any]:
    """The token endpoint's reply for an expiring offline token; lifetimes in seconds."""
    return {
        "access_token": pair.access,
        "scope": ",".join(sorted(scopes)),
        "expires_in": int(pair.life.total_seconds()),
        "refresh_token": pair.refresh,
        "refresh_token_expires_in": int(REFRESH_LIFE.total_seconds()),
    }
