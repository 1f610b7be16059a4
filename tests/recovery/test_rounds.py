from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.recovery import rounds
from tests.builders import NOON
from tests.recovery.table import DAY, HOUR, MINUTE, SECOND


def test_a_round_begins_where_the_last_one_ended_else_at_the_install() -> None:
    assert rounds.begins_at(NOON - HOUR, NOON - 9 * DAY, NOON) == NOON - HOUR
    assert rounds.begins_at(None, NOON - 9 * DAY, NOON) == NOON - 9 * DAY


def test_a_round_asks_for_no_order_older_than_shopify_shows() -> None:
    assert rounds.begins_at(None, NOON - 90 * DAY, NOON) == NOON - 60 * DAY


@pytest.mark.parametrize(
    ("last_change", "seen"),
    [(NOON, NOON - 30 * MINUTE), (NOON - 10 * MINUTE, NOON - 30 * MINUTE), (NOON - HOUR, NOON - HOUR)],
)
def test_nothing_of_the_last_half_hour_is_seen_for_good(last_change: object, seen: object) -> None:
    assert rounds.seen_for_good(last_change, NOON) == seen  # type: ignore[arg-type]  # pytest's table is loose


def test_the_rounds_of_shops_spread_over_the_hour() -> None:
    waits = {rounds.next_round(shop, NOON, seen_until=None, in_gap=False) - NOON for shop in range(1, 200)}

    assert (min(waits), max(waits), len(waits)) == (46 * MINUTE, HOUR, 15)


@pytest.mark.parametrize(
    ("seen_until", "in_gap", "wait"),
    [
        (NOON - HOUR, False, timedelta(0)),
        (NOON - HOUR, True, timedelta(0)),
        (NOON - 20 * MINUTE, False, 5 * MINUTE),
        (None, True, 5 * MINUTE),
    ],
)
def test_a_round_that_was_cut_off_goes_on_soon(seen_until: object, in_gap: bool, wait: timedelta) -> None:  # noqa: FBT001 - pytest's way
    assert rounds.next_round(1, NOON, seen_until=seen_until, in_gap=in_gap) == NOON + wait  # type: ignore[arg-type]


def test_a_round_moves_on_by_whole_seconds() -> None:
    assert not rounds.moves_on(NOON, None)
    assert not rounds.moves_on(NOON, NOON + SECOND / 2)
    assert rounds.moves_on(NOON, NOON + SECOND)


def test_a_webhook_is_overdue_after_ten_minutes() -> None:
    assert rounds.is_overdue(NOON - 10 * MINUTE, NOON)
    assert not rounds.is_overdue(NOON - 10 * MINUTE + SECOND, NOON)


def test_trouble_waits_as_long_as_shopify_asks_for_and_never_not_at_all() -> None:
    assert rounds.after_trouble(NOON, None) == NOON + 10 * MINUTE
    assert rounds.after_trouble(NOON, SECOND) == NOON + MINUTE
    assert rounds.after_trouble(NOON, HOUR) == NOON + HOUR
