"""Posts of the pixel: what they may say, and what is left of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery import post
from plugin.recovery.evidence import Consent, Delivery, Evidence, Post, Stage, UnreadablePost
from plugin.recovery.post import page_address
from tests.builders import ABSENT, AGREED, CHECKOUT_TOKEN, INGEST_KEY, NOON, ORDER_ID, wire_post
from tests.recovery.strategies import posts

WRONG_POSTS: dict[str, dict[str, Any]] = {
    "a later version": {"v": 2},
    "a later version that later readers alone read": {"v": 3, "oldest": 2},
    "no version of ours": {"v": 0},
    "an oldest reader beyond its version": {"v": 1, "oldest": 2},
    "an oldest reader as text": {"v": 2, "oldest": "1"},
    "an oldest reader true": {"v": 2, "oldest": True},
    "an oldest reader of none": {"v": 2, "oldest": 0},
    "an oldest reader null": {"v": 2, "oldest": None},
    "a version as text": {"v": "1"},
    "a version true": {"v": True},
    "no version": {"v": ABSENT},
    "no key": {"key": ABSENT},
    "a short key": {"key": "short"},
    "a long key": {"key": "k" * 65},
    "a key with a line break": {"key": INGEST_KEY + "\n"},
    "a key as number": {"key": 1234567890123456},
    "no token": {"token": None},
    "an empty token": {"token": ""},
    "a long token": {"token": "t" * 129},
    "a token with a blank": {"token": "to ken"},
    "a token beyond ASCII": {"token": "tökén"},
    "no stage": {"stage": ABSENT},
    "an unknown stage": {"stage": "page_viewed"},
    "a stage as list": {"stage": ["checkout_completed"]},
    "an unknown delivery": {"tr": "delivered"},
    "a delivery as flag": {"tr": True},
    "an order as number": {"order": ORDER_ID, "eid": None},
    "an order in words": {"order": "gid://shopify/Order/1", "eid": None},
    "an order with a zero before": {"order": "01", "eid": None},
    "an order beyond BIGINT": {"order": str(2**63), "eid": None},
    "an order in foreign digits": {"order": "١٢٣", "eid": None},
    "another order's event id": {"eid": "purchase.1"},
    "an event id without order": {"order": None},
    "an event id as number": {"eid": 1},
    "no consent": {"consent": ABSENT},
    "consent as flag": {"consent": True},
    "a purpose missing": {"consent": {"m": True, "a": True, "p": True}},
    "a purpose as word": {"consent": {"m": "true", "a": True, "p": True, "s": True}},
    "a browser id as number": {"fbp": 1},
    "an address as list": {"url": []},
}


@pytest.mark.parametrize("changes", WRONG_POSTS.values(), ids=WRONG_POSTS.keys())
def test_a_post_that_our_pixel_does_not_send_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadablePost) as refusal:
        Post.from_json(wire_post(**changes))

    assert str(refusal.value).endswith(".")


def test_a_post_is_read_as_it_was_sent() -> None:
    read = Post.from_json(wire_post())

    assert read == Post(
        stage=Stage.CHECKOUT_COMPLETED,
        consent=AGREED,
        at=NOON,
        delivery=Delivery.SENT,
        order_id=ORDER_ID,
        event_id=f"purchase.{ORDER_ID}",
        key=INGEST_KEY,
        token=CHECKOUT_TOKEN,
        fbp="fb.1.1764000000000.1234567890",
        fbc=None,
        url="https://store.example/thank-you",
    )


def test_a_post_shows_no_key_token_or_browser_id_when_printed() -> None:
    shown = repr(Post.from_json(wire_post()))

    assert not any(secret in shown for secret in (INGEST_KEY, CHECKOUT_TOKEN, "fb.1.", "store.example"))


def test_keys_that_the_protocol_does_not_know_are_ignored() -> None:
    known = wire_post()

    assert Post.from_json(wire_post(email="zoe@example.com", v2={"a": []})) == Post.from_json(known)


def test_a_reader_of_version_1_reads_what_version_2_says_in_its_words() -> None:
    later = wire_post(v=2, oldest=1, consent={"m": True, "a": True, "p": True, "s": True, "x": False}, page={"n": 1})

    assert Post.from_json(later) == Post.from_json(wire_post())


@pytest.mark.parametrize("changes", [{}, {"consent": {"m": False, "a": True, "p": True, "s": True}}])
def test_a_reader_of_version_2_reads_version_1(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]) -> None:
    earlier = Post.from_json(wire_post(**changes))
    monkeypatch.setattr(post, "VERSION", 2)

    assert Post.from_json(wire_post(**changes)) == earlier
    assert Post.from_json(wire_post(v=2, **changes)) == earlier
    with pytest.raises(UnreadablePost, match="later version"):
        Post.from_json(wire_post(v=3, **changes))


@pytest.mark.parametrize("changes", [{"stage": "consent_mislaid"}, {"tr": "sent_twice"}, {"consent": {"m": True}}])
def test_words_that_a_later_version_brought_are_refused_whatever_it_promises(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadablePost):
        Post.from_json(wire_post(v=2, oldest=1, **changes))


def test_everything_but_version_key_token_stage_and_consent_may_be_missing() -> None:
    rest = dict.fromkeys(("order", "eid", "ts", "tr", "url", "fbp", "fbc"), ABSENT)

    read = Post.from_json(wire_post(**rest))

    assert (read.order_id, read.event_id, read.at, read.delivery) == (None, None, None, None)
    assert (read.url, read.fbp, read.fbc) == (None, None, None)


@pytest.mark.parametrize(
    "typed", [None, "", "now", 1764000000000, "2026-11-24T12:00:00", "0000-01-01T00:00:00Z", ["x"]]
)
def test_a_clock_that_cannot_be_read_is_no_reason_to_lose_a_post(typed: object) -> None:
    assert Post.from_json(wire_post(ts=typed)).at is None


def test_the_browsers_clock_is_kept_in_utc() -> None:
    read = Post.from_json(wire_post(ts="2026-11-24T13:00:00.250+01:00"))

    assert read.at == datetime(2026, 11, 24, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize("purpose", ["m", "a", "s"])
def test_a_post_that_refuses_carries_no_browser_ids(purpose: str) -> None:
    consent = {"m": True, "a": True, "p": False, "s": True} | {purpose: False}

    read = Post.from_json(wire_post(consent=consent, fbc="fb.1.1764000000000.AbC"))

    assert (read.fbp, read.fbc) == (None, None)


def test_the_page_is_dropped_where_the_buyer_refuses_measuring_but_not_for_a_sale_opt_out() -> None:
    refused = Post.from_json(wire_post(consent={"m": False, "a": True, "p": True, "s": True}))
    opted_out = Post.from_json(wire_post(consent={"m": True, "a": True, "p": True, "s": False}))

    assert (refused.url, opted_out.url) == (None, "https://store.example/thank-you")


@pytest.mark.parametrize(
    "typed",
    ["fb.1.1749651650057.639940942831715561", "fb.0.1764000000000.IwAR0-x_aem_Abc", "fb.1.1764000000000.123.AQICAQMC"],
)
def test_browser_ids_pass_untouched(typed: str) -> None:
    read = Post.from_json(wire_post(fbp=typed, fbc=typed))

    assert (read.fbp, read.fbc) == (typed, typed)


@pytest.mark.parametrize(
    "typed", ["", "fb.1.1764000000.", "FB.1.1764000000000.1", "zoe@example.com", "fb.1.1764000000000.a b"]
)
def test_what_is_no_browser_id_is_dropped(typed: str) -> None:
    assert Post.from_json(wire_post(fbp=typed)).fbp is None


def test_a_browser_id_of_any_length_is_not_taken() -> None:
    assert Post.from_json(wire_post(fbp="fb.1.1764000000000." + "1" * 500)).fbp is None


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://store.example/thank-you?key=1#top", "https://store.example/thank-you"),
        ("https://STORE.example:8443", "https://store.example:8443"),
        ("https://user:pass@store.example/a", "https://store.example/a"),
        (f"https://store.example/checkouts/cn/{CHECKOUT_TOKEN}/thank-you", "https://store.example/"),
        ("http://127.0.0.1:8000/shop/", "http://127.0.0.1:8000/shop/"),
        ("javascript:alert(1)", None),
        ("/thank-you", None),
        ("https://", None),
        ("https://[::1]/", None),
        ("https://[/", None),
        ("https://store.example:port/", None),
        ("https://store.example/with blank", None),
        ("https://store.example/" + "x" * 2048, None),
        (None, None),
    ],
)
def test_a_page_is_kept_without_what_could_open_it(typed: str | None, address: str | None) -> None:
    assert page_address(typed, CHECKOUT_TOKEN) == address


def test_what_is_kept_of_a_post_holds_no_ids() -> None:
    kept = Post.from_json(wire_post()).kept()

    assert kept == {
        "stage": "checkout_completed",
        "consent": {"m": True, "a": True, "p": True, "s": True},
        "tr": "sent",
        "order": str(ORDER_ID),
        "ts": "2026-11-24T12:00:00+00:00",
    }


def test_what_is_kept_of_a_bare_post_is_small() -> None:
    kept = Post(stage=Stage.CHECKOUT_STARTED, consent=Consent(True, True, False, True)).kept()

    assert kept == {"stage": "checkout_started", "consent": {"m": True, "a": True, "p": False, "s": True}}


@given(st.lists(posts(), max_size=4))
def test_what_is_kept_says_as_evidence_what_the_posts_said(made: list[Post]) -> None:
    through_json = [json.loads(json.dumps(each.kept())) for each in made]

    assert Evidence.of(Post.from_kept(kept) for kept in through_json) == Evidence.of(made)


@pytest.mark.parametrize("kept", [{}, {"stage": "checkout_started"}, {"stage": 1, "consent": {}}])
def test_what_was_not_kept_by_us_is_refused(kept: dict[str, Any]) -> None:
    with pytest.raises(UnreadablePost):
        Post.from_kept(kept)


@given(
    st.dictionaries(
        st.sampled_from(["v", "key", "stage", "token", "order", "eid", "ts", "consent", "tr", "url", "fbp", "fbc"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=3), max_size=2),
        max_size=3,
    )
)
def test_any_post_is_read_or_refused(changes: dict[str, Any]) -> None:
    try:
        read = Post.from_json(wire_post(**changes))
    except UnreadablePost:
        return

    assert (read.key, read.consent) == (changes.get("key", INGEST_KEY), AGREED)
