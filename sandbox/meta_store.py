"""TEST USE ONLY: what the stand-in Meta knows: datasets, tokens, and every event with how it came."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import Clock, iso
from sandbox.meta_rules import Event

DEDUPLICATION = timedelta(hours=48)
"""From the first receipt of (dataset, event name, event id), by Meta's clock."""
DEFAULT_DATASET = "1234567890123456"
DEFAULT_TOKEN = "EAAsandboxDefaultToken"


@dataclass(slots=True)
class Token:
    """One access token. ``secret`` is the app secret it was minted with; None: pasted, so no proof can fit it."""

    id: str
    text: str
    label: str = ""
    secret: str | None = None
    revoked: bool = False
    datasets: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Received:
    """One event, as it came. ``real_at`` is unix time without the sandbox's offset, at the start of its request."""

    n: int
    source: str
    dataset: str
    event_name: str
    event_id: str | None
    received_at: str
    real_at: float
    deduplicated: bool
    duplicate_of: int | None
    token: str | None
    request: int | None
    known_dataset: bool
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Posted:
    """One request to ``/events``, taken or not, and what became of it."""

    n: int
    at: str
    real_at: float
    dataset: str
    token: str | None
    event_ids: tuple[str | None, ...]
    result: str = "open"
    partner_agent: str | None = None
    test_event_code: str | None = None
    peer: int | None = None
    """The caller's port, by which a proxy in between knows its connection."""


class MetaStore:
    """All of the stand-in's state; every method may be called from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget everything but the one dataset and token that are always there."""
        with self._lock:
            self._tokens: dict[str, Token] = {}
            self._datasets: set[str] = set()
            self._events: list[Received] = []
            self._posts: list[Posted] = []
            self._firsts: dict[tuple[str, str, str], tuple[datetime, int]] = {}
        self.register(DEFAULT_DATASET, DEFAULT_TOKEN)

    def register(self, dataset: str, text: str, *, label: str = "", secret: str | None = None) -> Token:
        """Make the dataset exist and the token good for it."""
        with self._lock:
            token = self._tokens.setdefault(text, Token(f"t{len(self._tokens) + 1}", text))
            token.label, token.secret, token.revoked = label or token.label, secret or token.secret, False
            token.datasets.add(dataset)
            self._datasets.add(dataset)
            return token

    def revoke(self, dataset: str | None, text: str | None) -> int:
        """Revoke the token, or all tokens of the dataset. Returns how many."""
        with self._lock:
            dead = [t for t in self._tokens.values() if t.text == text or (text is None and dataset in t.datasets)]
            for token in dead:
                token.revoked = True
            return len(dead)

    def remove(self, dataset: str) -> None:
        """Delete a dataset: from now on no token reaches it."""
        with self._lock:
            self._datasets.discard(dataset)

    def token(self, text: str | None) -> Token | None:
        """The living token of that text."""
        with self._lock:
            token = self._tokens.get(text or "")
            return None if token is None or token.revoked else token

    def reaches(self, token: Token, dataset: str) -> bool:
        """Whether the dataset exists and the token may send to it."""
        with self._lock:
            return dataset in self._datasets and dataset in token.datasets

    def open_post(self, dataset: str, token: str | None, events: Iterable[Event], began: float) -> Posted:
        """Write down that a request has arrived, which ``began`` at that unix time; tells its number."""
        ids = tuple(event.get("event_id") for event in events)
        with self._lock:
            n = len(self._posts) + 1
            post = Posted(n, iso(self._clock.now()), began, dataset, token, ids)
            self._posts.append(post)
            return post

    def note(
        self, post: Posted, partner_agent: str | None, test_event_code: str | None, peer: int | None = None
    ) -> None:
        """Write down what a request said beside its events, and from which port it came."""
        with self._lock:
            known = self._posts[post.n - 1]
            told = replace(known, partner_agent=partner_agent, test_event_code=test_event_code, peer=peer)
            self._posts[post.n - 1] = told

    def close_post(self, post: Posted, result: str) -> None:
        """Write down what became of it: ``accepted``, ``refused 100/2804003``, or the fault's name."""
        with self._lock:
            self._posts[post.n - 1] = replace(self._posts[post.n - 1], result=result)

    def take(self, post: Posted, events: Iterable[Event]) -> None:
        """Store a whole batch from the server side."""
        now = self._clock.now()
        with self._lock:
            for event in events:
                self._add(post.dataset, event, now, post)

    def take_browser(self, dataset: str, event: Event) -> None:
        """Store one event of the pixel; ``event`` has ``event_name``, ``event_id`` and all else that was said."""
        now = self._clock.now()
        with self._lock:
            self._add(dataset, event, now, None)

    def _add(self, dataset: str, event: Event, now: datetime, post: Posted | None) -> None:
        n, name, event_id = len(self._events) + 1, str(event.get("event_name")), event.get("event_id")
        first = self._first((dataset, name, event_id), now, n) if event_id else None
        self._events.append(
            Received(
                n=n,
                source="server" if post else "browser",
                dataset=dataset,
                event_name=name,
                event_id=event_id,
                received_at=iso(now),
                real_at=post.real_at if post else time.time(),
                deduplicated=first is not None,
                duplicate_of=first,
                token=post.token if post else None,
                request=post.n if post else None,
                known_dataset=dataset in self._datasets,
                payload=event,
            )
        )

    def _first(self, key: tuple[str, str, str], now: datetime, n: int) -> int | None:
        """The number of the event that this one repeats; None if it counts itself."""
        seen = self._firsts.get(key)
        if seen is not None and now - seen[0] <= DEDUPLICATION:
            return seen[1]
        self._firsts[key] = (now, n)
        return None

    def events_json(
        self, after: int = 0, limit: int | None = None, *, dataset: str | None = None
    ) -> list[dict[str, Any]]:
        """Every event with a number above ``after``; the first ``limit`` of them; of these, the dataset's."""
        with self._lock:
            events = self._events[after:][:limit]
        return [asdict(event) for event in events if dataset in {None, event.dataset}]

    def posts_json(
        self, after: int = 0, limit: int | None = None, *, dataset: str | None = None
    ) -> list[dict[str, Any]]:
        """Every request with a number above ``after``; the first ``limit`` of them; of these, the dataset's."""
        with self._lock:
            posts = self._posts[after:][:limit]
        return [asdict(post) for post in posts if dataset in {None, post.dataset}]

    def datasets_json(self) -> list[dict[str, Any]]:
        """Every pair of dataset and token; the token's text too, for a test must be able to paste it."""
        with self._lock:
            return [
                {
                    "dataset": dataset,
                    "token": token.text,
                    "token_id": token.id,
                    "label": token.label,
                    "revoked": token.revoked,
                    "exists": dataset in self._datasets,
                }
                for token in self._tokens.values()
                for dataset in sorted(token.datasets)
            ]
