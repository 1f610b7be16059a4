"""The decision table, rows 10 to 13: until when an order is sent, when it is held, and the moments between."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from plugin.recovery.consent import Basis
from plugin.recovery.evidence import Delivery, Evidence
from plugin.recovery.verdict import Outcome, Policy, Reason, Standing, Verdict
from tests.builders import NOON, OPTED_OUT, REFUSED, completed, evidence, paid_order, policy, post, standing
from tests.recovery.table import DAY, END, GRACE_OVER, HOUR, NO_RECORD, SECOND, judged, sending


def test_row_10_an_order_too_old_to_send_expires() -> None:
    blocked = evidence(completed(Delivery.BLOCKED))

    assert judged(known=blocked, now=END - SECOND) == sending(END - SECOND)
    assert judged(known=blocked, now=END) == Verdict(Outcome.FAILED, Reason.EXPIRED)


@pytest.mark.parametrize(
    ("known", "stands", "chosen", "reason"),
    [
        (evidence(), standing(), policy(), Reason.UNCONFIRMED),
        (evidence(), standing(released=True), policy(), Reason.EXPIRED),
        (evidence(), standing(), policy(connection_broken=True), Reason.EXPIRED),
        (evidence(), standing(held=True), policy(connection_broken=True), Reason.UNCONFIRMED),
        (evidence(completed(Delivery.BLOCKED)), standing(in_doubt_since=END - HOUR), policy(), Reason.UNCONFIRMED),
        (evidence(), standing(in_doubt_since=END - HOUR, released=True), policy(), Reason.UNCONFIRMED),
        (evidence(), standing(in_doubt_since=NOON), policy(connection_broken=True), Reason.UNCONFIRMED),
    ],
    ids=[
        "held",
        "released",
        "waited for the connection",
        "held, then broken",
        "in doubt",
        "in doubt, released",
        "in doubt, broken",
    ],
)
def test_row_10_what_was_in_doubt_or_held_to_the_end_is_unconfirmed(
    known: Evidence, stands: Standing, chosen: Policy, reason: Reason
) -> None:
    assert judged(known=known, stands=stands, chosen=chosen, now=END) == Verdict(Outcome.FAILED, reason)


def test_row_11_a_broken_connection_is_waited_for_to_the_end() -> None:
    broken = policy(connection_broken=True)

    for now in (GRACE_OVER, NOON + 3 * DAY, END - SECOND):
        assert judged(chosen=broken, now=now) == Verdict(Outcome.WAITING, Reason.CONNECTION_BROKEN, look_at=END)


@pytest.mark.parametrize("word", [None, Delivery.PENDING, Delivery.TIMEOUT])
def test_row_12_what_meta_may_have_had_for_more_than_47_hours_is_held(word: Delivery | None) -> None:
    known = evidence(post(), completed(word))

    assert judged(known=known, now=NOON + 47 * HOUR) == sending(NOON + 47 * HOUR)
    assert judged(known=known, now=NOON + 47 * HOUR + SECOND) == Verdict(Outcome.WAITING, Reason.HELD, look_at=END)


@pytest.mark.parametrize("word", [Delivery.BLOCKED, Delivery.SKIPPED, Delivery.NO_ORDER_ID])
def test_row_12_what_the_pixel_certainly_did_not_send_is_sent_until_the_end(word: Delivery) -> None:
    now = NOON + 5 * DAY

    assert judged(known=evidence(completed(word)), now=now) == sending(now)


def test_row_12_an_order_in_doubt_is_sent_again_for_47_hours_and_then_held() -> None:
    blocked = evidence(completed(Delivery.BLOCKED))
    doubtful = standing(in_doubt_since=NOON + DAY)
    last = NOON + DAY + 47 * HOUR

    assert judged(known=blocked, stands=doubtful, now=last) == sending(last)
    assert judged(known=blocked, stands=doubtful, now=last + SECOND).reason is Reason.HELD


@pytest.mark.parametrize("since", [None, NOON])
def test_row_12_the_merchants_word_sends_what_is_held(since: datetime | None) -> None:
    now = NOON + 3 * DAY

    assert judged(stands=standing(in_doubt_since=since, released=True), now=now) == sending(now)


def test_row_13_everything_else_is_sent_on_its_basis() -> None:
    assert judged() == Verdict(Outcome.WAITING, Reason.SENDING, look_at=GRACE_OVER, basis=Basis.RECORDED_CONSENT)


@pytest.mark.parametrize(
    "facts",
    [
        {"order": paid_order(test=True)},
        {"order": paid_order(cancelled=True)},
        {"known": evidence(post(consent=REFUSED))},
        {"known": evidence(post(consent=OPTED_OUT))},
        {"known": NO_RECORD},
        {"stands": standing(has_match_data=False, in_doubt_since=NOON)},
        {"stands": standing(connection_is_current=False, in_doubt_since=NOON)},
        {"chosen": policy(tracking_on=False)},
    ],
)
def test_an_order_in_doubt_is_never_called_ignored_withheld_or_missed(facts: dict[str, Any]) -> None:
    verdict = judged(**{"stands": standing(in_doubt_since=NOON), **facts})

    assert verdict == Verdict(Outcome.FAILED, Reason.UNCONFIRMED)


def test_an_order_in_doubt_that_turns_out_delivered_is_tracked() -> None:
    verdict = judged(known=evidence(completed(Delivery.SENT)), stands=standing(in_doubt_since=NOON))

    assert verdict.outcome is Outcome.TRACKED
