from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from plugin.meta.signed_request import NotSigned, Told, Unreadable, read
from sandbox.browser.meta_dialog import signed_request

SECRET = "secret-of-the-app-at-meta"
SAID = {"algorithm": "HMAC-SHA256", "issued_at": 1795521600, "user_id": "218471"}


def signed(raw: bytes, secret: str = SECRET) -> str:
    """Sign bytes, whatever they say."""
    payload = base64.urlsafe_b64encode(raw).rstrip(b"=")
    mark = base64.urlsafe_b64encode(hmac.digest(secret.encode(), payload, hashlib.sha256)).rstrip(b"=")
    return (mark + b"." + payload).decode()


@pytest.mark.parametrize("padding", ["", "a", "ab", "abc"])
def test_what_another_programs_code_has_signed_is_read(padding: str) -> None:
    assert read(signed_request(SAID | {"more": padding}, SECRET), SECRET) == Told(
        "218471", datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    )


def test_an_example_made_by_hand_is_read() -> None:
    # printf %s eyJ... | openssl dgst -sha256 -hmac secret-of-the-app-at-meta -binary | base64
    payload = "eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsInVzZXJfaWQiOiI0MiJ9"
    mark = base64.b64encode(hmac.new(SECRET.encode(), payload.encode(), "sha256").digest()).decode()
    url_safe = mark.replace("+", "-").replace("/", "_").rstrip("=")

    assert read(f"{url_safe}.{payload}", SECRET) == Told("42", None)
    assert read(f"{url_safe}=.{payload}", SECRET) == Told("42", None)  # with its padding it means the same


@pytest.mark.parametrize("secret", ["", "another", SECRET.upper(), SECRET + " "])
def test_another_secret_does_not_fit(secret: str) -> None:
    with pytest.raises(NotSigned):
        read(signed_request(SAID, secret or "x"), SECRET)


def test_a_signature_over_the_decoded_words_does_not_fit() -> None:
    raw = json.dumps(SAID).encode()
    mark = base64.urlsafe_b64encode(hmac.digest(SECRET.encode(), raw, hashlib.sha256)).rstrip(b"=")
    payload = base64.urlsafe_b64encode(raw).rstrip(b"=")

    with pytest.raises(NotSigned):
        read((mark + b"." + payload).decode(), SECRET)


def test_one_changed_letter_does_not_fit() -> None:
    mark, _, payload = signed_request(SAID, SECRET).partition(".")
    other = base64.urlsafe_b64encode(json.dumps(SAID | {"user_id": "218472"}).encode()).rstrip(b"=").decode()

    for text in (f"{mark}.{other}", f"{'A' if mark[0] != 'A' else 'B'}{mark[1:]}.{payload}", f"{mark}.{payload}AA"):
        with pytest.raises(NotSigned):
            read(text, SECRET)


@pytest.mark.parametrize(
    "text", ["", ".", "a", "abc", "ä.b", "a!b.c", "a.b.c", "a b.c", "=.=", "%2e", "." * 9000, "é" * 9000]
)
def test_what_has_not_the_form_is_unreadable_or_not_signed(text: str) -> None:
    with pytest.raises((Unreadable, NotSigned)):
        read(text, SECRET)


@pytest.mark.parametrize(
    "said",
    [
        {"algorithm": "HMAC-SHA1"},
        {"algorithm": "none"},
        {"algorithm": None},
        {"algorithm": "hmac-sha256"},
        {"user_id": None},
        {"user_id": ""},
        {"user_id": "12 34"},
        {"user_id": ["42"]},
        {"user_id": True},
        {"user_id": "9" * 40},
    ],
)
def test_signed_or_not_it_must_say_something_that_can_be_acted_on(said: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read(signed_request(SAID | said, SECRET), SECRET)


@pytest.mark.parametrize("raw", [b"", b"[]", b"42", b"{", b"\xff", b"null", b'{"algorithm": NaN}', b"[" * 5000])
def test_signed_bytes_that_are_no_object_are_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        read(signed(raw), SECRET)


def test_an_id_may_be_a_number() -> None:
    assert read(signed_request(SAID | {"user_id": 218471}, SECRET), SECRET).user_id == "218471"


@pytest.mark.parametrize("at", [None, "today", -1, 0, 10**12, True, 1.5])
def test_a_time_that_is_none_is_not_said(at: object) -> None:
    assert read(signed_request(SAID | {"issued_at": at}, SECRET), SECRET).issued_at is None
