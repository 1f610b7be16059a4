"""TEST USE ONLY: what shall go wrong. A test sets faults over ``POST /faults``; the players ask here."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

TARGETS = ("dataset", "shop")
"""A fault may be for one dataset or one shop only."""


class UnknownFault(ValueError):
    """The request names no fault of this sandbox, or gives it an impossible probability or count."""


class Fault(StrEnum):
    """Everything that can be made to go wrong, in the words of ``POST /faults``."""

    META_500 = "meta_500"
    """Nothing is stored; HTTP 500 with code 2, transient."""
    META_503_HTML = "meta_503_html"
    """Nothing is stored; HTTP 503 with a body that is no JSON."""
    META_TIMEOUT = "meta_timeout"
    """The events are stored; no answer for ``delay`` seconds (35), then the connection closes."""
    META_SLOW = "meta_slow"
    """The events are stored; the good answer comes after ``delay`` seconds (5)."""
    META_RESET_EARLY = "meta_reset_early"
    """The connection closes before the body is read; nothing is stored, and no request is told of."""
    META_RESET_BEFORE = "meta_reset_before"
    """The connection closes and nothing is stored."""
    META_RESET_AFTER = "meta_reset_after"
    """The events are stored, then the connection closes."""
    META_THROTTLE = "meta_throttle"
    """Nothing is stored; ``code`` (4) with usage headers that name ``minutes`` (1) to wait."""
    META_429 = "meta_429"
    """Nothing is stored; HTTP 429 with ``Retry-After`` of ``seconds`` (120) and a body that is no JSON."""
    META_USAGE = "meta_usage"
    """Good answers carry a usage header (``header``: app, business or account) of ``percent`` (90) and ``minutes``."""
    META_REVOKED = "meta_revoked"
    """Nothing is stored; HTTP 401, code 190."""
    META_DENIED = "meta_denied"
    """Nothing is stored; ``code`` (200): a permission is missing."""
    META_REJECT = "meta_reject"
    """A batch that holds the order ``order`` (or one of ``orders``) is refused: ``code`` (100) and ``subcode``.

    ``ending``: only orders whose event id ends with these digits are bad, as two of them are one order in a hundred.
    ``blame``: the refusal names the event's place in the batch; ``off_by``: wrongly."""
    META_200_HTML = "meta_200_html"
    """The events are stored; HTTP 200 with a body that is no JSON."""
    META_SHORT = "meta_short"
    """The events are stored; the answer counts one less."""
    META_DRIP = "meta_drip"
    """The events are stored; the good answer comes a byte every ``delay`` (0.5) seconds."""
    META_BOMB = "meta_bomb"
    """The events are stored; an answer of ``megabytes`` (64), packed with gzip unless it is to be ``plain``."""
    LOGIN_500 = "login_500"
    """Facebook exchanges no code: HTTP 500, no JSON."""
    LOGIN_REFUSED = "login_refused"
    """Facebook takes no code: 100/36009."""
    DEBUG_500 = "debug_500"
    """Graph does not say what a token is good for."""
    LISTS_500 = "lists_500"
    """Graph does not list datasets: HTTP 500."""
    LISTS_DENIED = "lists_denied"
    """Graph may not list datasets: code 200."""
    REPORTS_DENIED = "reports_denied"
    """Graph does not let a token read a dataset's figures: code 200."""
    REPORTS_EMPTY = "reports_empty"
    """Graph has no figures of a dataset."""
    REPORTS_500 = "reports_500"
    """Graph does not tell a dataset's figures: HTTP 500."""
    REVOKE_500 = "revoke_500"
    """Facebook takes no permissions back: HTTP 500."""
    TR_DOWN = "tr_down"
    """The pixel's requests to Meta break off: the browser sees a network error."""
    EVIDENCE_LOST_PURCHASE = "evidence_lost_purchase"
    """Of a visit, the posts about ``checkout_completed`` never reach the app; earlier ones do."""
    EVIDENCE_LOST = "evidence_lost"
    """Of a visit, no post reaches the app."""
    WEBHOOKS_DOWN = "webhooks_down"
    """The first ``tries`` (1) of a webhook do not arrive; the next one does."""
    WEBHOOKS_LOST = "webhooks_lost"
    """No try of a webhook arrives."""
    WEBHOOKS_TWICE = "webhooks_twice"
    """A webhook that was answered well is sent once more, with the same ids."""
    TOKEN_500 = "token_500"
    """Shopify's token endpoint answers HTTP 500 and mints nothing."""
    TOKEN_LOST = "token_lost"
    """Shopify's token endpoint mints a pair, then the connection closes before the answer."""
    TOKENS_SHORT = "tokens_short"
    """Access tokens that are minted live ``seconds`` (90) and not an hour: the app has to refresh them."""
    GRAPHQL_THROTTLED = "graphql_throttled"
    """The Admin API answers THROTTLED inside HTTP 200."""
    GRAPHQL_COSTS = "graphql_costs"
    """Documents are paid for from a bucket of ``maximum`` (1000) points, ``restore`` (50) a second; see ``costs``."""
    GRAPHQL_500 = "graphql_500"
    """The Admin API answers HTTP 500."""
    GRAPHQL_403 = "graphql_403"
    """The Admin API answers HTTP 403, as to an address that is not on the app's IP allow-list."""
    GRAPHQL_401 = "graphql_401"
    """The Admin API answers HTTP 401: the access token was revoked."""
    PROTECTED_NULL = "protected_null"
    """Protected customer data comes as null beside an error: the app is not approved for it."""


