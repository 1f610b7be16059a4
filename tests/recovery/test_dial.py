"""The field dial: what may be chosen, what is left of an event, and what of it may be shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery.buyer import ALL_FIELDS, too_broad
from plugin.recovery.dial import DIAL, EVERYTHING, HIDDEN, as_text, masked, matchable
from plugin.recovery.purchase import Browser, fields_of, is_limited, limited, purchase_event, with_browser
from tests.builders import BUYERS_ADDRESS, BUYERS_BROWSER, receipt

PHONE = Browser("fb.1.1764000000000.123", "fb.1.1764000000000.AbC", "81.2.69.192", "Mozilla/5.0 (Phone)", None)
choices = st.sets(st.sampled_from(DIAL)).map(frozenset)


def event(*, ldu: bool = False, fields: frozenset[str] = EVERYTHING) -> bytes:
    made = purchase_event(receipt(), fields=fields, shop_url="https://store.example", content_ids="product")
    return with_browser(made, PHONE, ldu=ldu)


def loaded(raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(raw)
    return found


@pytest.mark.parametrize(
    "chosen",
    [
        "",
        "ct st zp country",
        "country",
        "fn",
        "ln",
        "fn client_user_agent",
        "fbp fbc",
        "client_ip_address client_user_agent fbp fbc",
        "ct st zp country client_user_agent fbp",
    ],
)
def test_what_could_mean_anybody_is_too_broad(chosen: str) -> None:
    assert too_broad(chosen.split())


@pytest.mark.parametrize("chosen", ["em", "ph", "external_id", "fn ln", "fn ct", "ln country", "em fbp"])
def test_what_describes_one_person_is_not(chosen: str) -> None:
    assert not too_broad(chosen.split())


@given(first=choices, then=choices, ldu=st.booleans())
def test_a_cut_event_tells_what_was_chosen_and_nothing_else_changes(
    first: frozenset[str], then: frozenset[str], *, ldu: bool
) -> None:
    whole = event(ldu=ldu, fields=first)

    cut = limited(whole, then)

    assert set(fields_of(cut)) == set(fields_of(whole)) & then
    before, after = loaded(whole), loaded(cut)
    kept = {name: value for name, value in before["user_data"].items() if name in then}
    assert after["user_data"] == kept
    places = {"user_data", "data_processing_options_country", "data_processing_options_state"}
    assert {k: v for k, v in before.items() if k not in places} == {k: v for k, v in after.items() if k not in places}
    assert limited(cut, then) == cut


def test_an_event_of_which_nothing_has_to_go_stays_the_same_bytes() -> None:
    assert limited(event(), EVERYTHING) == event()


def test_limited_data_use_names_the_state_once_the_address_is_gone() -> None:
    cut = loaded(limited(event(ldu=True), EVERYTHING - {"client_ip_address"}))

    assert (cut["data_processing_options_country"], cut["data_processing_options_state"]) == (1, 1000)
    assert is_limited(event(ldu=True))
    assert not is_limited(event())


def test_an_event_cut_to_what_could_be_anybody_matches_nobody() -> None:
    assert matchable(limited(event(), frozenset({"em"})))
    assert not matchable(limited(event(), frozenset({"country", "client_ip_address", "fbp"})))


@given(choices)
def test_a_browser_tells_only_what_was_chosen(chosen: frozenset[str]) -> None:
    told = PHONE.only(chosen)

    found = {"fbp": told.fbp, "fbc": told.fbc, "client_ip_address": told.ip, "client_user_agent": told.user_agent}
    assert {name for name, value in found.items() if value is not None} == chosen - ALL_FIELDS


def test_what_is_shown_has_nothing_by_which_a_person_could_be_found() -> None:
    told = loaded(event())["user_data"]

    shown = masked(event())
    text = as_text({"data": [shown]})

    assert shown["user_data"].keys() == told.keys()
    assert shown["user_data"]["em"] == [told["em"][0][:6] + HIDDEN]
    assert shown["user_data"]["fbp"] == HIDDEN
    hashes = [value for values in told.values() if isinstance(values, list) for value in values]
    assert not any(secret in text for secret in (*hashes, BUYERS_ADDRESS, BUYERS_BROWSER, *PHONE_VALUES))
    assert '"value": 115.90' in text


PHONE_VALUES = ("fb.1.1764000000000", "81.2.69.192", "Mozilla")
