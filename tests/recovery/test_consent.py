"""On what an order may be sent: the recorded choice, else the shop's own rules, as the merchant's mode says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery.consent import Basis, ConsentMode, RegionRule, Terms, permission, refusal
from plugin.recovery.evidence import Evidence
from plugin.recovery.order import Region
from plugin.recovery.outcomes import Reason
from tests.builders import AGREED, OPTED_OUT, REFUSED, evidence, post
from tests.recovery.strategies import REGIONS, RULES, evidences

NO_RECORD = Evidence()
CALIFORNIA, TEXAS, GERMANY, FRANCE = Region("US", "CA"), Region("US", "TX"), Region("DE"), Region("FR")


def by_policy(*, ldu: bool = False, rules: tuple[RegionRule, ...] | None = tuple(RULES)) -> Terms:
    return Terms(ConsentMode.STORE_POLICY, ldu, rules)


@pytest.mark.parametrize("mode", ConsentMode)
def test_a_recorded_agreement_is_a_basis_in_both_modes(mode: ConsentMode) -> None:
    basis = permission(evidence(post(consent=AGREED)), [None], Terms(mode))

    assert basis is Basis.RECORDED_CONSENT
    assert not basis.ldu


@pytest.mark.parametrize("mode", ConsentMode)
@pytest.mark.parametrize("ldu", [True, False])
def test_a_recorded_refusal_is_final_in_both_modes(mode: ConsentMode, *, ldu: bool) -> None:
    terms = Terms(mode, ldu, tuple(RULES))

    assert permission(evidence(post(consent=REFUSED)), [TEXAS], terms) is Reason.CONSENT_DECLINED


@pytest.mark.parametrize(
    ("recorded", "customer"),
    [(OPTED_OUT, False), (OPTED_OUT, True), (AGREED, True)],
    ids=["checkout", "both", "customer"],
)
def test_a_sale_opt_out_withholds_unless_limited_data_use_is_chosen(recorded: object, *, customer: bool) -> None:
    known = evidence(post(consent=recorded))

    withheld = permission(known, [TEXAS], Terms(), sale_opted_out=customer)
    limited = permission(known, [TEXAS], Terms(ldu=True), sale_opted_out=customer)

    assert withheld is Reason.DATA_SALE_OPT_OUT
    assert limited is Basis.RECORDED_CONSENT_LDU


def test_without_a_record_the_recorded_mode_sends_nothing() -> None:
    assert permission(NO_RECORD, [TEXAS], Terms(rules=tuple(RULES))) is Reason.CONSENT_UNKNOWN


@pytest.mark.parametrize(
    ("regions", "answer"),
    [
        ([TEXAS], Basis.STORE_POLICY),
        ([TEXAS, TEXAS], Basis.STORE_POLICY),
        ([TEXAS, None], Basis.STORE_POLICY),
        ([GERMANY], Reason.CONSENT_UNKNOWN),
        ([TEXAS, GERMANY], Reason.CONSENT_UNKNOWN),
        ([FRANCE], Reason.CONSENT_UNKNOWN),
        ([TEXAS, FRANCE], Reason.CONSENT_UNKNOWN),
        ([None, None], Reason.CONSENT_UNKNOWN),
        ([CALIFORNIA], Reason.CONSENT_UNKNOWN),
        ([TEXAS, CALIFORNIA], Reason.CONSENT_UNKNOWN),
        ([Region("US")], Reason.CONSENT_UNKNOWN),
    ],
)
def test_without_a_record_store_policy_follows_the_strictest_rule_of_the_regions(
    regions: list[Region | None], answer: object
) -> None:
    assert permission(NO_RECORD, regions, by_policy()) is answer


@pytest.mark.parametrize("regions", [[CALIFORNIA], [TEXAS, CALIFORNIA], [Region("US")]])
def test_where_a_sale_opt_out_is_offered_limited_data_use_may_send(regions: list[Region | None]) -> None:
    basis = permission(NO_RECORD, regions, by_policy(ldu=True))

    assert basis is Basis.STORE_POLICY_LDU
    assert basis.ldu


def test_limited_data_use_is_no_way_around_consent() -> None:
    assert permission(NO_RECORD, [GERMANY, CALIFORNIA], by_policy(ldu=True)) is Reason.CONSENT_UNKNOWN


@pytest.mark.parametrize("rules", [None, ()])
def test_rules_that_cannot_be_read_send_nothing(rules: tuple[RegionRule, ...] | None) -> None:
    assert permission(NO_RECORD, [TEXAS], by_policy(rules=rules)) is Reason.CONSENT_UNKNOWN


def test_two_rules_for_one_place_count_as_the_stricter() -> None:
    rules = (*RULES, RegionRule("US", "TX", consent_required=False, sale_opt_out_required=False))
    doubled = (*rules, RegionRule("US", "TX", consent_required=True, sale_opt_out_required=False))

    assert permission(NO_RECORD, [TEXAS], by_policy(rules=rules)) is Basis.STORE_POLICY
    assert permission(NO_RECORD, [TEXAS], by_policy(rules=doubled)) is Reason.CONSENT_UNKNOWN


def test_the_rule_of_a_subdivision_stands_in_place_of_the_countrys() -> None:
    rules = (
        RegionRule("US", None, consent_required=True, sale_opt_out_required=False),
        RegionRule("US", "TX", consent_required=False, sale_opt_out_required=False),
    )

    assert permission(NO_RECORD, [TEXAS], by_policy(rules=rules)) is Basis.STORE_POLICY
    assert permission(NO_RECORD, [CALIFORNIA], by_policy(rules=rules)) is Reason.CONSENT_UNKNOWN


def test_a_customer_who_opted_out_is_limited_under_store_policy_too() -> None:
    assert permission(NO_RECORD, [TEXAS], by_policy(), sale_opted_out=True) is Reason.DATA_SALE_OPT_OUT
    assert permission(NO_RECORD, [TEXAS], by_policy(ldu=True), sale_opted_out=True) is Basis.STORE_POLICY_LDU


@given(evidences(), st.booleans(), st.builds(Terms, st.sampled_from(ConsentMode), st.booleans(), st.just(tuple(RULES))))
def test_whatever_refuses_at_once_never_permits_later(known: Evidence, customer: bool, terms: Terms) -> None:  # noqa: FBT001
    declined = refusal(known, terms, sale_opted_out=customer)
    answer = permission(known, [TEXAS], terms, sale_opted_out=customer)

    assert declined is None or answer is declined
    assert declined is not None or answer is Reason.CONSENT_UNKNOWN or isinstance(answer, Basis)


@given(
    evidences(),
    st.lists(st.sampled_from(REGIONS), max_size=2),
    st.lists(st.sampled_from(RULES), max_size=3).map(tuple),
    st.booleans(),
)
def test_store_policy_never_sends_less_than_the_recorded_mode(
    known: Evidence,
    regions: list[Region | None],
    rules: tuple[RegionRule, ...],
    ldu: bool,  # noqa: FBT001
) -> None:
    recorded = permission(known, regions, Terms(ConsentMode.RECORDED, ldu, rules))
    by_rules = permission(known, regions, Terms(ConsentMode.STORE_POLICY, ldu, rules))

    assert by_rules is recorded or recorded is Reason.CONSENT_UNKNOWN
