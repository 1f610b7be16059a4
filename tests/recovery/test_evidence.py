"""Evidence: the sum of posts that come twice, late, in any order, and against each other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery.evidence import Consent, Delivery, Evidence, Post, Stage
from tests.builders import AGREED, NOON, OPTED_OUT, ORDER_ID, REFUSED, completed, post
from tests.recovery.strategies import posts


@given(st.lists(posts(), max_size=5), st.randoms(use_true_random=False))
def test_the_order_in_which_posts_come_does_not_matter(made: list[Post], chance: object) -> None:
    shuffled = list(made)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random

    assert Evidence.of(shuffled) == Evidence.of(made)


@given(st.lists(posts(), min_size=1, max_size=5), st.data())
def test_any_order_and_repetition_of_a_checkouts_posts_is_the_same_evidence(
    made: list[Post], data: st.DataObject
) -> None:
    """Two tabs, second tries and two days' rows bring the same posts in any order, some of them more than once."""
    again = data.draw(st.lists(st.sampled_from(made), max_size=7))
    arrived = data.draw(st.permutations([*made, *again]))

    assert Evidence.of(arrived) == Evidence.of(made)
    assert Evidence.of(Post.from_kept(each.kept()) for each in arrived) == Evidence.of(made)


@given(st.lists(posts(), max_size=5))
def test_posts_that_come_twice_say_nothing_more(made: list[Post]) -> None:
    assert Evidence.of(made + made) == Evidence.of(made)


@given(st.lists(posts(), max_size=4), posts())
def test_a_delivery_once_reported_cannot_be_talked_away(made: list[Post], later: Post) -> None:
    delivered = [*made, completed(Delivery.SENT)]

    assert Evidence.of([*delivered, later]).delivered_for(ORDER_ID)


@given(st.lists(posts(), max_size=4))
def test_a_delivery_counts_for_the_order_it_names_alone(made: list[Post]) -> None:
    told = [each for each in made if each.stage is Stage.CHECKOUT_COMPLETED]
    named = {each.order_id for each in told if each.delivery is Delivery.SENT}

    assert Evidence.of(made).delivered_for(ORDER_ID) is (ORDER_ID in named)


@given(st.lists(posts(), min_size=1, max_size=4))
def test_consent_is_never_more_than_the_latest_posts_allow(made: list[Post]) -> None:
    consent = Evidence.of(made).consent
    times = [each.at for each in made if each.at]
    latest = [each.consent for each in made if each.at is None or each.at == max(times)]

    assert consent == Consent.strictest(latest)


def test_no_posts_are_no_evidence() -> None:
    nothing = Evidence.of([])

    assert nothing == Evidence()
    assert (nothing.consent, nothing.refused, nothing.sale_opted_out) == (None, False, False)
    assert (nothing.delivery_for(ORDER_ID), nothing.delivered_for(ORDER_ID)) == (None, False)


def test_evidence_knows_its_stages_and_times() -> None:
    merged = Evidence.of([completed(Delivery.PENDING), post(), post(at=None)])

    assert merged.stages == {Stage.CHECKOUT_STARTED, Stage.CHECKOUT_COMPLETED}
    assert (merged.first_at, merged.last_at) == (NOON - timedelta(minutes=1), NOON)


@pytest.mark.parametrize(
    ("words", "believed"),
    [
        ([Delivery.PENDING], Delivery.PENDING),
        ([Delivery.PENDING, Delivery.SENT], Delivery.SENT),
        ([Delivery.PENDING, Delivery.BLOCKED], Delivery.BLOCKED),
        ([Delivery.PENDING, Delivery.TIMEOUT], Delivery.TIMEOUT),
        ([Delivery.BLOCKED, Delivery.TIMEOUT], Delivery.TIMEOUT),
        ([Delivery.BLOCKED, Delivery.SENT], Delivery.SENT),
        ([Delivery.SKIPPED, Delivery.BLOCKED], Delivery.BLOCKED),
        ([Delivery.SENT, Delivery.TIMEOUT, Delivery.BLOCKED, Delivery.SKIPPED], Delivery.SENT),
    ],
)
def test_of_two_words_the_one_that_makes_a_copy_likelier_is_believed(words: list[Delivery], believed: Delivery) -> None:
    merged = Evidence.of(completed(word) for word in words)

    assert merged.delivery_for(ORDER_ID) is believed


