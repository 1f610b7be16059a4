"""TEST USE ONLY: a retargeting audience as advertisers make one: who looked at buying lately, and has not bought.

Visitors are told apart by Meta's browser id alone, which a server event carries too where the browser has told it. A
server event without it matches nobody here: the real Meta would try the hashed fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.shops import Json

LASTS = timedelta(days=30)
"""From the last sign of interest."""
INTEREST = ("ViewContent", "AddToCart", "InitiateCheckout", "AddPaymentInfo")
BOUGHT = "Purchase"


@dataclass(slots=True)
class Visitor:
    """What one browser id did; `bought_by`: which side's purchase was counted."""

    n: int
    did: list[str] = field(default_factory=list)
    last_at: datetime | None = None
    bought_by: str | None = None

    def as_json(self) -> Json:
        """What the page shows; never the browser id itself."""
        return {"visitor": self.n, "did": self.did, "bought_by": self.bought_by}


def audience(events: Iterable[Json], now: datetime) -> list[Json]:
    """Return the visitors who showed interest within the time, in the order of their first event.

    Those with `bought_by` set have dropped out of the audience. Copies that Meta dropped tell nothing new.
    """
    visitors: dict[str, Visitor] = {}
    for event in events:
        browser_id = _browser_id(event)
        if browser_id is None or event["duplicate_of"] is not None:
            continue
        visitor = visitors.setdefault(browser_id, Visitor(len(visitors) + 1))
        if event["event_name"] == BOUGHT:
            visitor.bought_by = visitor.bought_by or event["source"]
        elif event["event_name"] in INTEREST:
            visitor.last_at = datetime.fromisoformat(event["received_at"])
            if event["event_name"] not in visitor.did:
                visitor.did.append(event["event_name"])
    return [one.as_json() for one in visitors.values() if one.last_at is not None and now - one.last_at <= LASTS]


def _browser_id(event: Json) -> str | None:
    payload = event["payload"]
    user = payload.get("user_data")
    found = payload.get("fbp") or (user.get("fbp") if isinstance(user, dict) else None)
    return found if isinstance(found, str) else None
