"""The example order before the decision table: a test names only the facts that it changes."""

from __future__ import annotations

from datetime import datetime, timedelta

from plugin.recovery.consent import Basis
from plugin.recovery.evidence import Evidence
from plugin.recovery.order import PaidOrder
from plugin.recovery.verdict import Outcome, Policy, Reason, Standing, Verdict, decide
from tests.builders import NOON, PAID, evidence, paid_order, policy, standing

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
END = NOON + 6 * DAY + 23 * HOUR
GRACE_OVER = PAID + 30 * MINUTE
NO_RECORD = Evidence()


def judged(
    order: PaidOrder | None = None,
    *,
    known: Evidence | None = None,
    now: datetime = GRACE_OVER,
    stands: Standing | None = None,
    chosen: Policy | None = None,
) -> Verdict:
    """Judge the example order, consented and unreported, of a shop that sends, at the end of the grace period."""
    facts = (order or paid_order(), stands or standing(), evidence() if known is None else known, chosen or policy())
    return decide(*facts, now)


def sending(now: datetime = GRACE_OVER, basis: Basis = Basis.RECORDED_CONSENT) -> Verdict:
    return Verdict(Outcome.WAITING, Reason.SENDING, look_at=now, basis=basis, ldu=basis.ldu)
