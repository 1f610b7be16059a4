"""The short ways of the usual case: whatever they take, the rules would have given the same.

A blank that cleaning takes away (a line's end, since spaces are usual) keeps a text from the short way.
"""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.recovery import normalise, order
from plugin.recovery.buyer import ALL_FIELDS
from plugin.recovery.dial import EVERYTHING
from plugin.recovery.normalise import (
    city_for_meta,
    country_for_meta,
    name_for_meta,
    postcode_for_meta,
    region_for_meta,
)
from plugin.recovery.origin import public_address
from plugin.recovery.payload import MAX_ID, UnreadablePayload
from plugin.recovery.phone import phone_for_meta
from plugin.recovery.purchase import BROWSER_FIELDS, purchase_event
from tests.builders import receipt
from tests.recovery.test_payload import JSON_VALUES
from tests.recovery.typing_people import TYPED, WORDS

UNUSUAL = "\n"
LETTERS = [chr(code) for code in range(0x3000) if not 0xD800 <= code < 0xE000]
EXAMPLES = {home: phonenumbers.example_number(home) for home in sorted(phonenumbers.SUPPORTED_REGIONS)}
NUMBERED = [home for home, number in EXAMPLES.items() if number]


@pytest.mark.parametrize("around", ["{}", "a{}", "{}b", "a{}b", "A{} B"])
def test_every_letter_in_a_name_or_city_is_read_the_same_both_ways(around: str) -> None:
    texts = [around.format(letter) for letter in LETTERS]

    apart = [
        ascii(text)
        for text in texts
        for clean in (name_for_meta, city_for_meta)
        if clean(text) != clean(f"{UNUSUAL}{text}{UNUSUAL}")
    ]

    assert apart == []


@given(WORDS | st.text("aZ éßİ", max_size=255), st.sampled_from(["us", "de", "gb", None]))
def test_a_text_is_read_the_same_both_ways(typed: str, country: str | None) -> None:
    odd = UNUSUAL + typed

    assert name_for_meta(typed) == name_for_meta(odd)
    assert city_for_meta(typed) == city_for_meta(odd)
    assert region_for_meta(typed, typed, country) == region_for_meta(odd, odd, country)
    assert country_for_meta(typed) == country_for_meta(odd)


@pytest.mark.parametrize("length", [255, 256, 257])
def test_the_short_ways_know_how_long_a_text_may_be(length: int) -> None:
    assert bool(name_for_meta("a" * length)) == bool(city_for_meta("a" * length)) == (length <= normalise.MAX_TYPED)


@given(st.text("AZaz-9 \u212a\uff21", max_size=3))
def test_a_region_or_country_of_two_letters_is_read_the_same_both_ways(code: str) -> None:
    assert region_for_meta(None, code, "us") == region_for_meta(None, UNUSUAL + code, "us")
    assert country_for_meta(code) == country_for_meta(UNUSUAL + code)


@given(st.from_regex(r"[0-9]{4,6}[- ]?[0-9]{0,5}", fullmatch=True) | st.text("0-19٣a ", max_size=11))
def test_a_zip_code_is_read_the_same_both_ways(typed: str) -> None:
    assert postcode_for_meta(typed, "us") == postcode_for_meta(UNUSUAL + typed, "us")


@st.composite
def typed_in_full(draw: st.DrawFn) -> str:
    """A number with its plus as people write it, some of its digits changed, or marks put in."""
    number = EXAMPLES[draw(st.sampled_from(NUMBERED))]
    assert number is not None
    letters = list(phonenumbers.format_number(number, draw(st.sampled_from([0, 1]))))
    for place in draw(st.lists(st.integers(1, len(letters)), max_size=2)):
        letters.insert(place, draw(st.sampled_from("0123456789 ().-/x+٣")))
    return "".join(letters)


@given(typed_in_full() | st.sampled_from(TYPED["phone"]), st.sampled_from([None, "US", "MX", "mx ", "IT"]))
@settings(max_examples=300)
def test_a_number_with_its_plus_is_read_the_same_both_ways(typed: str, country: str | None) -> None:
    assert phone_for_meta(typed, country) == phone_for_meta(f"{UNUSUAL}{typed}", country)


