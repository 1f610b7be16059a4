"""How one order came to its outcome, in words: for its page and for `backstop orders explain`. No buyer data.

A page is told it in the language of its reader, the command line in English. Each text is a whole sentence, or a list
of whole parts, with named places for what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from plugin.language import N_, Count, _, n_
from plugin.meta import sentences
from plugin.recovery.evidence import Delivery
from plugin.recovery.outcomes import Outcome, Reason
from plugin.recovery.purchase import event_id
from plugin.recovery.verdict import SENDING_ENDS
from plugin.storage.attempts import Attempt
from plugin.storage.reading import OrderStory, Seen
from plugin.translating import listed
from plugin.wording import (
    AS_IS,
    BASES,
    CHOICES,
    DELIVERIES,
    FIELDS,
    LABELS,
    LAST_ROW,
    NO_DELIVERY,
    NO_ROW,
    NOTHING_MORE,
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
    None: (N_("Sent to Meta, no answer yet"), "info"),
    "accepted": (N_("Sent to Meta, and taken"), "ok"),
    "refused": (N_("Sent to Meta, and refused"), "bad"),
    "split": (N_("Sent to Meta, and refused with others"), "info"),
    "disconnected": (N_("Meta turned the connection down"), "bad"),
    "throttled": (N_("Meta asked for fewer requests"), "info"),
    "unavailable": (N_("Meta could not take it"), "info"),
    "not_sent": (N_("Meta could not be reached"), "info"),
    "in_doubt": (N_("Sent to Meta, without an answer"), "bad"),
}
"""A request by how it ended: its title and its mark."""
UNSETTLED: Final = frozenset({"disconnected", "throttled", "unavailable", "not_sent"})
"""Ends after which the order has not left."""
SENT: Final[Mapping[tuple[bool, bool], str]] = {
    (False, False): N_("Purchase as %(event)s: %(fields)s"),
    (True, False): N_("Purchase as %(event)s: %(fields)s; trace id %(trace)s"),
    (False, True): N_("Purchase as %(event)s: %(fields)s; code %(code)s"),
    (True, True): N_("Purchase as %(event)s: %(fields)s; trace id %(trace)s; code %(code)s"),
}
"""What was sent, by whether there is a trace id, and a code."""


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
        pixel=DELIVERIES[story.seen.delivery] if story.seen.delivery else _(NO_DELIVERY),
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
        return _(NO_ROW)
    row, words = ROWS[reason]
    place = _("Rule %(row)s of %(last)s.", row=Count(row), last=Count(LAST_ROW))
    return f"{place} {_(words)}"


def choice(seen: Seen) -> str:
    """Return what the buyer chose, and who told."""
    consent = seen.consent
    if consent is None:
        return _("None on record.")
    said = listed(_(words) for (purpose, is_allowed), words in CHOICES.items() if consent[purpose] is is_allowed)
    if seen.from_cart:
        return _("%(choices)s; told by the cart, when the order was placed.", choices=said)
    return _("%(choices)s; told by the pixel.", choices=said)


def personal_data(story: OrderStory, when: When) -> tuple[str, str]:
    """Return whether data of the buyer is held, and in words until when, or when it was erased."""
    if story.holds_event:
        latest = when(story.placed_at + SENDING_ENDS)
        kept = _("Its hashed data is kept, sealed, until the order is decided: %(time)s at the latest.", time=latest)
        return "held", kept
    if story.kept_event and story.decided_at:
        at = when(story.decided_at)
        return "erased", _("Its hashed data was erased %(time)s, when the order was decided.", time=at)
    return "none", _("This app holds no personal data of this order.")


def _sent(story: OrderStory) -> str:
    hashed = [_("%(field)s (hashed)", field=name) for field, name in FIELDS.items() if field in story.fields_sent]
    as_is = [name for field, name in AS_IS.items() if field in story.fields_sent]
    frame = SENT[bool(story.trace_id), bool(story.code)]
    fields = listed([*hashed, _("Order value, currency and items"), *as_is])
    return _(frame, event=event_id(story.line.order_id), fields=fields, trace=story.trace_id, code=story.code)


def steps_of(story: OrderStory, when: When) -> Iterator[Step]:
    """Yield what happened to an order, in no particular order."""
    line = story.line
    yield Step(story.placed_at, _("Order placed"), _("Meta is told this time, whenever the order is sent."))
    yield _paid(story)
    yield from _seen(story.seen)
    yield from _attempts(story, when)
    if story.in_doubt_since:
        told = _("A request with this order was sent, and its answer never came. A repeat carries the same event id.")
        yield Step(story.in_doubt_since, _("In doubt"), told, "bad")
    if story.decided_at:
        told = _("%(reason)s.", reason=WHY[line.reason].short)
        yield Step(story.decided_at, LABELS[line.outcome], told, KINDS[line.outcome])


def _paid(story: OrderStory) -> Step:
    told = [_("From here on the pixel has the grace period to report it.")]
    if not story.told_by_webhook:
        told.append(_("No webhook told of it: it was found by looking through the paid orders."))
    return Step(story.line.paid_at, _("Order paid"), " ".join(told), "info")


def _seen(seen: Seen) -> Iterator[Step]:
    if not (seen.first_at and seen.last_at):
        return
    stages = listed(words for stage, words in STAGES.items() if stage in seen.stages)
    yield Step(seen.first_at, _("First word from the browser"), _("In all it reported: %(stages)s.", stages=stages))
    if seen.last_at != seen.first_at or seen.delivery:
        delivery = DELIVERIES[seen.delivery] if seen.delivery else _(NOTHING_MORE)
        kind = DELIVERY_KINDS.get(seen.delivery or "", "none")
        yield Step(seen.last_at, _("Last word from the browser"), delivery, kind)


def _attempts(story: OrderStory, when: When) -> Iterator[Step]:
    """The requests. Those of more than 90 days ago are forgotten; when the first one left is not."""
    if not story.attempts and story.first_sent_at:
        yield Step(story.first_sent_at, _("Sent to Meta"), _("The first request with this order."), "info")
    apart = _apart(story)
    for attempt in story.attempts:
        title, kind = ATTEMPTS.get(attempt.result, ATTEMPTS[None])
        told = " ".join(_answer(attempt, apart, when))
        yield Step(attempt.started_at + apart, _(title), told, kind)


def _apart(story: OrderStory) -> timedelta:
    """How far the app's clock is from the database's, which times requests: nothing, but where a clock was moved."""
    left = [attempt for attempt in story.attempts if attempt.result not in UNSETTLED]
    if not (left and story.first_sent_at):
        return timedelta()
    return story.first_sent_at - left[0].started_at


def _answer(attempt: Attempt, apart: timedelta, when: When) -> Iterator[str]:
    """Yield whole sentences: what Meta answered, what came of it, and what names the request."""
    has_own = attempt.code and attempt.result not in {"accepted", "split"}
    if has_own and attempt.code:
        told = sentences.for_code(attempt.code)
    else:
        told = sentences.BY_RESULT.get(attempt.result, sentences.BY_RESULT[None])
    yield told.happened
    yield told.did
    if told.can and told.can != _(sentences.NOTHING_TO_DO):
        yield told.can
    if attempt.orders > 1:
        yield n_("%(num)s order went.", "%(num)s orders went together.", attempt.orders)
    if attempt.ended_at:
        yield _("The request ended %(time)s.", time=when(attempt.ended_at + apart))
    if attempt.code:
        yield _("Code %(code)s.", code=attempt.code)
    if attempt.trace_id:
        yield _("Trace id %(trace)s.", trace=attempt.trace_id)
