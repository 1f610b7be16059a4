"""The decision table, rows 1 to 9: what is not sent at all, with the moments at which it turns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from plugin.recovery.consent import Basis, ConsentMode, RegionRule
from plugin.recovery.evidence import Consent, Delivery, Evidence
from plugin.recovery.order import Region
from plugin.recovery.verdict import Outcome, Policy, Reason, Standing, Verdict
from tests.builders import NOON, OPTED_OUT, PAID, REFUSED, completed, evidence, paid_order, policy, post, standing
from tests.recovery.table import DAY, END, GRACE_OVER, HOUR, NO_RECORD, SECOND, judged, sending

TEXAS = Region("US", "TX")
FREE_TEXAS = (RegionRule("US", "TX", consent_required=False, sale_opt_out_required=False),)

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


def test_row_6_store_policy_asks_for_the_parcels_region_too() -> None:
    chosen = policy(consent_mode=ConsentMode.STORE_POLICY, rules=FREE_TEXAS)

    verdict = judged(paid_order(billing=TEXAS, shipping=Region("DE")), known=NO_RECORD, chosen=chosen)

    assert verdict == Verdict(Outcome.WITHHELD, Reason.CONSENT_UNKNOWN)


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
