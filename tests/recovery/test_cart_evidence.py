"""What the cart told, as one more record of consent beside the pixel's posts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from plugin.recovery.cart import CartChoice
from plugin.recovery.choice import Consent
from plugin.recovery.dial import EVERYTHING
from plugin.recovery.evidence import Evidence
from plugin.recovery.purchase import Browser, purchase_event, user_data_of, with_browser
from tests.builders import AGREED, NOON, OPTED_OUT, REFUSED, evidence, post, receipt

SECOND = timedelta(seconds=1)
FBP, FBC, OTHER = "fb.1.1764000000000.1", "fb.1.1764000000000.Click", "fb.1.1764000000000.2"


def told(consent: Consent = AGREED, *, after: timedelta = timedelta()) -> CartChoice:
    """A choice told so long after the example post."""
    return CartChoice(consent, NOON - timedelta(minutes=1) + after)


@pytest.mark.parametrize(
    ("posted", "carried", "after", "stands", "from_cart"),
    [
        (AGREED, REFUSED, SECOND, REFUSED, True),
        (REFUSED, AGREED, SECOND, AGREED, True),
        (AGREED, REFUSED, -SECOND, AGREED, False),
        (REFUSED, AGREED, -SECOND, REFUSED, False),
        (AGREED, OPTED_OUT, timedelta(), OPTED_OUT, True),
        (OPTED_OUT, AGREED, timedelta(), OPTED_OUT, True),
    ],
)
def test_the_latest_stands_and_of_equally_late_ones_the_stricter(
    posted: Consent, carried: Consent, after: timedelta, stands: Consent, *, from_cart: bool
) -> None:
    known = evidence(post(consent=posted)).with_choice(told(carried, after=after))

    assert (known.consent, known.from_cart) == (stands, from_cart)
    assert known.ids_lost is not (posted.allows_ids and carried.allows_ids)


def test_without_posts_the_cart_stands_alone_and_says_nothing_of_deliveries() -> None:
    known = Evidence().with_choice(told(OPTED_OUT))

    assert (known.consent, known.from_cart, known.sale_opted_out) == (OPTED_OUT, True, True)
    assert (known.deliveries, known.stages, known.last_at) == (frozenset(), frozenset(), None)


def test_without_a_choice_nothing_changes() -> None:
    assert evidence().with_choice(None) == evidence()
    assert Evidence().with_choice(None) == Evidence()


def test_a_post_without_a_readable_time_counts_beside_the_carts_choice() -> None:
    undated = evidence(post(consent=REFUSED, at=None), post())

    assert undated.with_choice(told(after=SECOND)).consent == REFUSED
    assert evidence(post(at=None)).with_choice(told(OPTED_OUT)).consent == OPTED_OUT


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(days=40_000)])
@pytest.mark.parametrize(("carried", "posted"), [(AGREED, REFUSED), (REFUSED, AGREED)])
def test_a_choice_dated_after_the_purchase_outlasts_no_refusal(
    carried: Consent, posted: Consent, ahead: timedelta
) -> None:
    told_by_cart = CartChoice(carried, NOON + ahead).told_before(NOON)

    assert evidence(post(consent=posted)).with_choice(told_by_cart).consent == REFUSED
    assert Evidence().with_choice(told_by_cart).consent == carried
    assert CartChoice.from_kept(told_by_cart.kept()) == told_by_cart


def test_a_browsers_clock_that_is_a_little_ahead_is_believed() -> None:
    choice = CartChoice(AGREED, NOON + timedelta(minutes=50))

    assert choice.told_before(NOON) == choice


def choosing(**parts: Any) -> bytes:
    letters, ids = parts.get("letters", "maps"), parts.get("ids", f"{FBP};{FBC}")
    value = f"1;{letters};2026-11-24T11:59:00Z;{ids}"
    told_by_cart = receipt(note_attributes=[{"name": "_backstop", "value": value}])
    return purchase_event(
        told_by_cart, fields=parts.get("fields", EVERYTHING), shop_url="https://s", content_ids="product"
    )


def ids_of(event: bytes) -> tuple[Any, Any]:
    found = user_data_of(event)
    return found.get("fbp"), found.get("fbc")


def test_the_carts_ids_are_in_the_event_where_choice_and_dial_allow() -> None:
    assert ids_of(choosing()) == (FBP, FBC)
    assert ids_of(choosing(fields=EVERYTHING - {"fbp"})) == (None, FBC)
    assert ids_of(choosing(letters="map")) == (None, None)
    assert ids_of(choosing(letters="-")) == (None, None)


def test_the_pixels_ids_go_before_the_carts_one_by_one() -> None:
    assert ids_of(with_browser(choosing(), None, ldu=False)) == (FBP, FBC)
    assert ids_of(with_browser(choosing(), Browser(fbp=OTHER), ldu=False)) == (OTHER, FBC)


def test_limited_data_use_and_a_refusal_at_any_time_drop_them() -> None:
    told_too = Browser(fbp=OTHER, fbc=FBC)

    assert ids_of(with_browser(choosing(), told_too, ldu=True)) == (None, None)
    assert ids_of(with_browser(choosing(), told_too, ldu=False, ids=False)) == (None, None)
