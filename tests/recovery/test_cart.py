from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery.cart import NAME, CartChoice
from plugin.recovery.choice import Consent

FBP, FBC = "fb.1.1764000000000.1234567890", "fb.1.1764000000000.IwAR0abc-DEF_ghi"
AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def written(letters: str = "maps", fbp: str = FBP, fbc: str = FBC) -> str:
    return f"1;{letters};2026-11-24T10:00:00.000Z;{fbp};{fbc}"


def noted(value: Any) -> dict[str, Any]:
    return {"note_attributes": [{"name": "gift", "value": "yes"}, {"name": NAME, "value": value}]}


def test_a_choice_that_allows_all_comes_with_browser_ids() -> None:
    choice = CartChoice.from_payload(noted(written()))

    assert choice == CartChoice(Consent(True, True, True, True), AT, FBP, FBC)


@pytest.mark.parametrize(
    ("letters", "consent"),
    [
        ("-", Consent(marketing=False, analytics=False, preferences=False, sale_of_data=False)),
        ("ma", Consent(marketing=True, analytics=True, preferences=False, sale_of_data=False)),
        ("aps", Consent(marketing=False, analytics=True, preferences=True, sale_of_data=True)),
    ],
)
def test_browser_ids_are_dropped_where_anything_they_need_is_refused(letters: str, consent: Consent) -> None:
    choice = CartChoice.from_text(written(letters))

    assert choice == CartChoice(consent, AT)


@pytest.mark.parametrize("fbp", ["", "fb.1.17", "javascript:1", "fb.1.1764000000000." + "9" * 600])
def test_what_is_no_browser_id_is_left_out(fbp: str) -> None:
    choice = CartChoice.from_text(written(fbp=fbp))

    assert choice is not None
    assert (choice.fbp, choice.fbc) == (None, FBC)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1;maps",
        "2" + written()[1:],
        written().replace("2026", "20x6"),
        written().replace("Z", ""),
        written("maxs"),
        7,
        None,
        [],
    ],
)
def test_what_cannot_be_read_is_no_choice(value: Any) -> None:
    assert CartChoice.from_payload(noted(value)) is None


@pytest.mark.parametrize("attributes", [None, "x", {}, [7], [{"name": NAME}], [["name", NAME]]])
def test_attributes_of_any_shape_harm_nothing(attributes: Any) -> None:
    assert CartChoice.from_payload({"note_attributes": attributes}) is None
    assert CartChoice.from_payload({}) is None


@given(st.text())
def test_no_text_raises(text: str) -> None:
    CartChoice.from_text(text)
    CartChoice.from_text(f"1;maps;{text};;")


def test_what_is_kept_has_no_ids_and_says_the_same() -> None:
    choice = CartChoice.from_text(written("ma"))
    assert choice is not None

    assert CartChoice.from_kept(choice.kept()) == choice
    full = CartChoice.from_text(written())
    assert full is not None
    assert FBP not in str(full.kept())
    assert FBP not in repr(full)
