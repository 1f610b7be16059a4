from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery.dial import EVERYTHING
from plugin.recovery.purchase import Browser, purchase_event, with_browser
from plugin.recovery.soundness import Flaw, flaw_of
from tests.builders import NOON, receipt

EVENT = purchase_event(receipt(), fields=EVERYTHING, shop_url="https://lantern.example", content_ids="product")
BROAD = {"country": ["a" * 64], "ct": ["b" * 64], "client_user_agent": "Test/1"}


def changed(part: str | None = None, **changes: Any) -> bytes:
    event = json.loads(EVENT)
    (event[part] if part else event).update(changes)
    return json.dumps(event).encode()


def test_what_we_make_is_sound() -> None:
    assert flaw_of(EVENT, NOON) is None
    browser = Browser("fb.1.2.3", "fb.1.2.abc", "2001:db8::1", "Test/1", "https://lantern.example/thanks")
    assert flaw_of(with_browser(EVENT, browser, ldu=True), NOON) is None


@pytest.mark.parametrize(
    ("event", "flaw"),
    [
        (b"", Flaw.WRONG_SHAPE),
        (b"[]", Flaw.WRONG_SHAPE),
        (b'{"event_time":01}', Flaw.WRONG_SHAPE),
        (b"\xff{}", Flaw.WRONG_SHAPE),
        (changed(event_name="PageView"), Flaw.WRONG_SHAPE),
        (changed(action_source="physical_store"), Flaw.WRONG_SHAPE),
        (changed(event_time=True), Flaw.WRONG_SHAPE),
        (changed(event_time="1764000000"), Flaw.WRONG_SHAPE),
        (changed(event_id=""), Flaw.WRONG_SHAPE),
        (changed(event_source_url=None), Flaw.WRONG_SHAPE),
        (changed(event_source_url="lantern.example"), Flaw.WRONG_SHAPE),
        (changed(user_data=[]), Flaw.WRONG_SHAPE),
        (changed(custom_data=None), Flaw.WRONG_SHAPE),
        (changed("user_data", street=["a" * 64]), Flaw.WRONG_SHAPE),
        (changed("user_data", fbp=["fb.1.2.3"]), Flaw.WRONG_SHAPE),
        (changed("custom_data", currency="eur"), Flaw.WRONG_CURRENCY),
        (changed("custom_data", currency="EURO"), Flaw.WRONG_CURRENCY),
        (changed("custom_data", currency=None), Flaw.WRONG_CURRENCY),
        (changed("custom_data", value="12.50"), Flaw.WRONG_VALUE),
        (changed("custom_data", value=-0.01), Flaw.WRONG_VALUE),
        (changed("custom_data", value=None), Flaw.WRONG_VALUE),
        (changed("custom_data", value=True), Flaw.WRONG_VALUE),
        (changed("custom_data", value=0), None),
        (changed("custom_data", value=404.95), None),
        (changed("user_data", em=["zoe@example.com"]), Flaw.NOT_HASHED),
        (changed("user_data", em=["A" * 64]), Flaw.NOT_HASHED),
        (changed("user_data", em="a" * 64), Flaw.NOT_HASHED),
        (changed("user_data", em=[]), Flaw.NOT_HASHED),
        (changed(user_data={}), Flaw.TOO_BROAD),
        (changed(user_data=BROAD), Flaw.TOO_BROAD),
        (changed(user_data=BROAD | {"fbp": "fb.1.2.3"}), None),
        (changed(user_data=BROAD | {"client_ip_address": "2001:db8::1"}), None),
    ],
)
def test_what_meta_would_refuse_is_found_before_it_leaves(event: bytes, flaw: Flaw | None) -> None:
    assert flaw_of(event, NOON) == flaw


@pytest.mark.parametrize(("age", "flaw"), [(timedelta(days=7), Flaw.TOO_OLD), (timedelta(days=6, hours=23), None)])
def test_an_event_of_more_than_seven_days_ago_is_too_old(age: timedelta, flaw: Flaw | None) -> None:
    assert flaw_of(EVENT, NOON + age) == flaw


def test_a_flaw_is_kept_as_a_code_of_our_own() -> None:
    assert Flaw.TOO_OLD.code == "local/too_old"


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=4)


@given(st.sampled_from(["user_data", "custom_data", None]), st.dictionaries(st.sampled_from(sorted(EVERYTHING)), JSON))
def test_no_event_is_too_strange(part: str | None, changes: dict[str, Any]) -> None:
    assert flaw_of(changed(part, **changes), NOON) in {None, *Flaw}
