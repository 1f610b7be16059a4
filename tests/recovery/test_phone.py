"""Phone numbers: a wrong match is worse than no match."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery import phone
from plugin.recovery.phone import phone_for_meta


@pytest.mark.parametrize(
    ("typed", "country", "digits"),
    [
        ("+1 (650) 555-1212", None, "16505551212"),
        ("+1.650.555.1212", "DE", "16505551212"),
        ("\u202a+1 650 555 1212\u202c", None, "16505551212"),
        ("001 650 555 1212", "US", "16505551212"),
        ("0044 20 7946 0958", "FR", "442079460958"),
        ("(650)555-1212", "US", "16505551212"),
        ("1 650 555 1212", "us", "16505551212"),
        ("020 7946 0958", "GB", "442079460958"),
        ("+44 (0)20 7946 0958", None, "442079460958"),
        ("+44 020 7946 0958", None, "442079460958"),
        ("06 12 34 56 78", "FR", "33612345678"),
        ("+33 (0)6 12 34 56 78", None, "33612345678"),
        ("+39 06 6982 1234", None, "390669821234"),
        ("06 6982 1234", "IT", "390669821234"),
        ("030 901820", "DE", "4930901820"),
        ("+1 650 555 1212 ext. 5", None, "16505551212"),
        ("٠٢٠ ٧٩٤٦ ٠٩٥٨", "GB", "442079460958"),
        ("+852 5123 4567", None, "85251234567"),
    ],
)
def test_a_phone_number_comes_with_its_calling_code_and_without_the_zero_of_home(
    typed: str, country: str | None, digits: str
) -> None:
    assert phone_for_meta(typed, country) == digits


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        ("650 555 1212", None),
        ("650 555 1212", "ZZ"),
        ("020 7946 0958", "US"),
        ("555-555-SHIP", "US"),
        ("123", "US"),
        ("+12", None),
        ("+0 650 555 1212", None),
        ("+1234567890123456", None),
        ("call me", "US"),
        ("NULL", "US"),
        ("0000000000", "US"),
        ("+", None),
        ("", "US"),
        ("+1 650 555 1212" + " " * 20 + "," * 30, None),
    ],
)
def test_a_number_whose_calling_code_is_not_certain_is_dropped(typed: str, country: str | None) -> None:
    assert phone_for_meta(typed, country) is None


def test_a_number_typed_in_full_asks_no_numbering_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(phonenumbers, "parse", lambda typed, _region: asked.append(typed))

    digits = phone_for_meta("+49 151 23456789", "DE")

    assert (digits, asked) == ("4915123456789", [])


@given(st.text("+0123456789 ()-./xSHIPé\u200b", max_size=24), st.sampled_from([None, "US", "GB", "IT", "XX"]))
def test_any_text_gives_digits_that_stay_the_same_or_nothing(typed: str, country: str | None) -> None:
    digits = phone_for_meta(typed, country)

    assert digits is None or (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15)
    assert digits is None or not digits.startswith("0")


HOMES = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]


@st.composite
def dialled_at_home(draw: st.DrawFn) -> tuple[str, str]:
    """A country, and a number much like one of its own: with or without prefix, some digits changed, some marks."""
    home = draw(st.sampled_from(HOMES))
    example = phonenumbers.example_number_for_type(home, draw(st.sampled_from(KINDS)))
    digits = list(str(example.national_number) if example else draw(st.from_regex(r"[0-9]{4,14}", fullmatch=True)))
    for place in draw(st.lists(st.integers(0, len(digits) - 1), max_size=3)):
        digits[place] = draw(st.sampled_from("0123456789"))
    plan = phonenumbers.PhoneMetadata.metadata_for_region(home)
    prefix = (plan and plan.national_prefix) or ""
    digits[:0] = draw(st.sampled_from(["", prefix, prefix, "0", "00", "1", "8"]))
    marks = draw(st.lists(st.tuples(st.integers(1, len(digits)), st.sampled_from(" -/.()")), max_size=4))
    for place, mark in sorted(marks, reverse=True):
        digits.insert(place, mark)
    return home, "".join(digits)


@given(dialled_at_home())
def test_the_short_way_for_numbers_of_home_gives_what_the_numbering_plans_give(case: tuple[str, str]) -> None:
    home, number = case
    short = phone._as_typed_at_home(number, home)  # noqa: SLF001 - it may only ever be quicker

    assert short is None or short == phone._by_numbering_plan(number, home)  # noqa: SLF001


@pytest.mark.parametrize(
    ("number", "home"), [("0151 23456789", "DE"), ("(202) 555-0143", "US"), ("06 12 34 56 78", "FR")]
)
def test_the_short_way_is_gone_by_what_people_type(number: str, home: str) -> None:
    assert phone._as_typed_at_home(number, home) is not None  # noqa: SLF001
