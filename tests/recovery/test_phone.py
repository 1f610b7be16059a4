"""Phone numbers: a wrong match is worse than no match."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
