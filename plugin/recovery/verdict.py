"""The decision: one paid order, what is known of it, one outcome with one reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from plugin.recovery.consent import Basis, ConsentMode, RegionRule, Terms, permission, refusal
from plugin.recovery.evidence import Delivery, Evidence
from plugin.recovery.order import PaidOrder
from plugin.recovery.outcomes import REASONS, Outcome, Reason

__all__ = [
    "DEDUPLICATION",
    "MAX_AGE",
    "REASONS",
    "SENDING_ENDS",
    "Outcome",
    "Policy",
    "Reason",
    "Standing",
    "Verdict",
    "decide",
    "is_final",
    "may_change",
    "recovered_reason",
    "would_send",
]

MAX_AGE: Final = timedelta(days=7)
"""Meta refuses a whole request for one event older than this."""
SENDING_ENDS: Final = timedelta(days=6, hours=23)
"""After placing; an hour before Meta's limit."""
DEDUPLICATION: Final = timedelta(hours=47)
"""Meta drops a second copy for 48 hours after the first; an hour less is certain."""

_MAY_HAVE_ARRIVED: Final = (None, Delivery.PENDING, Delivery.TIMEOUT)
_OPEN: Final = frozenset({Reason.TRACKING_OFF, Reason.NOT_CONNECTED, Reason.CONSENT_UNKNOWN})


