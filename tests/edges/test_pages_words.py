from __future__ import annotations

import gzip
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from plugin.pages import show, words
from plugin.pages.figures import figures_of, last_days
from plugin.pages.notices import NOTICES
from plugin.recovery.buyer import ALL_FIELDS
from plugin.recovery.consent import Basis
from plugin.recovery.evidence import Delivery, Stage
from plugin.recovery.outcomes import Outcome, Reason
from plugin.storage.counting import DayCount
from plugin.storage.listing import Mark
from tests.conftest import NOON


def test_every_outcome_reason_field_and_word_has_a_wording() -> None:
    assert words.LABELS.keys() == words.TONES.keys() == set(Outcome)
    assert words.WHY.keys() == set(Reason)
    assert words.FIELDS.keys() == ALL_FIELDS
    assert words.BASES.keys() == set(Basis)
    assert words.DELIVERIES.keys() == set(Delivery)
    assert words.STAGES.keys() == set(Stage)


def test_pages_speak_of_the_pixel_as_product_words_do() -> None:
    said = [word for why in words.WHY.values() for word in asdict(why).values()]
    said += [*words.DELIVERIES.values(), *(notice.said(n) for notice in NOTICES.values() for n in (0, 1, 2))]

    assert not any("meta received" in text.lower() or "!" in text for text in said)
    assert "The pixel reported it" in words.WHY[Reason.PIXEL_DELIVERED].short


def test_our_own_scripts_and_styles_are_light() -> None:
    files = (Path(__file__).parents[2] / "static").iterdir()

    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < 10_000


def test_a_mark_is_read_as_it_was_written() -> None:
    mark = Mark(NOON + timedelta(microseconds=123456), 2**63 - 1)

    assert Mark.from_text(str(mark)) == mark


def test_the_last_30_days_end_today_by_the_shops_calendar() -> None:
    late = NOON.replace(hour=23, minute=30)

    assert last_days("Europe/Berlin", late)[1] == date(2026, 11, 25)
    assert last_days("America/Los_Angeles", late)[1] == date(2026, 11, 24)
    assert last_days("No/Such_Zone", late)[1] == date(2026, 11, 24)
    first, last = last_days("UTC", late)
    assert (last - first).days == 29


def test_a_days_column_is_as_tall_as_its_orders() -> None:
    day = date(2026, 11, 24)
    found = figures_of(
        [
            DayCount(day, Outcome.TRACKED, Reason.PIXEL_DELIVERED, 3),
            DayCount(day, Outcome.MISSED, Reason.TRACKING_OFF, 2),
            DayCount(day, Outcome.IGNORED, Reason.TEST_ORDER, 1),
            DayCount(date(2026, 11, 23), Outcome.TRACKED, Reason.PIXEL_DELIVERED, 1),
        ],
        date(2026, 11, 23),
        day,
    )

    yesterday, today = found.columns
    assert (found.top, found.paid) == (6, 6)
    assert [(bar.outcome, round(bar.y), round(bar.height)) for bar in today.bars] == [
        (Outcome.TRACKED, 83, 74),
        (Outcome.MISSED, 33, 49),
    ]
    assert len(yesterday.bars) == 1
    assert found.share(Outcome.TRACKED) == "66.7%"
    assert [number for _, number in found.grid()] == [6, 4, 2, 0]


@pytest.mark.parametrize(
    ("tallest", "lines"),
    [
        (0, [3, 2, 1, 0]),
        (4, [4, 3, 2, 1, 0]),
        (5, [6, 4, 2, 0]),
        (9, [10, 5, 0]),
        (100, [100, 50, 0]),
        (102, [150, 100, 50, 0]),
        (1333, [1500, 1000, 500, 0]),
        (80_000, [80_000, 60_000, 40_000, 20_000, 0]),
    ],
)
def test_the_lines_of_the_chart_stand_for_round_numbers(tallest: int, lines: list[int]) -> None:
    day = date(2026, 11, 24)
    found = figures_of([DayCount(day, Outcome.TRACKED, Reason.PIXEL_DELIVERED, tallest)], day, day)

    assert [number for _, number in found.grid()] == lines
    assert found.grid()[0][0] == pytest.approx(8)


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("128.4000", "EUR", "128.40 EUR"),
        ("1128.4000", "EUR", "1,128.40 EUR"),
        ("1200.0000", "JPY", "1,200 JPY"),
        ("1200.5000", "JPY", "1,200.5 JPY"),
        ("1.2345", "KWD", "1.2345 KWD"),
        ("0.0000", "USD", "0.00 USD"),
        ("1000000.0000", "USD", "1,000,000.00 USD"),
    ],
)
def test_money_is_shown_to_the_last_digit(value: str, currency: str, shown: str) -> None:
    assert show.money(Decimal(value), currency) == shown


def test_times_are_the_shops_own() -> None:
    assert show.moment(NOON, "Europe/Berlin") == "24 Nov 2026, 13:00"
    assert show.moment(NOON, "No/Such_Zone") == "24 Nov 2026, 12:00"
