"""A group writer by itself: who is written with whom, and what each is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from plugin.storage import grouping
from plugin.storage.database import DatabaseAway
from plugin.storage.grouping import Alone, GroupWriter, Made, NoAnswer


class Book:
    """Writes numbers; a group waits until the test turns the page."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.page = threading.Semaphore(0)
        self.began = threading.Semaphore(0)

    def write(self, numbers: Sequence[int]) -> list[int]:
        self.groups.append(list(numbers))
        self.began.release()
        assert self.page.acquire(timeout=10)
        if -1 in numbers:
            raise ZeroDivisionError
        if -2 in numbers:
            raise DatabaseAway("no server")
        return [number * 2 for number in numbers]


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as made:
        yield made


def writer(book: Book, patience: float = 10) -> GroupWriter[int, int]:
    return GroupWriter(book.write, patience=patience, common=DatabaseAway)


def put(made: GroupWriter[int, int], number: int) -> int:
    return made.put(lambda: Made(number, number))


def waiting(made: GroupWriter[int, int], count: int) -> None:
    for _ in range(1000):
        if len(made._queue) == count:  # noqa: SLF001 - what a test has to wait for
            return
        time.sleep(0.01)
    raise AssertionError("they do not wait")


def behind_a_first(
    book: Book, made: GroupWriter[int, int], threads: ThreadPoolExecutor, numbers: Sequence[int]
) -> list[Future[int]]:
    """Hand in numbers while a first one is being written, so that they make one group."""
    first = threads.submit(put, made, 1)
    assert book.began.acquire(timeout=10)
    rest = []
    for place, number in enumerate(numbers):
        rest.append(threads.submit(put, made, number))
        waiting(made, place + 1)
    book.page.release()
    assert first.result(10) == 2
    assert book.began.acquire(timeout=10)
    return rest


def test_what_comes_while_one_group_is_written_is_the_next_and_each_gets_its_own_answer(
    book: Book, threads: ThreadPoolExecutor
) -> None:
    rest = behind_a_first(book, writer(book), threads, range(10, 20))
    assert not any(one.done() for one in rest)  # nobody is answered before it is written
    book.page.release()

    assert [one.result(10) for one in rest] == list(range(20, 40, 2))
    assert book.groups == [[1], list(range(10, 20))]


def test_two_of_one_key_are_never_in_one_group(book: Book, threads: ThreadPoolExecutor) -> None:
    rest = behind_a_first(book, writer(book), threads, [5, 6, 5, 5, 7])
    for _ in range(3):
        book.page.release()

    assert [one.result(10) for one in rest] == [10, 12, 10, 10, 14]
    assert book.groups == [[1], [5, 6, 7], [5], [5]]


@pytest.mark.parametrize(("bad", "told"), [(-1, Alone), (-2, DatabaseAway)])
def test_a_group_that_fails_tells_all_of_it_and_the_next_one_is_written(
    book: Book, threads: ThreadPoolExecutor, bad: int, told: type[Exception]
) -> None:
    made = writer(book)
    rest = behind_a_first(book, made, threads, [3, bad, 4])
    book.page.release()

    assert {type(one.exception(10)) for one in rest} == {told}
    book.page.release()
    assert put(made, 8) == 16


def test_what_cannot_be_made_is_its_own_trouble_alone(book: Book, threads: ThreadPoolExecutor) -> None:
    made = writer(book)

    def unreadable() -> Made[int]:
        raise ValueError("no number")

    first = threads.submit(put, made, 1)
    assert book.began.acquire(timeout=10)
    bad, good = threads.submit(made.put, unreadable), threads.submit(put, made, 2)
    waiting(made, 2)
    book.page.release(2)

    assert (first.result(10), good.result(10), str(bad.exception(10))) == (2, 4, "no number")


def test_who_waits_too_long_is_told_so_and_is_not_written_later(book: Book, threads: ThreadPoolExecutor) -> None:
    made = writer(book, patience=0.2)
    first = threads.submit(put, made, 1)
    assert book.began.acquire(timeout=10)
    with pytest.raises(NoAnswer):
        put(made, 2)
    assert isinstance(first.exception(10), NoAnswer)
    book.page.release(2)

    assert put(made, 3) == 6
    assert book.groups == [[1], [3]]


def test_a_full_queue_turns_away_at_once(
    book: Book, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "ROOM", 3)
    made = writer(book)
    rest = [threads.submit(put, made, 1)]
    assert book.began.acquire(timeout=10)
    rest += [threads.submit(put, made, number) for number in (2, 3, 4)]
    waiting(made, 3)
    begun = time.monotonic()
    with pytest.raises(NoAnswer):
        put(made, 5)

    assert time.monotonic() - begun < 1
    book.page.release(2)
    assert sorted(one.result(10) for one in rest) == [2, 4, 6, 8]


def test_closing_answers_all_that_was_handed_in_and_takes_nothing_more(book: Book, threads: ThreadPoolExecutor) -> None:
    made = writer(book)
    rest = behind_a_first(book, made, threads, [3, 4])
    last = threads.submit(put, made, 3)
    waiting(made, 1)
    closing = threads.submit(made.close)
    book.page.release(2)
    closing.result(10)

    assert [one.result(10) for one in (*rest, last)] == [6, 8, 6]
    with pytest.raises(Alone):
        put(made, 9)


def test_a_thread_that_is_gone_as_after_a_fork_is_begun_anew(book: Book) -> None:
    book.page.release(2)
    made = writer(book)
    assert put(made, 1) == 2
    made._thread = threading.Thread()  # noqa: SLF001 - what a forked process finds: one that does not run

    assert put(made, 2) == 4
