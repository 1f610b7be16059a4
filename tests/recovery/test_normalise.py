"""Each field as Meta wants it before hashing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery.normalise import (
    city_for_meta,
    country_for_meta,
    email_for_meta,
    name_for_meta,
    plain_text,
    postcode_for_meta,
    region_for_meta,
)

TEXTS = st.text(max_size=30) | st.text("aAéÉİ\u0131ßẞ \u0301\u0307\u200b-'.\tकि정", max_size=12)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" John_Smith@GMAIL.com\n", "john_smith@gmail.com"),
        ("j.o.h.n+shop@example.com", "j.o.h.n+shop@example.com"),
        ("José@exämple.example", "josé@exämple.example"),
        ("\ufeffzoe@example.com\u200b", "zoe@example.com"),
        ("a@b", None),
        ("not-an-email", None),
        ("two@at@example.com", None),
        ("with blank@example.com", None),
        ("zoe@example..com", None),
        ("", None),
        ("x" * 250 + "@example.com", None),
    ],
)
def test_an_email_is_trimmed_and_lowered_and_nothing_else(typed: str, address: str | None) -> None:
    assert email_for_meta(typed) == address


@pytest.mark.parametrize(
    ("typed", "forms"),
    [
        ("Mary", ("mary",)),
        ("O'Neil", ("oneil",)),
        ("Mary-Jane O'Neil", ("maryjane oneil", "maryjaneoneil")),
        ("  Ana   María ", ("ana maría", "anamaría")),
        ("Müller, Jr.", ("müller jr", "müllerjr")),
        ("İstanbul", ("i\u0307stanbul",)),
        ("정", ("정",)),
        ("किरण", ("किरण",)),
        ("Snake_Case", ("snakecase",)),
        ("Zo\u00ad\u200bë", ("zoë",)),
        ("a \u0300", ("a \u0300", "à")),
        ("Mary\tJane", ("mary jane", "maryjane")),
        ("Elizabeth 2", ("elizabeth 2", "elizabeth2")),
        ("ZOË-\uff2c", ("zoël",)),
        (".", ()),
        ("12 345", ()),
        ("\ud800", ()),
        ("", ()),
    ],
)
def test_a_name_loses_its_punctuation_and_a_compound_one_comes_in_both_forms(
    typed: str, forms: tuple[str, ...]
) -> None:
    assert name_for_meta(typed) == forms


@pytest.mark.parametrize(
    ("typed", "forms"),
    [
        ("New York", ("newyork",)),
        ("St. John's", ("stjohns",)),
        ("Zürich", ("zürich", "zurich")),
        ("Łódź", ("łódź", "lodz")),
        ("東京", ("東京",)),
        ("Paris 75001", ("paris",)),
        ("İzmir", ("i\u0307zmir", "izmir")),
        ("94105", ()),
        ("", ()),
    ],
)
def test_a_city_is_its_letters_with_and_without_accents(typed: str, forms: tuple[str, ...]) -> None:
    assert city_for_meta(typed) == forms


@pytest.mark.parametrize(
    ("name", "code", "country", "forms"),
    [
        ("California", "CA", "us", ("ca",)),
        ("California", "US-CA", "us", ("ca",)),
        ("CA", None, "us", ("ca",)),
        ("California", None, "us", ()),
        ("New South Wales", "NSW", "au", ("newsouthwales", "nsw")),
        ("Tōkyō", "JP-13", "jp", ("tōkyō", "tokyo")),
        ("Barcelona", "B", "es", ("barcelona",)),
        ("Bayern", None, None, ("bayern",)),
        (None, None, "de", ()),
        ("", "", None, ()),
    ],
)
def test_a_region_is_a_code_in_the_us_and_name_and_code_elsewhere(
    name: str | None, code: str | None, country: str | None, forms: tuple[str, ...]
) -> None:
    assert region_for_meta(name, code, country) == forms


@pytest.mark.parametrize(
    ("typed", "country", "code"),
    [
        ("94035", "us", "94035"),
        ("94035-1234", "us", "94035"),
        ("940351234", "us", "94035"),
        ("2134", "us", None),
        ("M1 1AE", "us", None),
        (" M1 1ae ", "gb", "m11ae"),
        ("123-4567", "jp", "1234567"),
        ("\uff11\uff12\uff13\uff0d\uff14\uff15\uff16\uff17", "jp", "1234567"),
        ("01310-100", "br", "01310100"),
        ("00-950", "pl", "00950"),
        ("n/a", "de", None),
        ("0" * 13, None, None),
        ("", None, None),
    ],
)
def test_a_postcode_is_cut_in_the_us_only(typed: str, country: str | None, code: str | None) -> None:
    assert postcode_for_meta(typed, country) == code


@pytest.mark.parametrize(
    ("typed", "code"), [("US", "us"), (" de ", "de"), ("Germany", None), ("ZZ", None), ("", None), ("4T", None)]
)
def test_a_country_is_its_two_letters(typed: str, code: str | None) -> None:
    assert country_for_meta(typed) == code


def test_text_is_composed_single_spaced_and_free_of_what_nobody_sees() -> None:
    assert plain_text("\ufeff Zoe\u0308 \u200b\n Example\x00 ") == "Zo\xeb Example"


@given(TEXTS)
def test_names_are_clean_and_normalising_them_again_changes_nothing(typed: str) -> None:
    forms = name_for_meta(typed)

    assert all(form == form.strip() == unicodedata.normalize("NFC", form) and form for form in forms)
    assert all(form in name_for_meta(form) for form in forms)
    assert name_for_meta(unicodedata.normalize("NFD", typed)) == forms


@given(TEXTS)
def test_cities_have_no_blanks_and_normalising_them_again_changes_nothing(typed: str) -> None:
    forms = city_for_meta(typed)

    assert all(form and not any(map(str.isspace, form)) for form in forms)
    assert all(city_for_meta(form)[0] == form for form in forms)


@given(TEXTS)
def test_whatever_is_typed_can_be_hashed(typed: str) -> None:
    encoded = plain_text(typed).encode()

    assert b"\x00" not in encoded


@given(TEXTS, st.sampled_from([None, "us", "gb", "jp"]))
def test_postcodes_and_regions_normalised_again_are_the_same(typed: str, country: str | None) -> None:
    code = postcode_for_meta(typed, country)
    regions = region_for_meta(typed, typed, country)

    assert code is None or postcode_for_meta(code, country) == code
    assert all(form in region_for_meta(form, form, country) for form in regions)
