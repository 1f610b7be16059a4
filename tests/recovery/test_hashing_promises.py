"""What holds for any text in any field: no exception, no hash of nothing, nothing raw that leaves."""

from __future__ import annotations

import copy
import re
import unicodedata
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.recovery.buyer import ALL_FIELDS, Buyer
from plugin.recovery.payload import UnreadablePayload
from tests.builders import ADDRESS, paid_payload
from tests.recovery.corpus import CORPUS, Entry, cleaned
from tests.recovery.typing_people import TYPED_ENTRIES

MOST = {"name": 2, "city": 2, "region": 3, "email": 1, "phone": 1, "postcode": 1, "country": 1}
MOST_HASHES = {"em": 3, "ph": 4, "fn": 2, "ln": 2, "ct": 2, "st": 3, "zp": 1, "country": 1, "external_id": 1}
OF_NOTHING = sha256(b"").hexdigest()
RAW = "qx-Raw-Value"
"""Found nowhere in a Buyer's class or in a message."""
ANY = TYPED_ENTRIES | st.builds(
    lambda entry, typed: replace(entry, typed=typed), TYPED_ENTRIES, st.text(st.characters(codec=None), max_size=40)
)
"""Lone surrogates and unassigned characters included."""
HOLDERS = ("customer", "billing_address", "shipping_address")
KEYS = ("first_name", "last_name", "city", "zip", "province", "province_code", "country_code", "phone", "email")


def again(entry: Entry, form: str) -> tuple[str, ...]:
    """Clean what is clean: a phone number in full has its plus."""
    return cleaned(replace(entry, typed=f"+{form}" if entry.field == "phone" else form, code=None))


def buyer_of(typed: dict[str, str]) -> Buyer:
    address = ADDRESS | typed
    customer = {"id": 7, **typed}
    return Buyer.from_payload(
        paid_payload(
            email=typed.get("email", ""),
            contact_email="",
            phone=typed.get("phone", ""),
            customer=customer,
            billing_address=address,
            shipping_address=address,
        )
    )


def test_cleaning_what_is_clean_changes_nothing_in_the_corpus() -> None:
    changed = [(str(entry), form) for entry in CORPUS for form in entry.clean if form not in again(entry, form)]

    assert changed == []


@given(ANY)
@settings(max_examples=500)
def test_any_text_becomes_a_few_clean_forms_or_none(entry: Entry) -> None:
    forms = cleaned(entry)

    assert len(forms) == len(set(forms)) <= MOST[entry.field]
    assert all(form and form == form.strip() == unicodedata.normalize("NFC", form) for form in forms)
    assert all(form.encode() and form in again(entry, form) for form in forms)


@given(ANY)
@settings(max_examples=300)
def test_composed_and_decomposed_letters_become_the_same(entry: Entry) -> None:
    decomposed = replace(entry, typed=unicodedata.normalize("NFD", entry.typed))
    composed = replace(entry, typed=unicodedata.normalize("NFC", entry.typed))

    assert cleaned(decomposed) == cleaned(entry) == cleaned(composed)


@given(TYPED_ENTRIES, st.sampled_from(["\u200b", "\ufeff", "\u202a", "\u00ad", " ", "\n"]))
def test_what_nobody_sees_around_a_text_changes_nothing(entry: Entry, unseen: str) -> None:
    assert cleaned(replace(entry, typed=f"{unseen}{entry.typed}{unseen}")) == cleaned(entry)


@given(st.dictionaries(st.sampled_from(KEYS), ANY.map(lambda entry: entry.typed)))
def test_a_buyer_holds_a_few_hashes_and_none_of_nothing(typed: dict[str, str]) -> None:
    data = buyer_of(typed).user_data(ALL_FIELDS)

    for field, hashes in data.items():
        assert 0 < len(hashes) == len(set(hashes)) <= MOST_HASHES[field]
        assert all(re.fullmatch("[0-9a-f]{64}", each) for each in hashes)
        assert OF_NOTHING not in hashes


def test_a_long_text_is_dropped_at_once() -> None:
    assert buyer_of(dict.fromkeys(KEYS, "9" * 1_000_000)).user_data(ALL_FIELDS).keys() == {"external_id"}


@given(st.sampled_from(KEYS), st.sampled_from([f"{RAW}", f"{RAW}@example.com", f"{RAW} é"]))
def test_no_raw_value_can_be_read_from_a_buyer(key: str, raw: str) -> None:
    buyer = buyer_of({key: raw})

    shown = f"{buyer!r} {buyer} {asdict(buyer)} {copy.copy(buyer)} {buyer.user_data(ALL_FIELDS)} {vars(Buyer)}"
    assert RAW.lower() not in shown.lower()


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "broken", [[RAW], {"inner": RAW}, True, 1.5, 2**70], ids=["list", "object", "flag", "float", "giant"]
)
def test_what_cannot_be_read_is_refused_without_quoting_it(holder: str, key: str, broken: Any) -> None:
    payload = paid_payload(**{each: {key: RAW} for each in HOLDERS} | {holder: {key: broken}})

    try:
        Buyer.from_payload(payload)
    except UnreadablePayload as refusal:
        told = [refusal, refusal.__cause__, refusal.__context__]
        assert not any(text in f"{each!r} {each}" for each in told for text in (RAW, str(2**70)))


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_name_in_the_place_of_a_person_is_refused_without_quoting_it(holder: str) -> None:
    with pytest.raises(UnreadablePayload) as refusal:
        Buyer.from_payload(paid_payload(**{holder: RAW}))

    assert RAW not in f"{refusal.value!r} {refusal.value.__context__!r}"
