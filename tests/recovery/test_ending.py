"""What a verdict may say, what may still change, and what would have been sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from plugin.recovery.consent import Basis, ConsentMode, RegionRule
from plugin.recovery.evidence import Delivery, Evidence
from plugin.recovery.order import Region
from plugin.recovery.verdict import (
    REASONS,
    Outcome,
    Policy,
    Reason,
    Verdict,
    is_final,
    may_change,
    recovered_reason,
    would_send,
)
from tests.builders import AGREED, NOON, ORDER_ID, REFUSED, completed, evidence, paid_order, post, standing

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
NO_RECORD = Evidence()
TEXAS = Region("US", "TX")
FREE_TEXAS = (RegionRule("US", "TX", consent_required=False, sale_opt_out_required=False),)
SENDING = Verdict(Outcome.WAITING, Reason.SENDING, look_at=NOON, basis=Basis.RECORDED_CONSENT)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], Reason.PIXEL_SILENT),
        ([Delivery.PENDING], Reason.PIXEL_SILENT),
        ([Delivery.TIMEOUT], Reason.PIXEL_SILENT),
        ([Delivery.PENDING, Delivery.BLOCKED], Reason.PIXEL_BLOCKED),
    ],
)
def test_a_recovered_order_was_blocked_if_the_browser_said_so_else_silent(
    words: list[Delivery], reason: Reason
) -> None:
    assert recovered_reason(Evidence.of(completed(word) for word in words), ORDER_ID) is reason


def test_every_reason_belongs_to_one_outcome() -> None:
    listed = [reason for reasons in REASONS.values() for reason in reasons]

    assert REASONS.keys() == set(Outcome)
    assert sorted(listed) == sorted(Reason)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_verdict_refuses_a_reason_of_another_outcome(outcome: Outcome) -> None:
    foreign = next(reason for reason in Reason if reason not in REASONS[outcome])

    with pytest.raises(ValueError, match="has no reason"):
        Verdict(outcome, foreign)


def test_a_verdict_is_looked_at_again_only_while_waiting() -> None:
    with pytest.raises(ValueError, match="Only a waiting order"):
        Verdict(Outcome.TRACKED, Reason.PIXEL_DELIVERED, look_at=NOON)


def test_limited_data_use_cannot_part_from_its_basis() -> None:
    with pytest.raises(ValueError, match="part of the basis"):
        Verdict(Outcome.WAITING, Reason.SENDING, basis=Basis.STORE_POLICY_LDU)


@pytest.mark.parametrize(
    ("verdict", "final"),
    [
        (Verdict(Outcome.WAITING, Reason.HELD), False),
        (Verdict(Outcome.MISSED, Reason.TRACKING_OFF), False),
        (Verdict(Outcome.WITHHELD, Reason.CONSENT_UNKNOWN), False),
        (Verdict(Outcome.WITHHELD, Reason.CONSENT_DECLINED), True),
        (Verdict(Outcome.RECOVERED, Reason.PIXEL_SILENT), True),
    ],
)
def test_missed_and_consent_unknown_stay_open_for_seven_days(verdict: Verdict, *, final: bool) -> None:
    waiting = verdict.outcome is Outcome.WAITING

    assert is_final(verdict, placed_at=NOON, now=NOON + 7 * DAY - SECOND) is final
    assert is_final(verdict, placed_at=NOON, now=NOON + 7 * DAY) is not waiting


def test_an_open_order_gives_way_to_a_late_delivery_and_to_a_recovery_only() -> None:
    missed = Verdict(Outcome.MISSED, Reason.TRACKING_OFF)
    tracked, sent = Verdict(Outcome.TRACKED, Reason.PIXEL_DELIVERED), SENDING

    assert may_change(missed, tracked)
    assert not may_change(missed, sent)
    assert may_change(missed, sent, recovering=True)
    assert may_change(sent, missed)


@pytest.mark.parametrize(
    ("known", "modes"),
    [
        (evidence(post(consent=AGREED)), set(ConsentMode)),
        (NO_RECORD, {ConsentMode.STORE_POLICY}),
        (evidence(post(consent=REFUSED)), set()),
        (evidence(completed(Delivery.SENT)), set()),
    ],
    ids=["agreed", "no record", "refused", "delivered"],
)
def test_what_each_mode_would_have_sent_is_told_while_off(known: Evidence, modes: set[ConsentMode]) -> None:
    off = Policy(rules=FREE_TEXAS, connection_broken=True)
    since = standing(tracking_on_since_intake=False)

    assert would_send(paid_order(billing=TEXAS, shipping=TEXAS), since, known, off) == modes


def test_what_a_mode_would_have_sent_does_not_hang_on_what_was_tried_since() -> None:
    tried = standing(in_doubt_since=NOON - 3 * DAY, released=True)

    assert would_send(paid_order(), tried, evidence(), Policy()) == set(ConsentMode)


@pytest.mark.parametrize("changes", [{"test": True}, {"paid_at": NOON + 6 * DAY + 23 * HOUR}])
def test_what_could_not_be_sent_at_the_end_of_the_grace_period_is_not_told_as_such(changes: dict[str, Any]) -> None:
    assert would_send(paid_order(**changes), standing(), evidence(), Policy()) == frozenset()
