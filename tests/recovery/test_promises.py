"""What holds for every order, every evidence, every policy, at every time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.recovery.consent import Basis
from plugin.recovery.evidence import Consent, Evidence, Post
from plugin.recovery.order import PaidOrder
from plugin.recovery.verdict import (
    REASONS,
    Outcome,
    Policy,
    Reason,
    Standing,
    Verdict,
    decide,
    may_change,
    recovered_reason,
    would_send,
)
from tests.recovery.strategies import evidences, moments, orders, policies, posts, standings

FACTS = st.tuples(orders(), standings(), evidences(), policies(), moments())
Facts = tuple[PaidOrder, Standing, Evidence, Policy, datetime]
NEVER_IN_DOUBT = {Outcome.IGNORED, Outcome.WITHHELD, Outcome.MISSED}
VERDICTS = st.sampled_from([Verdict(outcome, reason) for outcome in Outcome for reason in sorted(REASONS[outcome])])
OPEN = {Reason.TRACKING_OFF, Reason.NOT_CONNECTED, Reason.CONSENT_UNKNOWN}

many = settings(max_examples=80)


@many
@given(FACTS)
def test_every_order_has_one_outcome_with_a_reason_of_its_list(facts: Facts) -> None:
    verdict = decide(*facts)

    assert verdict.reason in REASONS[verdict.outcome]
    assert verdict == decide(*facts)


@many
@given(FACTS)
def test_only_a_waiting_order_is_looked_at_again_and_always_is(facts: Facts) -> None:
    verdict = decide(*facts)

    assert (verdict.look_at is not None) is (verdict.outcome is Outcome.WAITING)
    assert verdict.look_at is None or verdict.look_at >= facts[-1]


@many
@given(FACTS)
def test_nothing_is_sent_without_a_basis_while_off_or_over_a_refusal(facts: Facts) -> None:
    _, stands, known, chosen, _ = facts

    verdict = decide(*facts)

    assert (verdict.basis is not None) is (verdict.reason is Reason.SENDING)
    assert verdict.basis is None or (chosen.tracking_on and stands.tracking_on_since_intake)
    assert verdict.basis is None or not (known.refused or known.delivered_for(facts[0].id))
    assert verdict.ldu or verdict.basis is None or not (known.sale_opted_out or stands.sale_opted_out)


@many
@given(FACTS)
def test_switching_off_never_sends_and_changes_nothing_that_was_not_to_be_sent(facts: Facts) -> None:
    order, stands, known, chosen, now = facts

    on = decide(order, stands, known, replace(chosen, tracking_on=True), now)
    off = decide(order, stands, known, replace(chosen, tracking_on=False), now)

    assert off.reason is not Reason.SENDING
    assert off == on or off.reason in {Reason.TRACKING_OFF, Reason.UNCONFIRMED}


@many
@given(FACTS)
def test_an_order_in_doubt_never_ends_ignored_withheld_or_missed(facts: Facts) -> None:
    order, stands, known, chosen, now = facts
    doubtful = replace(stands, in_doubt_since=order.placed_at)

    assert decide(order, doubtful, known, chosen, now).outcome not in NEVER_IN_DOUBT


@many
@given(FACTS, st.lists(posts(), max_size=3), st.sampled_from(["marketing", "analytics", "sale_of_data"]))
def test_adding_a_refusal_never_turns_withheld_into_recovered(facts: Facts, made: list[Post], purpose: str) -> None:
    order, stands, _, chosen, now = facts
    known = Evidence.of(made)
    latest = known.consent or Consent(marketing=True, analytics=True, preferences=True, sale_of_data=True)
    refused = replace(known, consent=replace(latest, **{purpose: False}))

    before = decide(order, stands, known, chosen, now)
    after = decide(order, stands, refused, chosen, now)

    withheld = before.outcome is Outcome.WITHHELD and before.reason is not Reason.CONSENT_UNKNOWN
    assert not (withheld and after.reason is Reason.SENDING)
    assert after.reason is not Reason.SENDING or after.basis is not None
    assert purpose == "sale_of_data" or after.reason is not Reason.SENDING


@many
@given(FACTS)
def test_a_sale_opt_out_never_makes_an_order_sent_that_would_not_have_been(facts: Facts) -> None:
    order, stands, known, chosen, now = facts

    without = decide(order, replace(stands, sale_opted_out=False), known, chosen, now)
    opted_out = decide(order, replace(stands, sale_opted_out=True), known, chosen, now)

    assert opted_out.basis is None or (without.basis is not None and opted_out.ldu)


@many
@given(FACTS, st.lists(st.tuples(standings(), evidences(), policies(), moments()), max_size=3))
def test_a_final_outcome_stays_final_whatever_comes_later(
    facts: Facts, later: list[tuple[Standing, Evidence, Policy, datetime]]
) -> None:
    settled = decide(*facts)
    for stands, known, chosen, now in later:
        new = decide(facts[0], stands, known, chosen, now)
        before, settled = settled, new if may_change(settled, new) else settled

        assert before.outcome is Outcome.WAITING or settled == before or settled.outcome is Outcome.TRACKED
        assert before.outcome is Outcome.WAITING or settled == before or before.reason in OPEN


@given(VERDICTS, VERDICTS, st.booleans())
def test_only_waiting_missed_and_consent_unknown_may_change(old: Verdict, new: Verdict, recovering: bool) -> None:  # noqa: FBT001
    changes = may_change(old, new, recovering=recovering)

    open_to_it = old.reason in OPEN and (recovering or new.outcome is Outcome.TRACKED)
    assert changes is (old.outcome is Outcome.WAITING or open_to_it)


@many
@given(FACTS)
def test_what_the_modes_would_send_hangs_on_neither_the_switch_nor_the_mode(facts: Facts) -> None:
    order, stands, known, chosen, _ = facts
    other = replace(chosen, tracking_on=not chosen.tracking_on, connection_broken=not chosen.connection_broken)

    assert would_send(order, stands, known, chosen) == would_send(order, stands, known, other)


@many
@given(FACTS)
def test_an_order_that_is_sent_can_be_recovered_for_a_reason(facts: Facts) -> None:
    verdict = decide(*facts)
    recovered = Verdict(Outcome.RECOVERED, recovered_reason(facts[2], facts[0].id))

    assert verdict.reason is not Reason.SENDING or may_change(verdict, recovered)
    assert verdict.basis is None or isinstance(verdict.basis, Basis)


@many
@given(FACTS)
def test_every_order_is_decided_in_the_end(facts: Facts) -> None:
    order, stands, known, chosen, _ = facts
    end = max(order.placed_at.replace(year=2027), order.paid_at + chosen.grace)

    assert decide(order, stands, known, chosen, end).outcome is not Outcome.WAITING