class Ruling(Protocol):
    """Anything that has an outcome and a reason: a verdict, or a row of the ledger."""

    @property
    def outcome(self) -> Outcome:
        """What became of the order."""

    @property
    def reason(self) -> Reason:
        """Why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome and why; while waiting also when to look again; while sending also on what basis.

    ``ldu``: the event must ask Meta for limited data use; always that of the basis.
    """

    outcome: Outcome
    reason: Reason
    look_at: datetime | None = None
    basis: Basis | None = None
    ldu: bool = False

    def __post_init__(self) -> None:
        if self.reason not in REASONS[self.outcome]:
            raise ValueError(f"{self.outcome} has no reason {self.reason}.")
        if self.look_at is not None and self.outcome is not Outcome.WAITING:
            raise ValueError("Only a waiting order is looked at again.")
        if self.ldu != (self.basis is not None and self.basis.ldu):
            raise ValueError("Limited data use is part of the basis.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the ledger knows beside the order.

    ``connected_when_placed``: some dataset was connected then; ``connection_is_current``: and it still is that one.
    ``tracking_on_since_intake``: at no time off since the order came in ("recover the last 7 days" sets it anew).
    ``in_doubt_since``: when the first request with an unknown end went out. ``held``: the merchant was asked about it;
    ``released``: and said "send".
    ``sale_opted_out``: the customer's own setting in the shop.
    """

    connected_when_placed: bool = True
    connection_is_current: bool = True
    tracking_on_since_intake: bool = True
    has_match_data: bool = True
    in_doubt_since: datetime | None = None
    held: bool = False
    released: bool = False
    sale_opted_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the merchant chose, and whether the connection works; off and strict unless chosen otherwise."""

    tracking_on: bool = False
    connection_broken: bool = False
    consent_mode: ConsentMode = ConsentMode.RECORDED
    ldu: bool = False
    grace: timedelta = timedelta(minutes=30)
    rules: tuple[RegionRule, ...] | None = None

    @property
    def terms(self) -> Terms:
        """The part that consent is judged by."""
        return Terms(self.consent_mode, self.ldu, self.rules)


def decide(order: PaidOrder, standing: Standing, evidence: Evidence, policy: Policy, now: datetime) -> Verdict:
    """Judge one order: the decision table row by row. The first row that holds wins.

    ``now`` is aware. An order in doubt is never ignored, withheld or missed: it becomes failed, unconfirmed.
    """
    if (at_once := _what_settles_it_at_once(order, standing, evidence, policy)) is not None:  # rows 1 to 4
        return at_once
    if now < (deadline := order.paid_at + policy.grace):  # row 5
        return Verdict(Outcome.WAITING, Reason.GRACE_PERIOD, look_at=deadline)
    basis = permission(evidence, (order.billing, order.shipping), policy.terms, sale_opted_out=standing.sale_opted_out)
    if isinstance(basis, Reason):  # row 6
        return _ended(Outcome.WITHHELD, basis, standing)
    if (unsendable := _why_unsendable(standing, policy)) is not None:  # rows 7 to 9
        return _ended(*unsendable, standing)
    sending = Verdict(Outcome.WAITING, Reason.SENDING, look_at=now, basis=basis, ldu=basis.ldu)
    return _what_stops_it(order, standing, evidence, policy, now) or sending  # rows 10 to 13


def recovered_reason(evidence: Evidence, order_id: int) -> Reason:
    """Return why a sent order was missed by the pixel: blocked if the browser said so, else silence."""
    blocked = evidence.delivery_for(order_id) is Delivery.BLOCKED
    return Reason.PIXEL_BLOCKED if blocked else Reason.PIXEL_SILENT


def is_final(ruling: Ruling, *, placed_at: datetime, now: datetime) -> bool:
    """Say whether nothing can change this any more; missed and consent_unknown stay open for 7 days after placing."""
    if ruling.outcome is Outcome.WAITING:
        return False
    return ruling.reason not in _OPEN or now >= placed_at + MAX_AGE


def may_change(old: Ruling, new: Ruling, *, recovering: bool = False) -> bool:
    """Say whether ``new`` may take the place of ``old`` (within 7 days after placing: see ``is_final``).

    Waiting gives way to anything. Missed and consent_unknown give way to a late delivery and, while ``recovering`` the
    last 7 days, to anything. Everything else stays.
    """
    if old.outcome is Outcome.WAITING:
        return True
    return old.reason in _OPEN and (recovering or new.outcome is Outcome.TRACKED)


def would_send(order: PaidOrder, standing: Standing, evidence: Evidence, policy: Policy) -> frozenset[ConsentMode]:
    """Return the consent modes under which this order would have been sent, had offline tracking been on.

    Judged at the end of the grace period with a working connection: the figure does not hang on when it is asked.
    """
    then = order.paid_at + policy.grace
    on = replace(standing, tracking_on_since_intake=True, in_doubt_since=None, released=False)
    return frozenset(
        mode
        for mode in ConsentMode
        if decide(
            order, on, evidence, replace(policy, tracking_on=True, connection_broken=False, consent_mode=mode), then
        ).reason
        is Reason.SENDING
    )


def _ended(outcome: Outcome, reason: Reason, standing: Standing) -> Verdict:
    """Return an end without sending - unless a request is out whose end nobody knows."""
    if standing.in_doubt_since is not None:
        return Verdict(Outcome.FAILED, Reason.UNCONFIRMED)
    return Verdict(outcome, reason)


def _what_settles_it_at_once(
    order: PaidOrder, standing: Standing, evidence: Evidence, policy: Policy
) -> Verdict | None:
    """Rows 1 to 4: no purchase of our pixel's, delivered by it, or refused by the buyer."""
    if (ignored := _why_ignored(order, standing)) is not None:
        return _ended(Outcome.IGNORED, ignored, standing)
    if evidence.delivered_for(order.id):
        return Verdict(Outcome.TRACKED, Reason.PIXEL_DELIVERED)
    declined = refusal(evidence, policy.terms, sale_opted_out=standing.sale_opted_out)
    return None if declined is None else _ended(Outcome.WITHHELD, declined, standing)


def _why_ignored(order: PaidOrder, standing: Standing) -> Reason | None:
    rules = (
        (order.test, Reason.TEST_ORDER),
        (not order.from_checkout, Reason.NOT_FROM_CHECKOUT),
        (order.cancelled, Reason.CANCELLED),
        (not standing.connected_when_placed, Reason.NO_DATASET),
        (order.paid_at - order.placed_at > MAX_AGE, Reason.PAID_LATE),
    )
    return next((reason for holds, reason in rules if holds), None)


def _why_unsendable(standing: Standing, policy: Policy) -> tuple[Outcome, Reason] | None:
    """Rows 7 to 9: nothing to match by, another dataset by now, or switched off."""
    if not standing.has_match_data:
        return Outcome.WITHHELD, Reason.NO_MATCH_DATA
    if not standing.connection_is_current:
        return Outcome.MISSED, Reason.NOT_CONNECTED
    if not (policy.tracking_on and standing.tracking_on_since_intake):
        return Outcome.MISSED, Reason.TRACKING_OFF
    return None


def _what_stops_it(
    order: PaidOrder, standing: Standing, evidence: Evidence, policy: Policy, now: datetime
) -> Verdict | None:
    """Rows 10 to 12: too old, a broken connection, or a copy that might count twice."""
    end = order.placed_at + SENDING_ENDS
    held = _may_count_twice(order, standing, evidence, now)
    if now >= end:
        # an order that waited for the connection from the start was never held
        unknown = standing.in_doubt_since is not None or standing.held or (held and not policy.connection_broken)
        return Verdict(Outcome.FAILED, Reason.UNCONFIRMED if unknown else Reason.EXPIRED)
    if policy.connection_broken:
        return Verdict(Outcome.WAITING, Reason.CONNECTION_BROKEN, look_at=end)
    return Verdict(Outcome.WAITING, Reason.HELD, look_at=end) if held else None


def _may_count_twice(order: PaidOrder, standing: Standing, evidence: Evidence, now: datetime) -> bool:
    """Row 12: Meta may have had the order for longer than it drops copies, and the merchant has not said "send"."""
    if standing.released:
        return False
    if standing.in_doubt_since is not None and now - standing.in_doubt_since > DEDUPLICATION:
        return True
    return now - order.placed_at > DEDUPLICATION and evidence.delivery_for(order.id) in _MAY_HAVE_ARRIVED