def test_a_valid_number_with_its_plus_is_what_the_numbering_plans_say() -> None:
    kinds = {home: phonenumbers.supported_types_for_region(home) for home in NUMBERED}
    pairs = [(home, kind) for home in NUMBERED for kind in kinds[home]]
    numbers = [number for pair in pairs if (number := phonenumbers.example_number_for_type(*pair))]
    valid = [number for number in numbers if phonenumbers.is_valid_number(number)]

    for number in valid:
        full = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        spaced = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        assert full.removeprefix("+") == phone_for_meta(full, "DE") == phone_for_meta(spaced, None)
    assert len(valid) > len(NUMBERED)


def by_the_tables(typed: str) -> str | None:
    """Ask Python's tables of reserved networks."""
    try:
        address = ip_address(typed.strip())
    except ValueError:
        return None
    return str(address) if address.is_global and not address.is_multicast else None


@given(st.ip_addresses() | st.lists(st.integers(0, 300), min_size=3, max_size=4).map(lambda n: ".".join(map(str, n))))
@settings(max_examples=200)
def test_an_address_is_public_where_the_tables_say_so(drawn: object) -> None:
    for typed in (str(drawn), f" {drawn}", f"0{drawn}", str(drawn).upper(), f"{drawn}%1"):
        assert public_address(typed) == by_the_tables(typed)


def test_what_begins_like_a_public_address_is_one() -> None:
    seconds = (0, 1, 16, 18, 19, 31, 51, 64, 88, 127, 168, 254)
    rests = ("0.1", "2.1", "99.1", "100.1", "113.255")
    short = [f"{first}.{second}.{rest}" for first in range(256) for second in seconds for rest in rests]
    heads = {*range(0x2000, 0x3000, 37), 0x2001, 0x2002, 0x2400, 0x2C00, 0x2DFF, 0x2FFF}
    tails = ("::", "::1", ":db8::1", ":2::1", ":20::1", ":ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    long = [f"{head:x}{tail}" for head in heads for tail in tails]

    assert [typed for typed in short + long if public_address(typed) != by_the_tables(typed)] == []


MONEY = st.fixed_dictionaries({}, optional={"amount": JSON_VALUES | st.just("19.90"), "currency_code": st.just("EUR")})
COUNTS = st.sampled_from([0, 1, -1, 10**6, 10**6 + 1, MAX_ID, MAX_ID + 1, True, "7", None])
LINES = st.dictionaries(st.sampled_from(["product_id", "price_set", "price"]), JSON_VALUES) | st.fixed_dictionaries(
    {"product_id": COUNTS, "variant_id": COUNTS, "quantity": st.sampled_from([1, 2, 0]) | COUNTS},
    optional={
        "price": st.just("5.00"),
        "price_set": JSON_VALUES
        | st.fixed_dictionaries({}, optional={"presentment_money": MONEY, "shop_money": MONEY}),
    },
)


def lines_or_refusal(read: Any, line: dict[str, Any]) -> Any:
    try:
        return read(line)
    except UnreadablePayload as refusal:
        return str(refusal)


@given(LINES)
def test_a_line_is_read_or_refused_the_same_both_ways(line: dict[str, Any]) -> None:
    short = lines_or_refusal(lambda one: order._items({"line_items": [one]}, "EUR"), line)  # noqa: SLF001
    ruled = lines_or_refusal(lambda one: (order._item(one, "EUR"),), line)  # noqa: SLF001

    assert repr(short) == repr(ruled)


@pytest.mark.parametrize("content_ids", ["product", "variant"])
def test_an_event_is_the_compact_json_of_what_the_receipt_holds(content_ids: Any) -> None:
    read = receipt()
    line, sold = read.items[0], read.order
    number = str(line.product_id if content_ids == "product" else line.variant_id)
    client = dict(zip(BROWSER_FIELDS, (read.client_ip, read.client_user_agent), strict=False))
    told = {
        "event_name": "Purchase",
        "event_time": int(sold.placed_at.timestamp()),
        "event_id": f"purchase.{sold.id}",
        "action_source": "website",
        "event_source_url": "https://störe.example",
        "user_data": read.buyer.user_data(ALL_FIELDS) | client,
        "custom_data": {
            "value": "<115.90>",
            "currency": "EUR",
            "order_id": str(sold.id),
            "content_type": "product",
            "content_ids": [number],
            "contents": [{"id": number, "quantity": 2, "item_price": "<57.95>"}],
            "num_items": 2,
        },
    }

    event = purchase_event(read, fields=EVERYTHING, shop_url="https://störe.example", content_ids=content_ids)

    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    assert event.decode() == text.replace('"<', "").replace('>"', "")
