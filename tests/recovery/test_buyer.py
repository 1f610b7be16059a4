"""Buyers: normalised as Meta writes it, hashed, and nothing else of them left."""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery.buyer import (
    ALL_FIELDS,
    Buyer,
    country_for_meta,
    email_for_meta,
    name_for_meta,
    phone_for_meta,
)
from tests.builders import ABSENT, ADDRESS, paid_payload

OF_NOTHING = sha256(b"").hexdigest()


def buyer(**changes: Any) -> Buyer:
    return Buyer.from_payload(paid_payload(**changes))


def hashed(*values: str) -> tuple[str, ...]:
    return tuple(sha256(value.encode()).hexdigest() for value in values)


@pytest.mark.parametrize(
    ("normalised", "printed"),
    [
        (email_for_meta("John_Smith@gmail.com"), "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
        (phone_for_meta("(650)555-1212", "US"), "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"),
        (name_for_meta("Mary")[0], "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
        (name_for_meta("정")[0], "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
        (name_for_meta("Valéry")[0], "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
        (country_for_meta("US"), "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"),
        ("19970216", "01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c"),
    ],
    ids=["em", "ph", "fn", "fn in Hangul", "fn with accent", "country", "db"],
)
def test_the_vectors_that_meta_prints_come_out(normalised: str | None, printed: str) -> None:
    assert sha256((normalised or "").encode()).hexdigest() == printed


def test_the_example_buyer_is_hashed_field_by_field() -> None:
    assert buyer() == Buyer(
        em=hashed("zoe@example.com"),
        ph=hashed("12025550143"),
        fn=hashed("zoë"),
        ln=hashed("example"),
        ct=hashed("sanfrancisco"),
        st=hashed("ca"),
        zp=hashed("94105"),
        country=hashed("us"),
        external_id=hashed("7001000100300"),
    )


def test_a_buyer_shows_nothing_when_printed() -> None:
    shown = repr(buyer())

    assert hashed("zoe@example.com")[0] not in shown


def test_composed_and_decomposed_letters_give_one_hash() -> None:
    composed = ADDRESS | {"first_name": "Valéry", "city": "Orléans"}
    decomposed = {
        key: unicodedata.normalize("NFD", value) if isinstance(value, str) else value for key, value in composed.items()
    }

    assert buyer(billing_address=composed) == buyer(billing_address=decomposed)


def test_every_distinct_email_is_offered_once() -> None:
    customer = {"id": 1, "email": "Other@Example.com"}

    emails = buyer(email=" ZOE@example.com", contact_email="zoe@example.com ", customer=customer).em

    assert emails == hashed("zoe@example.com", "other@example.com")


def test_a_phone_is_read_in_the_country_of_its_own_address() -> None:
    billing = ADDRESS | {"phone": "(650) 555-1212"}
    shipping = ADDRESS | {"phone": "020 7946 0958", "country_code": "GB"}

    phones = buyer(phone="650-555-1212", customer=None, billing_address=billing, shipping_address=shipping).ph

    assert phones == hashed("16505551212", "442079460958")


def test_a_phone_without_address_of_its_own_is_read_in_the_orders_country() -> None:
    shipping = ADDRESS | {"phone": None, "country_code": "GB"}
    billing = ADDRESS | {"phone": None}

    british = buyer(phone="020 7946 0958", billing_address=None, shipping_address=shipping).ph
    american = buyer(phone="(650) 555-1212", billing_address=billing, shipping_address=shipping).ph

    assert (british, american) == (hashed("442079460958"), hashed("16505551212"))


def test_names_are_those_of_one_person() -> None:
    billing = ADDRESS | {"first_name": None, "last_name": "Payer"}
    shipping = ADDRESS | {"first_name": "Rex", "last_name": "Receiver"}

    both = buyer(billing_address=billing, shipping_address=shipping)

    assert (both.fn, both.ln) == ((), hashed("payer"))


@pytest.mark.parametrize(
    ("changes", "first_name"),
    [
        ({}, "billy"),
        ({"billing_address": None}, "shirley"),
        ({"billing_address": ABSENT, "shipping_address": {"first_name": "", "last_name": "."}}, "carol"),
    ],
)
def test_names_are_the_bills_else_the_parcels_else_the_customers(changes: dict[str, Any], first_name: str) -> None:
    holders = {
        "billing_address": ADDRESS | {"first_name": "Billy"},
        "shipping_address": ADDRESS | {"first_name": "Shirley"},
        "customer": {"first_name": "Carol"},
    }

    assert buyer(**holders | changes).fn == hashed(first_name)


def test_the_place_is_the_bills_else_the_parcels() -> None:
    shipping = {"country_code": "DE", "city": "München", "zip": "80331", "province": "Bayern", "province_code": "BY"}

    read = buyer(billing_address={"country_code": None, "zip": None}, shipping_address=shipping)

    assert (read.ct, read.st) == (hashed("münchen", "munchen"), hashed("bayern", "by"))
    assert (read.zp, read.country) == (hashed("80331"), hashed("de"))


def test_what_is_empty_is_never_hashed() -> None:
    blank = dict.fromkeys(ADDRESS, " ")
    customer = {"id": None, "email": "", "phone": " ", "first_name": "  ", "last_name": "-"}

    nobody = buyer(
        email="", contact_email=" ", phone="-", customer=customer, billing_address=blank, shipping_address=blank
    )

    assert nobody == Buyer()
    assert nobody.user_data(ALL_FIELDS) == {}


@given(st.dictionaries(st.sampled_from(sorted(ADDRESS)), st.text(max_size=12)), st.text(max_size=12))
def test_no_field_is_ever_a_hash_of_nothing_or_told_twice(address: dict[str, str], typed: str) -> None:
    read = buyer(email=typed, phone=typed, billing_address=address, shipping_address=address)

    data = read.user_data(ALL_FIELDS)
    assert all(hashes and OF_NOTHING not in hashes for hashes in data.values())
    assert all(len(set(hashes)) == len(hashes) for hashes in data.values())


def test_only_the_chosen_fields_leave() -> None:
    data = buyer().user_data(frozenset({"zp", "em"}))

    assert data == {"em": list(hashed("zoe@example.com")), "zp": list(hashed("94105"))}


def test_a_buyer_without_addresses_and_customer_is_one() -> None:
    read = buyer(billing_address=ABSENT, shipping_address=ABSENT, customer=ABSENT)

    assert read == Buyer(em=hashed("zoe@example.com"))


@pytest.mark.parametrize("fields", [{"em"}, {"ph"}, {"external_id"}, {"fn", "ln"}, {"fn", "ct"}, ALL_FIELDS])
def test_a_buyer_can_be_matched_by_more_than_a_place_or_half_a_name(fields: set[str]) -> None:
    assert buyer().is_matchable(frozenset(fields))


@pytest.mark.parametrize("fields", [{"fn"}, {"ln"}, {"ct", "st", "zp", "country"}, {"country"}, set()])
def test_a_place_or_half_a_name_is_too_broad_unless_the_browser_is_known(fields: set[str]) -> None:
    assert not buyer().is_matchable(frozenset(fields))
    assert buyer().is_matchable(frozenset(fields), browser=True)
