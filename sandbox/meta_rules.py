"""TEST USE ONLY: Meta's published rules for server events, and the shape of its errors.

Meta publishes no table of the 2804xxx subcodes. 2804003, 2804009 and 2804050 were seen in recorded answers; the others
here are this stand-in's choice, so nothing may depend on which of them comes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Event = dict[str, Any]

MAX_AGE = timedelta(days=7)
MAX_EVENTS = 1000
ACTION_SOURCES = frozenset(
    [
        "email",
        "website",
        "app",
        "phone_call",
        "chat",
        "physical_store",
        "system_generated",
        "business_messaging",
        "other",
    ]
)
HASHED = frozenset(["em", "ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country"])
PLAIN = frozenset(
    [
        "external_id",
        "client_ip_address",
        "client_user_agent",
        "fbc",
        "fbp",
        "subscription_id",
        "fb_login_id",
        "lead_id",
        "anon_id",
        "madid",
        "page_id",
        "page_scoped_user_id",
        "ctwa_clid",
        "ig_account_id",
        "ig_sid",
    ]
)
TOO_BROAD = tuple(
    frozenset(names.split())
    for names in ("ct country st zp ge client_user_agent", "db client_user_agent", "fn ge", "ln ge")
)
"""user_data made of nothing but a part of one of these is refused (best practices, "too broad")."""
HASH = re.compile(r"[0-9a-f]{64}")
CURRENCY = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True, slots=True)
class GraphError:
    """One refusal of the Graph API."""

    status: int
    code: int
    message: str
    subcode: int | None = None
    title: str = ""
    transient: bool | None = None
    blamed: tuple[tuple[str, ...], ...] = ()
    """Paths of the fields at fault, where the refusal names them."""

    def body(self) -> dict[str, Any]:
        """``{"error": {...}}`` as Graph writes it; keys that do not apply are absent."""
        error: dict[str, Any] = {"message": self.message, "type": "OAuthException", "code": self.code}
        if self.subcode is not None:
            error |= {"error_subcode": self.subcode, "error_user_title": self.title, "error_user_msg": self.message}
        if self.transient is not None:
            error["is_transient"] = self.transient
        if self.blamed:
            error["error_data"] = {"blame_field_specs": [list(path) for path in self.blamed]}
        return {"error": error | {"fbtrace_id": trace_id()}}


def trace_id() -> str:
    """A fresh ``fbtrace_id``."""
    return "A" + secrets.token_urlsafe(16)


def invalid(subcode: int | None, title: str, message: str = "Invalid parameter") -> GraphError:
    """Code 100: Meta has read the request and will never take it."""
    return GraphError(400, 100, message, subcode, title, transient=False)


BAD_TOKEN = GraphError(401, 190, "Invalid OAuth access token - Cannot parse access token")
BAD_PROOF = GraphError(400, 100, "Invalid appsecret_proof provided in the API argument")

NO_PROOF = GraphError(400, 100, "API calls from the server require an appsecret_proof argument")
"""To a token of the app's own: its setting "Require app secret" is on."""


def not_reachable(dataset: str) -> GraphError:
    """The dataset is unknown, or this token may not use it; Meta does not tell which."""
    message = (
        f"Unsupported post request. Object with ID '{dataset}' does not exist, cannot be loaded due to missing"
        " permissions, or does not support this operation"
    )
    return GraphError(400, 100, message, 33)


def refusal_of(events: list[Event], now: datetime) -> GraphError | None:
    """Why the whole request is refused, or None: one bad event takes all others with it."""
    if not events or len(events) > MAX_EVENTS:
        return invalid(2804007, "Wrong number of events", f"data holds 1 to {MAX_EVENTS} events")
    return next((error for event in events if (error := refusal_of_one(event, now))), None)


def refusal_of_one(event: Event, now: datetime) -> GraphError | None:
    """Why this event is refused, or None."""
    checks: Iterable[Callable[[], GraphError | None]] = (
        lambda: _fields(event),
        lambda: _time(event, now),
        lambda: _who(event.get("user_data")),
        lambda: _website(event),
        lambda: _money(event),
        lambda: _options(event),
    )
    return next((error for check in checks if (error := check())), None)


def _fields(event: Event) -> GraphError | None:
    for name, kind in (("event_name", str), ("event_time", int), ("user_data", dict), ("action_source", str)):
        value = event.get(name)
        if not isinstance(value, kind) or isinstance(value, bool) or value == "":
            return invalid(2804016, f"{name} is missing or of the wrong kind")
    if event["action_source"] not in ACTION_SOURCES:
        return invalid(2804048, "Unknown action_source")
    if not isinstance(event.get("event_id", ""), str):
        return invalid(2804016, "event_id is of the wrong kind")
    return None


def _time(event: Event, now: datetime) -> GraphError | None:
    if event["event_time"] < (now - MAX_AGE).timestamp():
        return invalid(2804003, "Event Timestamp Too Old")
    return None


def _who(user_data: Any) -> GraphError | None:
    present = {name for name, value in user_data.items() if value not in (None, "", [], [""])}
    if unknown := present - HASHED - PLAIN:
        return invalid(2804001, f"Unknown user_data: {', '.join(sorted(unknown))}")
    if not present or any(present <= broad for broad in TOO_BROAD):
        return invalid(2804050, "Customer information parameters are too broad")
    for name in present & HASHED:
        values = user_data[name] if isinstance(user_data[name], list) else [user_data[name]]
        if not all(isinstance(value, str) and HASH.fullmatch(value) for value in values):
            return invalid(2804017, f"{name} is not hashed")
    return None


def _website(event: Event) -> GraphError | None:
    # Documented as required are event_source_url and client_user_agent; Graph v26.0 was seen to accept an event
    # without the second.
    if event["action_source"] == "website" and not event.get("event_source_url"):
        return invalid(2804019, "event_source_url is missing")
    return None


def _money(event: Event) -> GraphError | None:
    data = event.get("custom_data", {})
    if not isinstance(data, dict):
        return invalid(2804016, "custom_data is of the wrong kind")
    value, currency = data.get("value"), data.get("currency")
    if event["event_name"] == "Purchase" and (value is None or currency is None):
        return invalid(2804009, "A Purchase needs value and currency")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        return invalid(2804009, "value is no number")
    if currency is not None and not CURRENCY.fullmatch(str(currency)):
        return invalid(2804009, "currency is no ISO 4217 code")
    return None


def _options(event: Event) -> GraphError | None:
    options = event.get("data_processing_options", [])
    if not isinstance(options, list) or not set(options) <= {"LDU"}:
        return invalid(2804016, "Unknown data_processing_options")
    return None
