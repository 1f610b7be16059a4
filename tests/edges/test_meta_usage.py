from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.meta.blame import blamed
from plugin.meta.usage import A_DAY, SLOW, STOP, rest_after, wait_named

MINUTE = timedelta(minutes=1)


def app(**counts: Any) -> dict[str, str]:
    return {"X-App-Usage": json.dumps(counts)}


def business(**counts: Any) -> dict[str, str]:
    return {"x-business-use-case-usage": json.dumps({"17841": [{"type": "ads_management"}, counts], "2": "?"})}


def account(**counts: Any) -> dict[str, str]:
    return {"X-Ad-Account-Usage": json.dumps(counts)}


@pytest.mark.parametrize(
    ("headers", "rest"),
    [
        ({}, None),
        (app(call_count=79, total_time=12, total_cputime=1), None),
        (app(call_count=80), SLOW),
        (app(total_time=81), SLOW),
        (app(total_cputime=94), SLOW),
        (app(call_count=95), STOP),
        (app(call_count=100, estimated_time_to_regain_access=0), STOP),
        (business(call_count=96, estimated_time_to_regain_access=12), 12 * MINUTE),
        (business(call_count=60, estimated_time_to_regain_access=12), None),
        (business(call_count=99, estimated_time_to_regain_access=99_999), A_DAY),
        (account(acc_id_util_pct=9.67, reset_time_duration=300), None),
        (account(acc_id_util_pct=85.5, reset_time_duration=300), SLOW),
        (account(acc_id_util_pct=97.01, reset_time_duration=240), 4 * MINUTE),
        (account(acc_id_util_pct=97.01, reset_time_duration=2), MINUTE),
        (app(call_count=10) | business(call_count=83), SLOW),
        (app(call_count="95"), None),
        (app(call_count=None), None),
        ({"x-app-usage": "{"}, None),
        ({"x-app-usage": '{"call_count": NaN}'}, None),
        ({"x-app-usage": '{"call_count": 1' + "0" * 400 + "}"}, STOP),
    ],
)
def test_a_connection_rests_before_a_limit_is_hit(headers: dict[str, str], rest: timedelta | None) -> None:
    assert rest_after(headers) == rest


def test_an_accounts_window_alone_is_no_reason_to_wait() -> None:
    assert wait_named(account(acc_id_util_pct=9.67, reset_time_duration=300)) is None
    assert wait_named(account(acc_id_util_pct=100, reset_time_duration=300)) == 5 * MINUTE


TEXTS = st.text() | st.dictionaries(st.text(), st.lists(st.integers() | st.none()) | st.floats()).map(json.dumps)


@given(st.dictionaries(st.sampled_from(["x-app-usage", "X-Ad-Account-Usage", "Retry-After"]), TEXTS))
def test_no_header_is_too_strange(headers: dict[str, str]) -> None:
    for found in (rest_after(headers), wait_named(headers)):
        assert found is None or timedelta() < found <= A_DAY


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"blame_field_specs": [["data[3][event_time]"]]}, 3),
        ({"blame_field_specs": [["data", "12", "user_data", "em"]]}, 12),
        ({"blame_field_specs": [["data.7.event_id"]]}, 7),
        ({"blame_field_specs": ["data[0]"]}, 0),
        ({"event_index": 5}, 5),
        ('{"blame_field_specs":[["data[3]"]]}', 3),
        ({"blame_field_specs": [["data[3]"], ["data[3][event_time]"]]}, 3),
        ({"blame_field_specs": [["data[3]"], ["data[4]"]]}, None),
        ({"blame_field_specs": [["data"]]}, None),
        ({"blame_field_specs": [["access_token"]]}, None),
        ({"blame_field_specs": "data[3]"}, None),
        ({"event_index": True}, None),
        ({"event_index": -1}, None),
        ("[", None),
        (None, None),
        (7, None),
    ],
)
def test_the_event_that_an_error_names_is_found_if_it_names_one(data: object, place: int | None) -> None:
    assert blamed({"error_data": data}) == place
