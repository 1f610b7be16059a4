"""Meta's own libraries clean and hash the same texts; every difference is one of a closed list."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from facebook_business.adobjects.serverside.user_data import UserData
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugin.recovery.buyer import ALL_FIELDS, Buyer
from tests.builders import paid_payload
from tests.contract.differences import DIFFERENCES, documented, explained_by
from tests.contract.meta_libraries import (
    BUILDER,
    SDK,
    Answer,
    Question,
    agree,
    builders_answers,
    questions,
    sdks_answer,
)
from tests.recovery.corpus import CORPUS, Entry
from tests.recovery.typing_people import TYPED_ENTRIES

ASKED = questions(CORPUS)
# The same texts in every run: a sign that is told a little too narrowly should not fail on somebody else's day.
ANY_TEXT = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def unnamed(asked: Iterable[Question], answers: Iterable[Answer], library: str) -> list[str]:
    """Return what differs for no reason that has a name."""
    pairs = [(one, answer) for one, answer in zip(asked, answers, strict=True) if not agree(one, answer)]
    return [f"{one} -> {answer.text!r}" for one, answer in pairs if not explained_by(one, answer, library)]


def found(asked: Iterable[Question], answers: Iterable[Answer], library: str) -> dict[str, frozenset[str]]:
    """By difference, the fields in which it shows."""
    fields: dict[str, set[str]] = defaultdict(set)
    for one, answer in zip(asked, answers, strict=True):
        for name in () if agree(one, answer) else explained_by(one, answer, library):
            fields[name].add(one.field)
    return {name: frozenset(where) for name, where in fields.items()}


def listed(library: str) -> dict[str, frozenset[str]]:
    return {name: one.fields[library] for name, one in DIFFERENCES.items() if one.fields[library]}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    """What the parameter builder makes of the corpus."""
    return builders_answers(ASKED, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def sdk() -> list[Answer]:
    """What facebook_business makes of the corpus."""
    return [sdks_answer(one) for one in ASKED]


def test_facebook_business_differs_only_where_it_is_meant(sdk: list[Answer]) -> None:
    assert unnamed(ASKED, sdk, SDK) == []


def test_the_parameter_builder_differs_only_where_it_is_meant(built: list[Answer]) -> None:
    assert unnamed(ASKED, built, BUILDER) == []


def test_no_difference_from_facebook_business_is_listed_in_vain(sdk: list[Answer]) -> None:
    assert found(ASKED, sdk, SDK) == listed(SDK)


def test_no_difference_from_the_parameter_builder_is_listed_in_vain(built: list[Answer]) -> None:
    assert found(ASKED, built, BUILDER) == listed(BUILDER)


def test_the_documented_list_of_differences_is_exact() -> None:
    assert documented() == {name: (one.sdk, one.builder, one.why) for name, one in DIFFERENCES.items()}


@given(TYPED_ENTRIES)
@settings(ANY_TEXT, max_examples=500)
def test_facebook_business_differs_only_where_it_is_meant_on_any_text(entry: Entry) -> None:
    asked = questions([entry])

    assert unnamed(asked, map(sdks_answer, asked), SDK) == []


@given(st.lists(TYPED_ENTRIES, min_size=100, max_size=200))
@settings(ANY_TEXT, max_examples=5)
def test_the_parameter_builder_differs_only_where_it_is_meant_on_any_text(entries: list[Entry]) -> None:
    asked = questions(entries)

    with tempfile.TemporaryDirectory() as home:
        assert unnamed(asked, builders_answers(asked, Path(home)), BUILDER) == []


def test_a_plain_buyer_is_hashed_as_facebook_business_hashes_it() -> None:
    address = {
        "first_name": "Mary",
        "last_name": "Lantern",
        "city": "New York",
        "province_code": "NY",
        "zip": "10001",
        "country_code": "US",
        "phone": "+1 202-555-0143",
    }
    buyer = Buyer.from_payload(
        paid_payload(
            email="Mary@Example.com",
            contact_email=None,
            customer=None,
            billing_address=address,
            shipping_address=None,
        )
    )

    theirs = UserData(
        email="Mary@Example.com",
        phone="+1 202-555-0143",
        first_name="Mary",
        last_name="Lantern",
        city="New York",
        state="NY",
        zip_code="10001",
        country_code="US",
    ).normalize()

    ours = buyer.user_data(ALL_FIELDS)
    assert theirs.keys() == ours.keys()
    assert all(set(hashes) <= set(ours[field]) for field, hashes in theirs.items())
