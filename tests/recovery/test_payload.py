"""The one door for JSON, and bodies that must not get through it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery.order import Receipt, UnreadablePayload, parse_body
from plugin.recovery.payload import MAX_BODY_BYTES
from plugin.recovery.post import MAX_POST_BYTES, Post, UnreadablePost
from tests.builders import PAID, paid_body, paid_payload, wire_post

NOT_JSON_OBJECTS = {
    "nothing": b"",
    "blank": b"  ",
    "an open end": b'{"id": 1',
    "a list": b"[]",
    "a text": b'"order"',
    "a number": b"17",
    "null": b"null",
    "two objects": b"{} {}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "an image": b"\x89PNG\r\n\x1a\n",
    "NUL as such": b'{"name": "\x00"}',
    "NUL, escaped": rb'{"name": "\u0000"}',
    "NUL after an escaped backslash": rb'{"name": "\\\u0000"}',
    "NUL in a key": rb'{"a\u0000": 1}',
    "a lone high surrogate": rb'{"name": "\ud800"}',
    "a lone low surrogate": rb'{"name": "\udc00 "}',
    "half a pair before a letter": rb'{"name": "\ud83dA"}',
    "NaN": b'{"value": NaN}',
    "Infinity": b'{"value": -Infinity}',
    "an exponent beyond reckoning": b'{"value": 1e99999999999999999999}',
    "a whole number of 5000 digits": b'{"id": ' + b"9" * 5000 + b"}",
    "a fraction of 5000 digits": b'{"value": 0.' + b"9" * 5000 + b"}",
    "nested lists": b'{"a": ' + b"[" * 100_000,
    "nested objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "bad UTF-8": b'{"name": "\xff\xfe"}',
    "a surrogate as UTF-8": b'{"name": "\xed\xa0\x80"}',
    "UTF-16": '{"id": 1}'.encode("utf-16"),
    "too much": b'{"a": "' + b"x" * MAX_BODY_BYTES + b'"}',
}

WRONG_ORDERS: dict[str, dict[str, Any]] = {
    "no id": {"id": None},
    "id 2^63": {"id": 2**63},
    "id 2^63 in digits": {"id": str(2**63)},
    "id of twenty digits": {"id": "1" * 20},
    "id zero": {"id": 0},
    "id below zero": {"id": -1},
    "id true": {"id": True},
    "id a fraction": {"id": Decimal("1.5")},
    "id a word": {"id": "order"},
    "id a list": {"id": [1]},
    "id in foreign digits": {"id": "١٢٣"},
    "year 0": {"processed_at": "0000-01-01T00:00:00Z"},
    "the first day, east of it": {"processed_at": "0001-01-01T00:00:00+14:00"},
    "the last day, west of it": {"processed_at": "9999-12-31T23:59:59-14:00"},
    "before computers": {"processed_at": "1969-12-31T00:00:00Z"},
    "no offset": {"processed_at": "2026-11-24T12:00:00"},
    "no time": {"processed_at": None, "created_at": None},
    "a time in words": {"created_at": "yesterday", "processed_at": None},
    "a time without end": {"processed_at": "2026-11-24T12:00:00." + "0" * 100 + "Z"},
    "a time as number": {"processed_at": 1_764_000_000},
    "no total": {"total_price": None, "total_price_set": None},
    "no currency": {"currency": None, "total_price_set": None},
    "a total below zero": {"total_price_set": None, "total_price": "-1.00"},
    "a total that no till can hold": {"total_price_set": None, "total_price": "1" + "0" * 14},
    "a total in words": {"total_price_set": None, "total_price": "a lot"},
    "a total in foreign digits": {"total_price_set": None, "total_price": "١٢"},
    "a total true": {"total_price_set": None, "total_price": True},
    "a total that is no number": {"total_price_set": None, "total_price": Decimal("NaN")},
    "a total of 400 digits": {"total_price_set": None, "total_price": Decimal("1e400")},
    "a total of 5000 digits": {"total_price_set": None, "total_price": 10**5000},
    "a currency that is none": {"total_price_set": None, "currency": "EURO"},
    "totals as text": {"total_price_set": "115.90"},
    "test as a word": {"test": "perhaps"},
    "test as a number": {"test": 1},
    "an address as text": {"billing_address": "1 Example Street"},
    "a customer as list": {"customer": []},
    "lines as object": {"line_items": {}},
    "lines of text": {"line_items": ["shirt"]},
    "a quantity below zero": {"line_items": [{"quantity": -1}]},
    "a quantity as text": {"line_items": [{"quantity": "two"}]},
    "an endless quantity": {"line_items": [{"quantity": 10**7}]},
    "e-mail as object": {"email": {}},
    "e-mail as flag": {"email": True},
    "a phone beyond numbers": {"phone": 10**5000},
}


@pytest.mark.parametrize("raw", NOT_JSON_OBJECTS.values(), ids=NOT_JSON_OBJECTS.keys())
def test_what_is_no_clean_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(UnreadablePayload) as refusal:
        parse_body(raw)

    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("raw", NOT_JSON_OBJECTS.values(), ids=NOT_JSON_OBJECTS.keys())
def test_what_is_no_clean_json_object_is_no_post_either(raw: bytes) -> None:
    with pytest.raises(UnreadablePost) as refusal:
        Post.from_json(raw)

    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("changes", WRONG_ORDERS.values(), ids=WRONG_ORDERS.keys())
def test_an_order_that_does_not_hold_what_it_should_is_refused(changes: dict[str, Any]) -> None:
    payload = paid_payload(**changes)

    with pytest.raises(UnreadablePayload):
        Receipt.from_payload(payload, paid_at=PAID)


def test_a_refusal_never_quotes_what_it_could_not_read() -> None:
    payload = paid_payload(email={"zoe@example.com": 1}, name="zoe")

    with pytest.raises(UnreadablePayload) as refusal:
        Receipt.from_payload(payload, paid_at=PAID)

    assert str(refusal.value) == "The field email cannot be read."
    assert refusal.value.__cause__ is None


def test_a_refused_body_leaves_no_trace_of_itself_in_the_error() -> None:
    with pytest.raises(UnreadablePayload) as refusal:
        parse_body(b'{"email": "zoe@example.com", "name": "\xff"}')

    assert refusal.value.__suppress_context__
    assert "zoe" not in str(refusal.value)


def test_the_words_of_an_escaped_backslash_are_no_nul() -> None:
    body = parse_body(rb'{"note": "\\u0000"}')

    assert body == {"note": "\\u0000"}


def test_a_pair_of_surrogates_is_one_character() -> None:
    body = parse_body(rb'{"note": "\ud83d\ude00"}')

    assert body == {"note": "\N{GRINNING FACE}"}


def test_a_body_as_shopify_sends_it_is_read_as_it_stands() -> None:
    body = parse_body(paid_body(id=820_982_911_946_154_508, latitude=None))

    assert body["id"] == 820_982_911_946_154_508
    assert body["billing_address"]["first_name"] == "Zoë"


def test_numbers_with_a_point_never_become_floats() -> None:
    body = parse_body(b'{"total_price": 404.95}')

    assert body == {"total_price": Decimal("404.95")}


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_refused(raw: bytes) -> None:
    try:
        body = parse_body(raw)
    except UnreadablePayload:
        body = {}

    assert isinstance(body, dict)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.decimals(allow_nan=True)
    | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(paid_payload())), JSON_VALUES, max_size=4))
def test_any_payload_gives_a_receipt_or_a_refusal(changes: dict[str, Any]) -> None:
    payload = paid_payload(**changes)

    try:
        read = Receipt.from_payload(payload, paid_at=PAID)
    except UnreadablePayload:
        return

    assert read.order.id > 0
    assert read.order.placed_at.tzinfo is UTC


@given(st.sets(st.sampled_from(sorted(paid_payload())), max_size=12), st.booleans())
def test_keys_may_be_null_or_absent_anywhere_but_in_id_time_and_total(gone: set[str], null: bool) -> None:  # noqa: FBT001
    payload = paid_payload()
    for key in gone - {"id", "processed_at", "total_price", "currency"}:
        payload[key] = None
        if not null:
            del payload[key]

    read = Receipt.from_payload(payload, paid_at=PAID)

    assert read.order.placed_at == datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_post_of_more_than_16_kib_is_refused() -> None:
    raw = wire_post(extra="x" * MAX_POST_BYTES)

    with pytest.raises(UnreadablePost, match="too large"):
        Post.from_json(raw)


def test_the_corpus_is_json_where_it_says_so() -> None:
    bodies = [json.loads(NOT_JSON_OBJECTS[name]) for name in ("a list", "a text", "a number", "null", "NUL, escaped")]

    assert bodies == [[], "order", 17, None, {"name": "\x00"}]
