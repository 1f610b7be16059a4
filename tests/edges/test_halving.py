from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plugin.jobs.halving import MOST_POSTS, Hunt, cost


def play(count: int, bad: set[int], names: bool = False) -> tuple[list[int], list[int], int]:  # noqa: FBT001, FBT002
    """Return what was sent, what was refused alone, and the requests, of one turn."""
    hunt, sent, refused, posts = Hunt(), [], [], 0
    part: list[int] | None = list(range(count))
    while part is not None:
        posts += 1
        hunt.left -= 1
        worst = next((place for place, order in enumerate(part) if order in bad), None)
        if worst is None:
            sent += part
            hunt.good += len(part)
        elif len(part) == 1:
            refused += part
            hunt.bad += 1
        else:
            hunt.halve(part, worst if names else None)
        following = hunt.next_part()
        part = None if following is None else list(following)
    assert sorted([*sent, *refused, *hunt.unsent]) == list(range(count))
    return sent, refused, posts


@given(st.integers(1, 1000), st.data())
def test_one_bad_order_costs_twice_the_logarithm_at_most(count: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(0, count - 1))

    sent, refused, posts = play(count, {bad})

    assert refused == [bad]
    assert sent == [order for order in range(count) if order != bad]
    assert posts <= cost(count)


@given(st.integers(1, 1000), st.sets(st.integers(0, 999)))
def test_no_good_order_is_refused_none_is_lost_and_the_budget_holds(count: int, bad: set[int]) -> None:
    sent, refused, posts = play(count, bad)

    assert not bad.intersection(sent)
    assert bad.issuperset(refused)
    assert sent == sorted(sent)
    assert posts <= MOST_POSTS


@given(st.integers(2, 1000), st.data())
def test_a_named_order_costs_two_requests(count: int, data: st.DataObject) -> None:
    assert play(count, {data.draw(st.integers(0, count - 1))}, names=True)[2] == 3


def test_a_name_that_cannot_be_meant_is_no_name() -> None:
    hunt = Hunt()
    hunt.halve([1, 2, 3], 3)

    assert hunt.unsent == [1, 2, 3]
    assert list(hunt.next_part() or ()) == [1]


def test_it_is_in_vain_only_where_most_are_bad_and_the_budget_is_over() -> None:
    assert not Hunt(left=0, bad=5).in_vain
    assert Hunt(left=1, bad=5, good=5, parts=[[1, 2]]).in_vain
    assert not Hunt(left=1, bad=2, good=500, parts=[[1, 2]]).in_vain
    assert not Hunt(left=9, bad=5, parts=[[1, 2]]).in_vain
