from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugin.recovery.dataset_report import (
    WINDOW,
    Counts,
    Figures,
    Key,
    Ledger,
    Quality,
    Report,
    Told,
    window_start,
)
from tests.builders import NOON

QUALITY = Quality(Told.COUNTED, None, 6.4, 4.5, 75.0, (Key("event_id", 100.0, 100.0, None),))


def figures(meta: Counts, **ledger: int) -> Figures:
    return Figures(int(NOON.timestamp()), meta, Ledger(**ledger))


def counted(web: int = 0, server: int = 0, ours: int = 0) -> Counts:
    return Counts(web, server, ours)


@pytest.mark.parametrize(
    ("server", "ours", "most", "foreign"),
    [(0, 0, 0, 0), (5, 5, 5, 0), (9, 5, 5, 4), (9, 0, 5, 4), (5, 0, 5, 0), (3, 5, 5, 0), (7, 9, 0, 0), (1, 0, 0, 1)],
)
def test_foreign_is_what_neither_metas_name_for_us_nor_the_ledger_explains(
    server: int, ours: int, most: int, foreign: int
) -> None:
    assert figures(counted(0, server, ours), most=most).foreign == foreign


@pytest.mark.parametrize(
    ("settled", "ours", "missing"), [(0, 0, 0), (1, 0, 0), (2, 0, 2), (5, 4, 0), (30, 27, 3), (30, 28, 0), (100, 91, 0)]
)
def test_fewer_than_sent_is_said_beyond_a_tenth_and_beyond_one(settled: int, ours: int, missing: int) -> None:
    assert figures(counted(0, ours, ours), sent=settled, settled=settled, most=settled).missing == missing


def test_what_was_sent_today_is_not_missing_yet() -> None:
    assert figures(counted(), sent=8, settled=0, most=8).missing == 0


def test_more_under_our_name_than_the_shop_can_have_sent_is_said() -> None:
    assert figures(counted(0, 9, 9), sent=5, settled=5, most=5).surplus == 4
    assert figures(counted(0, 6, 6), sent=5, settled=5, most=5).surplus == 0
    assert figures(counted(0, 9, 9), sent=5, settled=5, most=9).surplus == 0


@pytest.mark.parametrize(("web", "settled", "missing"), [(90, 100, 10), (91, 100, 0), (0, 1, 0), (0, 2, 2)])
def test_the_pixels_word_is_held_against_metas_count(web: int, settled: int, missing: int) -> None:
    assert figures(counted(web), pixel=settled, pixel_settled=settled, orders=settled).web_missing == missing


@pytest.mark.parametrize(
    ("web", "orders", "doubled"), [(0, 0, False), (4, 0, False), (5, 0, True), (100, 60, True), (89, 60, False)]
)
def test_two_pixels_show_in_the_browsers_count(web: int, orders: int, *, doubled: bool) -> None:
    assert figures(counted(web), orders=orders).web_doubled is doubled


def test_a_report_is_read_as_it_was_kept() -> None:
    report = Report(Told.COUNTED, QUALITY, figures=figures(counted(3, 2, 1), sent=1, most=2))

    assert Report.from_kept(report.kept()) == report
    assert report.kept()["figures"]["meta"] == {"web": 3, "server": 2, "ours": 1}


@pytest.mark.parametrize(
    "kept", [None, {}, {"told": "counted"}, {"told": "else", "quality": {"told": "error"}}, {"told": 1}, [], "x"]
)
def test_what_is_no_report_is_none(kept: Any) -> None:
    assert Report.from_kept(kept) is None


def test_an_error_leaves_the_figures_of_before_as_long_as_they_tell_of_the_window() -> None:
    before = Report(Told.COUNTED, QUALITY, figures=figures(counted(0, 4, 0)))
    away = Report(Told.ERROR, Quality(Told.ERROR), "2")

    assert away.after(before, NOON + timedelta(days=1)) == replace(away, figures=before.figures)
    assert away.after(before, NOON + timedelta(days=1)).foreign == 4
    assert away.after(before, NOON + WINDOW) == away
    assert away.after(None, NOON) == away
    denied = Report(Told.NOT_PERMITTED, Quality(Told.NOT_PERMITTED))
    assert denied.after(before, NOON).foreign == 0


@pytest.mark.parametrize("minute", [0, 1, 59])
def test_the_window_begins_with_a_full_hour_that_meta_still_tells_of(minute: int) -> None:
    now = datetime(2026, 11, 24, 12, minute, 30, tzinfo=UTC)

    assert window_start(now) == datetime(2026, 11, 17, 13, 0, tzinfo=UTC)
    assert now - WINDOW <= window_start(now)
