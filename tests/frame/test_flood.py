from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.flood import AT_ONCE, AWAY, BURST, ORDERS_WORTH, RECOUNT, SHARES, Buckets, DayRoom, Gate, NoPlace, TooMany
from plugin.flood import network_of as limited_by

DAY = date(2026, 11, 24)
RATES = st.sampled_from([0.5, 1, 3, 20, 500])
GAPS = st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=80)
TOLERANCE = 0.001 + 1e-6
"""Of a post: `Buckets.take` lets one through a thousandth of an interval early, whatever came before it."""


class Wound:
    """A clock that a test winds."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class PlainBucket:
    """A token bucket in its plainest form, to compare with."""

    def __init__(self, rate: float, now: float) -> None:
        self.rate, self.tokens, self.at = rate, rate * BURST, now

    def take(self, now: float) -> bool | None:
        """Answer None where rounding decides."""
        self.tokens, self.at = min(self.rate * BURST, self.tokens + (now - self.at) * self.rate), now
        if abs(self.tokens - 1) < 1e-2:
            return None
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@given(RATES, GAPS)
def test_a_bucket_lets_through_what_a_plain_one_does(rate: float, gaps: list[float]) -> None:
    now = 50_000.0
    buckets, plain = Buckets(rate), PlainBucket(rate, now)
    for gap in gaps:
        now += gap / rate
        expected = plain.take(now)
        if expected is None:
            return
        assert (buckets.take("a", now) == 0) is expected


@given(RATES, GAPS)
def test_in_no_span_of_time_does_more_pass_than_the_burst_and_the_rate(rate: float, gaps: list[float]) -> None:
    now, buckets, passed = 0.0, Buckets(rate), list[float]()
    for gap in gaps * 3:
        now += gap / rate / 3
        if buckets.take("a", now) == 0:
            passed.append(now)

    for first, begin in enumerate(passed):
        assert all(later + 1 <= rate * (BURST + end - begin) + TOLERANCE for later, end in enumerate(passed[first:]))


@given(RATES, GAPS)
def test_who_waits_as_told_gets_through_and_who_comes_earlier_does_not(rate: float, gaps: list[float]) -> None:
    now, buckets = 7.0, Buckets(rate)
    for _ in range(int(rate * BURST)):
        assert buckets.take("a", now) == 0
    for _ in gaps:
        wait = buckets.take("a", now)
        assert 0 < wait <= 1 / rate * 1.01
        assert buckets.take("a", now + wait * 0.9) > 0
        now += wait
        assert buckets.take("a", now) == 0


@given(st.lists(st.text(max_size=8), max_size=200), st.integers(1, 20))
def test_memory_is_bounded_whatever_names_are_invented(names: list[str], most: int) -> None:
    buckets = Buckets(5, most)
    for name in names:
        buckets.take(name, 0)
        assert len(buckets) <= most


@given(st.integers(1, 50), st.integers(2, 20))
def test_invented_names_take_nothing_from_a_real_one(flood: int, most: int) -> None:
    buckets = Buckets(1, most)
    for turn in range(BURST):
        assert buckets.take("real", 0.0) == 0
        for number in range(flood):
            assert buckets.take(f"invented {turn} {number}", 0.0) == 0


def test_one_that_keeps_knocking_is_not_forgotten_under_a_flood_of_names() -> None:
    buckets = Buckets(1, 100)
    for _ in range(BURST):
        buckets.take("pusher", 0)

    for turn in range(100):
        assert buckets.take("pusher", 0) > 0
        for number in range(90):
            buckets.take(f"invented {turn} {number}", 0)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("81.2.69.160", "81.2.69.160"),
        ("::ffff:81.2.69.160", "81.2.69.160"),
        ("2a02:26f0:1:2:3:4:5:6", "2a02:26f0:1:2::/64"),
        ("2a02:26f0:1:2::", "2a02:26f0:1:2::/64"),
        ("127.0.0.1", None),
        ("10.1.2.3", None),
        ("fd00::1", None),
        ("unix:", None),
        (None, None),
    ],
)
def test_an_address_is_limited_by_its_household(address: str | None, name: str | None) -> None:
    assert limited_by(address) == name


@given(st.lists(st.booleans(), max_size=120), st.integers(1, 40), st.integers(0, 3))
def test_room_ends_at_the_bound_and_one_that_settles_finds_as_much_again(
    settling: list[bool], most: int, with_order: int
) -> None:
    room, added = DayRoom(most), 0
    room.counted(1, DAY, without_order=0, with_order=with_order)
    bound = most + ORDERS_WORTH * with_order
    for one in settling:
        is_open = room.is_open(1, DAY, settling=one)
        assert is_open is (added < bound + (most if one else 0))
        if is_open:
            room.add(1, DAY)
            added += 1


def test_shops_and_days_have_rooms_of_their_own() -> None:
    room = DayRoom(1)
    room.add(1, DAY)

    assert not room.is_open(1, DAY, settling=False)
    assert room.is_open(2, DAY, settling=False)
    assert room.is_open(1, DAY + timedelta(days=1), settling=False)


def test_rows_are_counted_after_a_share_and_what_other_processes_added_is_seen() -> None:
    room, share = DayRoom(6400), 6400 // SHARES
    for _ in range(share):
        room.add(1, DAY)
        assert not room.claims_count(1, DAY, 0)
    room.add(1, DAY)

    assert room.claims_count(1, DAY, 0)
    assert not room.claims_count(1, DAY, 0)
    room.counted(1, DAY, without_order=6400, with_order=0)
    assert not room.is_open(1, DAY, settling=False)


def test_where_there_is_no_room_rows_are_counted_once_a_minute() -> None:
    room = DayRoom(1)
    room.add(1, DAY)
    room.add(1, DAY)
    assert room.claims_count(1, DAY, 0)
    room.counted(1, DAY, without_order=2, with_order=0)

    assert not room.claims_count(1, DAY, RECOUNT - 1)
    assert room.claims_count(1, DAY, RECOUNT)
    room.counted(1, DAY, without_order=1, with_order=1)
    assert room.is_open(1, DAY, settling=False)


def test_the_gate_refuses_with_whole_seconds_to_wait() -> None:
    clock = Wound()
    gate = Gate(per_address=1, per_shop=2, checkouts=9, clock=clock)
    for _ in range(BURST):
        gate.admit_address("81.2.69.160")
    with pytest.raises(TooMany) as caught:
        gate.admit_address("81.2.69.160")
    assert caught.value.retry_after == 1
    gate.admit_address("81.2.69.161")
    clock.now += 1
    gate.admit_address("81.2.69.160")

    for _ in range(2 * BURST):
        gate.admit_key("k")
    with pytest.raises(TooMany):
        gate.admit_key("k")


def test_places_are_few_and_come_back() -> None:
    gate = Gate(per_address=1, per_shop=1, checkouts=1)
    leave = threading.Event()
    taken = threading.Semaphore(0)

    def stay() -> None:
        with gate.place():
            taken.release()
            leave.wait(5)

    threads = [threading.Thread(target=stay) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    assert all(taken.acquire(timeout=5) for _ in threads)
    with pytest.raises(NoPlace), gate.place():
        pass
    leave.set()
    for thread in threads:
        thread.join(5)
    with gate.place():
        pass


def test_a_database_that_was_away_is_taken_to_be_so_for_a_moment() -> None:
    clock = Wound()
    gate = Gate(per_address=1, per_shop=1, checkouts=1, clock=clock)
    assert not gate.is_away()
    gate.note_away()
    assert gate.is_away()
    clock.now += AWAY
    assert not gate.is_away()
