from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.recovery.pixel_health import (
    QUARTER,
    Count,
    Finding,
    Health,
    Quarter,
    Trouble,
    does_well_again,
    examine,
    name_fall,
    usual_share,
)
from tests.recovery.pixel_shops import A_DAY, START, alarmed, found_after, simulated


def some(n: int, count: Count, first: int = 0) -> list[Quarter]:
    return [Quarter(START + (first + number) * QUARTER, count) for number in range(n)]


@pytest.mark.parametrize("per_day", [5, 100, 5000])
@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_a_pixel_that_falls_silent_is_found_within_20_orders_or_2_hours(per_day: int, share: float) -> None:
    late = 0  # of five shops; docs/evidence.md has a hundred of each kind, and those that take a few orders more
    for seed in range(5):
        falls_at = 15 * A_DAY + 7 * seed
        orders, hours = found_after(simulated(seed, per_day, share, 23, falls_at), falls_at)
        late += orders > 20 and hours > 2
    assert late == 0


@pytest.mark.parametrize(("per_day", "share"), [(5, 0.5), (20, 0.7), (100, 0.9), (1000, 0.7)])
def test_chance_alone_raises_no_alarm(per_day: int, share: float) -> None:
    quarters = simulated(per_day, per_day, share, 40)

    assert not any(alarmed(quarters, end) for end in range(15 * A_DAY, len(quarters), A_DAY // 6))


def test_without_orders_nothing_is_said() -> None:
    assert examine([], in_shop=True) == Finding(Health.HEALTHY)


def test_a_pixel_that_is_not_in_the_shop_is_told_at_once() -> None:
    assert examine([], in_shop=False).health is Health.NOT_INSTALLED


@pytest.mark.parametrize(
    ("fallen", "asked", "expected"),
    [
        (Count(2, 0, 0, 0), "there", (Health.PAUSED, Trouble.NOTHING_SEEN)),
        (Count(2, 0, 0, 0), "no answer", (Health.SILENT, Trouble.NOTHING_SEEN)),
        (Count(2, 2, 0, 2), "no answer", (Health.DEGRADED, Trouble.BLOCKED)),
        (Count(2, 2, 0, 0), "no answer", (Health.DEGRADED, Trouble.NO_PURCHASE)),
    ],
)
def test_a_trouble_is_named_by_what_still_arrives(fallen: Count, asked: str, expected: tuple[Health, Trouble]) -> None:
    before = some(14 * A_DAY, Count(1, 1, 1, 0))
    since = before[-1].start + QUARTER

    finding = examine([*before, *some(20, fallen, len(before))], in_shop=True if asked == "there" else None)

    assert (finding.health, finding.trouble, finding.since) == (*expected, since)
    assert finding.usual == pytest.approx(0.95)


def test_a_time_without_orders_shows_nothing() -> None:
    assert name_fall([], in_shop=None) == (Health.SILENT, Trouble.NOTHING_SEEN)


def test_a_few_orders_alone_prove_nothing() -> None:
    assert examine(some(4, Count(2, 0, 0, 0)), in_shop=True).health is Health.HEALTHY


def test_a_shop_that_was_never_seen_is_in_trouble_after_some_orders() -> None:
    assert examine(some(15, Count(2, 0, 0, 0)), in_shop=True).health is Health.PAUSED


def test_a_shop_whose_buyers_mostly_decline_is_healthy() -> None:
    assert examine(some(18 * A_DAY, Count(10, 2, 1, 0)), in_shop=True).health is Health.HEALTHY


def test_a_trouble_is_over_when_the_usual_share_is_back() -> None:
    silence, usual = some(30, Count(2, 0, 0, 0)), 0.8

    assert not does_well_again(silence, usual)
    assert not does_well_again([*silence, *some(2, Count(1, 1, 1, 0), 30)], usual)
    assert does_well_again([*silence, *some(10, Count(2, 2, 2, 0), 30)], usual)


def test_the_usual_share_is_taken_low_while_little_is_known() -> None:
    shares = [usual_share(Count(n, n * 9 // 10, n * 9 // 10, 0)) for n in (0, 10, 100, 10_000)]

    assert shares == sorted(shares)
    assert shares[0] < 0.7
    assert shares[-1] == pytest.approx(0.9, abs=0.01)


def test_counts_add_up() -> None:
    total = Count.total([Count(3, 2, 1, 1), Count(4, 4, 2, 1)])

    assert total == Count(7, 6, 3, 2)
    assert total.silent == 2
    assert Count(1, 1, 1, 0) + Count(1, 0, 0, 0) == Count(2, 1, 1, 0)
    assert timedelta(minutes=15) == QUARTER