@dataclass(slots=True)
class Plan:
    """One fault that is on: how likely, how often still (None: for ever), for whom, and its own parameters."""

    name: Fault
    probability: float = 1.0
    count: int | None = None
    target: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    hits: int = 0

    def meets(self, about: Mapping[str, str]) -> bool:
        """Whether it is for this dataset and shop."""
        return all(about.get(key) == value for key, value in self.target.items())


class Faults:
    """The faults that are on. One plan a name; a new one replaces it."""

    def __init__(self) -> None:
        self._plans: dict[Fault, Plan] = {}
        self._random = Random()
        self._lock = threading.Lock()

    def put(self, wish: Mapping[str, Any]) -> None:
        """Switch a fault on as ``POST /faults`` asks. Raises UnknownFault."""
        plan = plan_from(wish)
        with self._lock:
            self._plans[plan.name] = plan

    def clear(self, name: str | None = None) -> None:
        """Switch one fault off, or all."""
        with self._lock:
            if name is None:
                self._plans.clear()
            else:
                self._plans.pop(fault_named(name), None)

    def hit(self, name: Fault, **about: str) -> Mapping[str, Any] | None:
        """The fault's parameters if it strikes now, else None. Striking uses up one of its ``count``."""
        with self._lock:
            plan = self._plans.get(name)
            if plan is None or not plan.meets(about) or self._random.random() >= plan.probability:
                return None
            plan.hits += 1
            if plan.count is not None:
                plan.count -= 1
                if plan.count <= 0:
                    del self._plans[name]
            return plan.params

    def peek(self, name: Fault, **about: str) -> Mapping[str, Any] | None:
        """The fault's parameters if it is on, without using it up."""
        with self._lock:
            plan = self._plans.get(name)
            return plan.params if plan and plan.meets(about) else None

    def as_json(self) -> list[dict[str, Any]]:
        """Every fault that is on."""
        with self._lock:
            return [asdict(plan) for plan in self._plans.values()]


def fault_named(name: object) -> Fault:
    """The fault of that name. Raises UnknownFault."""
    try:
        return Fault(str(name))
    except ValueError:
        message = f"unknown fault; there are: {', '.join(Fault)}"
        raise UnknownFault(message) from None


def plan_from(wish: Mapping[str, Any]) -> Plan:
    """Read ``{"name", "probability", "count", "dataset" | "shop", ...parameters}``. Raises UnknownFault."""
    known = {"name", "probability", "count", *TARGETS}
    count = wish.get("count")
    try:
        plan = Plan(
            fault_named(wish.get("name")),
            float(wish.get("probability", 1.0)),
            None if count is None else int(count),
            {key: str(wish[key]) for key in TARGETS if key in wish},
            {key: value for key, value in wish.items() if key not in known},
        )
    except (TypeError, ValueError) as cause:
        raise UnknownFault(str(cause)) from cause
    if not 0 <= plan.probability <= 1 or (plan.count is not None and plan.count < 1):
        message = "probability is 0 to 1, count at least 1 or null"
        raise UnknownFault(message)
    return plan