@pytest.mark.parametrize("word", [Delivery.NO_ORDER_ID, Delivery.SKIPPED])
def test_why_nothing_was_sent_needs_no_order_named(word: Delivery) -> None:
    merged = Evidence.of([completed(word, order_id=None, event_id=None)])

    assert merged.delivery_for(ORDER_ID) is word


@pytest.mark.parametrize("word", [Delivery.PENDING, Delivery.SENT, Delivery.BLOCKED, Delivery.TIMEOUT])
def test_every_other_word_needs_the_order_named(word: Delivery) -> None:
    merged = Evidence.of([completed(word, order_id=None, event_id=None), completed(word, order_id=1, event_id=None)])

    assert merged.delivery_for(ORDER_ID) is None


@pytest.mark.parametrize("stage", [Stage.CHECKOUT_STARTED, Stage.PAYMENT_INFO_SUBMITTED])
@pytest.mark.parametrize("word", Delivery)
def test_the_fate_of_another_event_is_no_word_on_the_purchase(stage: Stage, word: Delivery) -> None:
    merged = Evidence.of([post(stage=stage, delivery=word), post(stage=stage, delivery=word, order_id=ORDER_ID)])

    assert merged.delivery_for(ORDER_ID) is None
    assert stage in merged.stages


def tab(consent: Consent, minutes: int, *words: Delivery) -> list[Post]:
    """What a tab tells of a checkout that it opened so many minutes before noon; with words, it also paid."""
    began = NOON - timedelta(minutes=minutes)
    opened = post(consent=consent, at=began, delivery=Delivery.PENDING)
    return [opened, *(completed(word, consent=consent, at=began + timedelta(minutes=1)) for word in words)]


@given(st.data())
def test_two_tabs_of_one_checkout_are_one_evidence(data: st.DataObject) -> None:
    first, second = tab(AGREED, 10), tab(AGREED, 5, Delivery.PENDING, Delivery.SENT)

    merged = Evidence.of(data.draw(st.permutations(first + second)))

    assert (merged.consent, merged.delivery_for(ORDER_ID)) == (AGREED, Delivery.SENT)
    assert merged.stages == {Stage.CHECKOUT_STARTED, Stage.CHECKOUT_COMPLETED}
    assert (merged.first_at, merged.last_at) == (NOON - timedelta(minutes=10), NOON - timedelta(minutes=4))


@given(st.data())
def test_a_withdrawal_in_one_tab_holds_against_an_older_yes_in_the_other(data: st.DataObject) -> None:
    withdrawn = post(stage=Stage.CONSENT_WITHDRAWN, consent=REFUSED, at=NOON)

    merged = Evidence.of(data.draw(st.permutations([*tab(AGREED, 10, Delivery.PENDING), withdrawn, *tab(AGREED, 5)])))

    assert merged.refused


def test_a_thank_you_page_that_is_loaded_again_says_nothing_new() -> None:
    once = tab(AGREED, 5, Delivery.PENDING, Delivery.SENT)

    assert Evidence.of(once + once[1:]) == Evidence.of(once)


def test_the_latest_choice_counts_whichever_came_first() -> None:
    agreed_late = Evidence.of([post(consent=AGREED, at=NOON), post(consent=REFUSED)])
    refused_late = Evidence.of([post(consent=REFUSED, at=NOON), post(consent=AGREED)])

    assert (agreed_late.consent, refused_late.consent) == (AGREED, REFUSED)


def test_of_equally_late_choices_the_stricter_counts() -> None:
    merged = Evidence.of([post(consent=AGREED), post(consent=OPTED_OUT)])

    assert merged.consent == OPTED_OUT
    assert (merged.refused, merged.sale_opted_out) == (False, True)


def test_a_refusal_without_readable_time_counts_against_any_other() -> None:
    merged = Evidence.of([post(consent=AGREED, at=NOON), post(consent=REFUSED, at=None)])

    assert merged.refused


@pytest.mark.parametrize(
    ("marketing", "analytics", "refused"),
    [(True, True, False), (True, False, True), (False, True, True), (False, False, True)],
)
def test_marketing_and_analytics_must_both_be_allowed(*, marketing: bool, analytics: bool, refused: bool) -> None:
    consent = Consent(marketing=marketing, analytics=analytics, preferences=False, sale_of_data=True)

    assert Evidence.of([post(consent=consent)]).refused is refused
