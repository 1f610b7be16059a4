"""How one order came to its outcome, in words: for its page and for `backstop orders explain`. No buyer data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from plugin.meta import sentences
from plugin.recovery.evidence import Delivery
from plugin.recovery.outcomes import Outcome, Reason
from plugin.recovery.purchase import event_id
from plugin.recovery.verdict import SENDING_ENDS
from plugin.storage.attempts import Attempt
from plugin.storage.reading import OrderStory, Seen
from plugin.wording import (
    AS_IS,
    BASES,
    DELIVERIES,
    FIELDS,
    LABELS,
    LAST_ROW,
    NO_DELIVERY,
    NO_ROW,
    ROWS,
    STAGES,
    WHY,
)

When = Callable[[datetime], str]
"""How a reader is told a time."""

KINDS: Final[Mapping[Outcome, str]] = dict.fromkeys(Outcome, "none") | {
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
ATTEMPTS: Final[Mapping[str | None, tuple[str, str]]] = {
    None: ("Sent to Meta, no answer yet", "info"),
    "accepted": ("Sent to Meta, and taken", "ok"),
    "refused": ("Sent to Meta, and refused", "bad"),
    "split": ("Sent to Meta, and refused with others", "info"),
    "disconnected": ("Meta turned the connection down", "bad"),
    "throttled": ("Meta asked for fewer requests", "info"),
    "unavailable": ("Meta could not take it", "info"),
    "not_sent": ("Meta could not be reached", "info"),
    "in_doubt": ("Sent to Meta, without an answer", "bad"),
}
"""A request by how it ended: its title and its mark."""
UNSETTLED: Final = frozenset({"disconnected", "throttled", "unavailable", "not_sent"})
"""Ends after which the order has not left."""
NOTHING_MORE: Final = "Nothing came after it: the browser did not say what became of the purchase."
"""Of a checkout that was seen, and whose purchase was not."""


@dataclass(frozen=True, slots=True)
class Step:
    """A moment in an order's life; `kind` is how it is marked: ok, bad, info or none."""

    at: datetime
    title: str
    text: str
    kind: str = "none"


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is told of one order. `basis` and `sent` are empty where nothing was sent; `steps`: the first one first.

    `data_state`: held, erased or none.
    """

    why: str
    rule: str
    pixel: str
    choice: str
    basis: str
    sent: str
    data: str
    data_state: str
    steps: tuple[Step, ...]

    def lines(self, when: When) -> list[str]:
        """Return it as plain lines."""
        facts = (
            ("why", self.why),
            ("rule", self.rule),
            ("pixel", self.pixel),
            ("buyer's choice", self.choice),
            ("basis", self.basis),
            ("sent", self.sent),
            ("personal data", self.data),
        )
        told = [f"{name}: {text}" for name, text in facts if text]
        return told + [f"{when(step.at)}  {step.title}. {step.text}" for step in self.steps]


def explain(story: OrderStory, when: When) -> Explanation:
    """Return what is told of an order, times as `when` tells them."""
    state, data = personal_data(story, when)
    return Explanation(
        why=WHY[story.line.reason].full,
        rule=rule(story.line.reason),
        pixel=DELIVERIES[story.seen.delivery] if story.seen.delivery else NO_DELIVERY,
        choice=choice(story.seen),
        basis=BASES.get(story.basis or "", story.basis or "") if story.first_sent_at else "",
        sent=_sent(story) if story.first_sent_at else "",
        data=data,
        data_state=state,
        steps=tuple(sorted(steps_of(story, when), key=lambda step: step.at)),
    )


def rule(reason: Reason) -> str:
    """Return the row of the decision table that led to a reason."""
    if reason not in ROWS:
        return NO_ROW
    row, words = ROWS[reason]
    return f"Rule {row} of {LAST_ROW}. {words}"


def choice(seen: Seen) -> str:
    """Return what the buyer chose, and who told."""
    if seen.consent is None:
        return "None on record."
    said = [
        f"{name} {'allowed' if seen.consent[purpose] else 'declined'}"
        for purpose, name in (("marketing", "marketing"), ("analytics", "analytics"), ("sale_of_data", "sale of data"))
    ]
    told_by = "the cart, when the order was placed" if seen.from_cart else "the pixel"
    text = ", ".join(said)
    return f"{text[0].upper()}{text[1:]}; told by {told_by}."


def personal_data(story: OrderStory, when: When) -> tuple[str, str]:
    """Return whether data of the buyer is held, and in words until when, or when it was erased."""
    if story.holds_event:
        latest = when(story.placed_at + SENDING_ENDS)
        return "held", f"Its hashed data is kept, sealed, until the order is decided: {latest} at the latest."
    if story.kept_event and story.decided_at:
        return "erased", f"Its hashed data was erased {when(story.decided_at)}, when the order was decided."
    return "none", "This app holds no personal data of this order."


def _sent(story: OrderStory) -> str:
    hashed = [f"{name} (hashed)" for field, name in FIELDS.items() if field in story.fields_sent]
    as_is = [name for field, name in AS_IS.items() if field in story.fields_sent]
    trace = f"; trace id {story.trace_id}" if story.trace_id else ""
    code = f"; code {story.code}" if story.code else ""
    fields = ", ".join([*hashed, "Order value, currency and items", *as_is])
    return f"Purchase as {event_id(story.line.order_id)}: {fields}{trace}{code}"


def steps_of(story: OrderStory, when: When) -> Iterator[Step]:
    """Yield what happened to an order, in no particular order."""
    line = story.line
    yield Step(story.placed_at, "Order placed", "Meta is told this time, whenever the order is sent.")
    found = "" if story.told_by_webhook else " No webhook told of it: it was found by looking through the paid orders."
    yield Step(line.paid_at, "Order paid", f"From here on the pixel has the grace period to report it.{found}", "info")
    yield from _seen(story.seen)
    yield from _attempts(story, when)
    if story.in_doubt_since:
        text = "A request with this order was sent, and its answer never came. A repeat carries the same event id."
        yield Step(story.in_doubt_since, "In doubt", text, "bad")
    if story.decided_at:
        yield Step(story.decided_at, LABELS[line.outcome], f"{WHY[line.reason].short}.", KINDS[line.outcome])


def _seen(seen: Seen) -> Iterator[Step]:
    if not (seen.first_at and seen.last_at):
        return
    stages = ", ".join(text for stage, text in STAGES.items() if stage in seen.stages)
    yield Step(seen.first_at, "First word from the browser", f"In all it reported: {stages}.")
    if seen.last_at != seen.first_at or seen.delivery:
        delivery = DELIVERIES.get(seen.delivery or "", NOTHING_MORE)
        kind = DELIVERY_KINDS.get(seen.delivery or "", "none")
        yield Step(seen.last_at, "Last word from the browser", delivery, kind)


def _attempts(story: OrderStory, when: When) -> Iterator[Step]:
    """The requests. Those of more than 90 days ago are forgotten; when the first one left is not."""
    if not story.attempts and story.first_sent_at:
        yield Step(story.first_sent_at, "Sent to Meta", "The first request with this order.", "info")
    apart = _apart(story)
    for attempt in story.attempts:
        title, kind = ATTEMPTS.get(attempt.result, ATTEMPTS[None])
        yield Step(attempt.started_at + apart, title, _answer(attempt, apart, when), kind)


def _apart(story: OrderStory) -> timedelta:
    """How far the app's clock is from the database's, which times requests: nothing, but where a clock was moved."""
    left = [attempt for attempt in story.attempts if attempt.result not in UNSETTLED]
    if not (left and story.first_sent_at):
        return timedelta()
    return story.first_sent_at - left[0].started_at


def _answer(attempt: Attempt, apart: timedelta, when: When) -> str:
    by_result = sentences.BY_RESULT.get(attempt.result, sentences.BY_RESULT[None])
    has_own = attempt.code and attempt.result not in {"accepted", "split"}
    told = sentences.for_code(attempt.code) if has_own and attempt.code else by_result
    can = "" if told.can == sentences.NOTHING_TO_DO else told.can
    parts = [told.happened, told.did, can]
    if attempt.orders > 1:
        parts.append(f"{attempt.orders} orders went together.")
    if attempt.ended_at:
        parts.append(f"It ended {when(attempt.ended_at + apart)}.")
    if attempt.code:
        parts.append(f"Code {attempt.code}.")
    if attempt.trace_id:
        parts.append(f"Trace id {attempt.trace_id}.")
    return " ".join(part for part in parts if part)
