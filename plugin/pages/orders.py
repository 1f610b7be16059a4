"""GET /orders and /orders/<id>: every paid order with its outcome and reason, and how one order came to its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from plugin.pages import words
from plugin.pages.door import Visit, merchant_only
from plugin.pages.stopped import NO_SUCH_ORDER, stopped
from plugin.recovery.evidence import Delivery
from plugin.recovery.outcomes import Outcome
from plugin.recovery.purchase import event_id
from plugin.storage import reading
from plugin.storage.reading import Mark, OrderStory

PAGE = 50
ORDER_ID = re.compile(r"[1-9][0-9]{0,18}")
LARGEST_ID = 2**63 - 1
KINDS = dict.fromkeys(Outcome, "none") | {
    Outcome.RECOVERED: "ok",
    Outcome.TRACKED: "ok",
    Outcome.MISSED: "bad",
    Outcome.FAILED: "bad",
}
"""How the end of an order is marked."""
DELIVERY_KINDS: Final[Mapping[str, str]] = {
    Delivery.SENT: "ok",
    Delivery.BLOCKED: "bad",
    Delivery.TIMEOUT: "bad",
    Delivery.NO_ORDER_ID: "bad",
}
"""How the browser's last word is marked. What the buyer's choice kept back is no fault, and silence alone is none."""


@dataclass(frozen=True, slots=True)
class Step:
    """A moment in an order's life; `kind` is how it is marked: ok, bad, info or none."""

    at: datetime
    title: str
    text: str
    kind: str = "none"


@merchant_only
def orders(visit: Visit) -> ResponseReturnValue:
    """Show paid orders, the latest first: `outcome` names which, `before` where the list goes on."""
    wanted = request.args.get("outcome", "")
    outcome = Outcome(wanted) if wanted in set(Outcome) else None
    before = Mark.from_text(request.args.get("before", ""))
    with visit.given.database.transaction() as conn:
        found = reading.recent(conn, visit.shop.id, limit=PAGE + 1, outcome=outcome, before=before)
    shown = found[:PAGE]
    return render_template(
        "orders.html",
        shop=visit.shop,
        orders=shown,
        outcome=outcome,
        outcomes=tuple(Outcome),
        is_first=before is None,
        next_mark=str(shown[-1].mark) if len(found) > PAGE else None,
    )


@merchant_only
def order(visit: Visit, order_id: str) -> ResponseReturnValue:
    """Show one order of this shop."""
    story = None
    if ORDER_ID.fullmatch(order_id) and int(order_id) <= LARGEST_ID:
        with visit.given.database.transaction() as conn:
            story = reading.order(conn, visit.shop.id, int(order_id))
    if story is None:
        return stopped(NO_SUCH_ORDER, HTTPStatus.NOT_FOUND)
    return render_template(
        "order.html",
        shop=visit.shop,
        story=story,
        steps=sorted(steps_of(story), key=lambda step: step.at, reverse=True),
        fields=[name for field, name in words.FIELDS.items() if field in story.fields_sent],
        as_is=[name for field, name in words.AS_IS.items() if field in story.fields_sent],
        event_id=event_id(story.line.order_id),
    )


def steps_of(story: OrderStory) -> Iterator[Step]:
    """Yield what happened to an order, in no particular order."""
    line, seen = story.line, story.seen
    yield Step(story.placed_at, "Order placed", "Meta is told this time, whenever the order is sent.")
    yield Step(line.paid_at, "Order paid", "From here on the pixel has the grace period to report it.", "info")
    if seen.first_at and seen.last_at:
        stages = ", ".join(text for stage, text in words.STAGES.items() if stage in seen.stages)
        yield Step(seen.first_at, "First word from the browser", f"In all it reported: {stages}.")
        if seen.last_at != seen.first_at or seen.delivery:
            delivery = words.DELIVERIES.get(seen.delivery or "", words.NO_DELIVERY)
            kind = DELIVERY_KINDS.get(seen.delivery or "", "none")
            yield Step(seen.last_at, "Last word from the browser", delivery, kind)
    if story.first_sent_at:
        yield Step(story.first_sent_at, "Sent to Meta", "The first request with this order.", "info")
    if story.in_doubt_since:
        text = "A request with this order was sent, and its answer never came. A repeat carries the same event id."
        yield Step(story.in_doubt_since, "In doubt", text, "bad")
    if story.decided_at:
        yield Step(
            story.decided_at, words.LABELS[line.outcome], words.WHY[line.reason].short + ".", KINDS[line.outcome]
        )
