"""The decision table, row by row, with the moments at which it turns."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from plugin.recovery.consent import Basis, ConsentMode, RegionRule
from plugin.recovery.evidence import Consent, Delivery, Evidence
from plugin.recovery.order import PaidOrder, Region
from plugin.recovery.verdict import (
    REASONS,
    Outcome,
    Policy,
    Reason,
    Standing,
    Verdict,
    decide,
    is_final,
    may_change,
    recovered_reason,
    would_send,
)
from tests.builders import (
    AGREED,
    NOON,
    OPTED_OUT,
    ORDER_ID,
    PAID,
    REFUSED,
    completed,
    evidence,
    paid_order,
    policy,
    post,
    standing,
)

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
END = NOON + 6 * DAY + 23 * HOUR
GRACE_OVER = PAID + 30 * MINUTE
NO_RECORD = Evidence()
TEXAS = Region("US", "TX")
FREE_TEXAS = (RegionRule("US", "TX", consent_required=False, sale_opt_out_required=False),)


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


ROW_1: list[tuple[dict[str, Any], dict[str, Any], Reason]] = [
    ({"test": True}, {}, Reason.TEST_ORDER),
    ({"from_checkout": False}, {}, Reason.NOT_FROM_CHECKOUT),
    ({"cancelled": True}, {}, Reason.CANCELLED),
    ({}, {"connected_when_placed": False, "connection_is_current": False}, Reason.NO_DATASET),
    ({"paid_at": NOON + 7 * DAY + SECOND}, {}, Reason.PAID_LATE),
]


@pytest.mark.parametrize(("order", "stands", "reason"), ROW_1)
def test_row_1_what_the_pixel_could_not_have_missed_is_ignored(
    order: dict[str, Any], stands: dict[str, Any], reason: Reason
) -> None:
    verdict = judged(paid_order(**order), stands=standing(**stands), known=evidence(completed(Delivery.SENT)))

    assert verdict == Verdict(Outcome.IGNORED, reason)


def test_row_1_an_order_paid_after_seven_days_to_the_second_is_not_yet_late() -> None:
    order = paid_order(paid_at=NOON + 7 * DAY)

    assert judged(order, now=order.paid_at).reason is Reason.GRACE_PERIOD


@pytest.mark.parametrize("now", [PAID, GRACE_OVER, END, NOON + 30 * DAY])
def test_row_2_what_the_pixel_delivered_is_tracked_at_any_time(now: datetime) -> None:
    verdict = judged(known=evidence(completed(Delivery.SENT)), now=now)

    assert verdict == Verdict(Outcome.TRACKED, Reason.PIXEL_DELIVERED)


def test_row_2_a_delivery_of_another_order_is_none() -> None:
    verdict = judged(known=evidence(completed(Delivery.SENT, order_id=1, event_id="purchase.1")))

    assert verdict == sending()


def test_row_2_a_delivered_order_stays_so_though_the_buyer_refuses_afterwards() -> None:
    withdrawn = post(consent=REFUSED, at=NOON + HOUR)

    assert judged(known=evidence(completed(Delivery.SENT), withdrawn)).outcome is Outcome.TRACKED


@pytest.mark.parametrize("purposes", [(False, True), (True, False), (False, False)])
@pytest.mark.parametrize("now", [NOON, PAID, GRACE_OVER])
def test_row_3_a_refusal_withholds_at_once(purposes: tuple[bool, bool], now: datetime) -> None:
    marketing, analytics = purposes
    refused = Consent(marketing=marketing, analytics=analytics, preferences=True, sale_of_data=True)

    assert judged(known=evidence(post(consent=refused)), now=now) == Verdict(Outcome.WITHHELD, Reason.CONSENT_DECLINED)


def test_row_3_preferences_are_no_purpose_of_the_pixel() -> None:
    choice = Consent(marketing=True, analytics=True, preferences=False, sale_of_data=True)

    assert judged(known=evidence(post(consent=choice))) == sending()


@pytest.mark.parametrize(
    ("known", "stands"),
    [(evidence(post(consent=OPTED_OUT)), standing()), (evidence(), standing(sale_opted_out=True))],
    ids=["in the checkout", "in the shop"],
)
def test_row_4_a_sale_opt_out_withholds_at_once_unless_limited_data_use_is_chosen(
    known: Evidence, stands: Standing
) -> None:
    withheld = judged(known=known, stands=stands, now=PAID)
    limited = judged(known=known, stands=stands, chosen=policy(ldu=True))

    assert withheld == Verdict(Outcome.WITHHELD, Reason.DATA_SALE_OPT_OUT)
    assert limited == sending(basis=Basis.RECORDED_CONSENT_LDU)
    assert limited.ldu


def test_row_5_the_pixel_has_the_grace_period_to_report() -> None:
    early, over = judged(now=GRACE_OVER - SECOND), judged(now=GRACE_OVER)

    assert early == Verdict(Outcome.WAITING, Reason.GRACE_PERIOD, look_at=GRACE_OVER)
    assert over == sending()


def test_row_5_the_grace_period_is_the_merchants() -> None:
    verdict = judged(chosen=policy(grace=24 * HOUR))

    assert verdict.look_at == PAID + 24 * HOUR


def test_row_6_without_a_record_the_recorded_mode_withholds_after_the_grace_period() -> None:
    early, over = judged(known=NO_RECORD, now=PAID), judged(known=NO_RECORD)

    assert early.reason is Reason.GRACE_PERIOD
    assert over == Verdict(Outcome.WITHHELD, Reason.CONSENT_UNKNOWN)


def test_row_6_store_policy_may_send_without_a_record() -> None:
    chosen = policy(consent_mode=ConsentMode.STORE_POLICY, rules=FREE_TEXAS)

    assert judged(paid_order(billing=TEXAS, shipping=None), known=NO_RECORD, chosen=chosen) == sending(
        basis=Basis.STORE_POLICY
    )


def test_row_7_nothing_to_match_by_is_withheld_even_while_off() -> None:
    verdict = judged(stands=standing(has_match_data=False), chosen=policy(tracking_on=False))

    assert verdict == Verdict(Outcome.WITHHELD, Reason.NO_MATCH_DATA)


def test_row_8_another_dataset_by_now_is_a_miss_even_while_off() -> None:
    verdict = judged(stands=standing(connection_is_current=False), chosen=policy(tracking_on=False))

    assert verdict == Verdict(Outcome.MISSED, Reason.NOT_CONNECTED)


@pytest.mark.parametrize(
    ("chosen", "stands"),
    [
        (policy(tracking_on=False), standing()),
        (policy(), standing(tracking_on_since_intake=False)),
        (policy(tracking_on=False, connection_broken=True), standing()),
        (policy(tracking_on=False), standing(released=True)),
    ],
    ids=["off", "off in between", "off and broken", "off though released"],
)
def test_row_9_while_off_or_off_in_between_an_order_is_missed(chosen: Policy, stands: Standing) -> None:
    assert judged(chosen=chosen, stands=stands) == Verdict(Outcome.MISSED, Reason.TRACKING_OFF)


def test_offline_tracking_is_off_by_default() -> None:
    assert judged(chosen=Policy()) == Verdict(Outcome.MISSED, Reason.TRACKING_OFF)


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
        (evidence(completed(Delivery.BLOCKED)), standing(in_doubt_since=END - HOUR), policy(), Reason.UNCONFIRMED),
        (evidence(), standing(in_doubt_since=END - HOUR, released=True), policy(), Reason.UNCONFIRMED),
        (evidence(), standing(in_doubt_since=NOON), policy(connection_broken=True), Reason.UNCONFIRMED),
    ],
    ids=["held", "released", "waited for the connection", "in doubt", "in doubt, released", "in doubt, broken"],
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
    tracked, sent = Verdict(Outcome.TRACKED, Reason.PIXEL_DELIVERED), sending()

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


@pytest.mark.parametrize("changes", [{"test": True}, {"paid_at": NOON + 6 * DAY + 23 * HOUR}])
def test_what_could_not_be_sent_at_the_end_of_the_grace_period_is_not_told_as_such(changes: dict[str, Any]) -> None:
    assert would_send(paid_order(**changes), standing(), evidence(), Policy()) == frozenset()
