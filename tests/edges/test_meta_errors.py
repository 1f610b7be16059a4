from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.meta.codes import TABLE
from plugin.meta.errors import Cause, MetaDisconnected, MetaError, MetaRefused, MetaUnavailable, error_from

MINUTE = timedelta(minutes=1)
REVOKED, PERMISSION, UNKNOWN = Cause.TOKEN_REVOKED, Cause.PERMISSION_LOST, Cause.DATASET_UNKNOWN


def graph_error(status: int = 400, headers: dict[str, str] | None = None, /, **error: Any) -> MetaError:
    body = {"error": {"message": "Etwas ging schief", "type": "OAuthException", "fbtrace_id": "AbC-d_1"} | error}
    return error_from(status, headers or {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "code", "subcode"),
    [(500, 1, None), (503, 2, None), (400, 2, 1504022), (400, 100, 21009), (400, 21009, None), (500, 999, None)],
)
def test_a_passing_error_is_tried_again_without_doubt(status: int, code: int, subcode: int | None) -> None:
    error = graph_error(status, code=code, error_subcode=subcode)

    assert isinstance(error, MetaUnavailable)
    assert (error.in_doubt, error.retry_after) == (False, None)
    assert (error.code, error.subcode, error.trace_id) == (code, subcode, "AbC-d_1")


@pytest.mark.parametrize(
    ("status", "code", "subcode"),
    [
        (400, 4, 1504022),
        (403, 4, None),
        (500, 17, 2446079),
        (400, 32, None),
        (400, 341, None),
        (400, 613, 1487742),
        (400, 80000, None),
        (400, 80003, None),
        (400, 80004, 2446079),
        (400, 80014, None),
        (429, 999, None),
    ],
)
def test_throttling_is_waited_out_for_a_minute_at_least(status: int, code: int, subcode: int | None) -> None:
    error = graph_error(status, code=code, error_subcode=subcode)

    assert isinstance(error, MetaUnavailable)
    assert (error.in_doubt, error.retry_after) == (False, MINUTE)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "300"}, timedelta(minutes=5)),
        ({"retry-after": "5"}, MINUTE),
        ({"Retry-After": "999999"}, timedelta(days=1)),
        ({"Retry-After": "Wed, 25 Nov 2026 07:28:00 GMT"}, MINUTE),
        (
            {"X-Business-Use-Case-Usage": '{"12":[{"type":"ads","estimated_time_to_regain_access":7},{}],"13":[7]}'},
            timedelta(minutes=7),
        ),
        ({"X-Ad-Account-Usage": '{"acc_id_util_pct":100,"reset_time_duration":130}'}, timedelta(seconds=130)),
        ({"X-Business-Use-Case-Usage": "{", "X-Ad-Account-Usage": "[]"}, MINUTE),
        ({"X-Ad-Account-Usage": '{"reset_time_duration":-5}'}, MINUTE),
    ],
)
def test_the_wait_that_meta_names_is_kept(headers: dict[str, str], wait: timedelta) -> None:
    error = graph_error(400, headers, code=4)

    assert isinstance(error, MetaUnavailable)
    assert error.retry_after == wait


def test_a_policy_block_is_asked_about_once_a_day() -> None:
    error = graph_error(400, {"Retry-After": "1"}, code=368)

    assert isinstance(error, MetaUnavailable)
    assert error.retry_after == timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "details", "cause"),
    [
        (400, {"code": 190, "error_subcode": 460}, REVOKED),
        (400, {"code": 190, "error_subcode": 458}, REVOKED),
        (401, {"code": 190}, REVOKED),
        (500, {"code": 190, "is_transient": True}, REVOKED),
        (400, {"code": 102}, REVOKED),
        (400, {"code": 104}, REVOKED),
        (401, {"code": 999}, REVOKED),
        (400, {"code": 3}, PERMISSION),
        (403, {"code": 10}, PERMISSION),
        (403, {"code": 200}, PERMISSION),
        (400, {"code": 294}, PERMISSION),
        (400, {"code": 299}, PERMISSION),
        (403, {"code": 999}, PERMISSION),
        (400, {"code": 100, "message": "Invalid appsecret_proof provided in the API argument"}, PERMISSION),
        (400, {"code": 1, "message": "API calls from the server require an appsecret_proof argument"}, PERMISSION),
        (400, {"code": 100, "error_subcode": 33}, UNKNOWN),
    ],
)
def test_a_broken_connection_says_what_broke(status: int, details: dict[str, Any], cause: Cause) -> None:
    error = graph_error(status, **details)

    assert isinstance(error, MetaDisconnected)
    assert error.cause == cause


@pytest.mark.parametrize("subcode", [None, 2804001, 2804003, 2804009, 2804036, 2804050, 2804999])
def test_what_meta_will_never_take_is_refused(subcode: int | None) -> None:
    error = graph_error(400, code=100, error_subcode=subcode, is_transient=False)

    assert isinstance(error, MetaRefused)
    assert (error.code, error.subcode) == (100, subcode)


def test_a_transient_error_of_an_unknown_code_is_tried_again() -> None:
    assert isinstance(graph_error(400, code=999, is_transient=True), MetaUnavailable)
    assert isinstance(graph_error(400, code=999), MetaRefused)


@pytest.mark.parametrize(
    ("status", "body", "in_doubt"),
    [
        (200, b"", True),
        (200, b"Service Unavailable", True),
        (200, b'{"events_received":1}', True),
        (204, b"", True),
        (302, b"", True),
        (500, b"<html>", True),
        (502, b'{"error":"text"}', True),
        (503, b'{"error":{"code":1,"mess', True),
        (400, b'{"error":{"code":100,"mess', False),
        (403, b"<html>", False),
        (408, b"", False),
        (400, b'{"error":{"message":"no code"}}', False),
        (999, b"", True),
    ],
)
def test_an_answer_without_a_graph_error_is_in_doubt_unless_it_declines(
    status: int, body: bytes, *, in_doubt: bool
) -> None:
    error = error_from(status, {}, body)

    assert isinstance(error, MetaUnavailable)
    assert (error.in_doubt, error.code, error.subcode) == (in_doubt, None, None)


def test_some_statuses_speak_for_themselves() -> None:
    assert isinstance(error_from(413, {}, b"<html>"), MetaRefused)
    slow = error_from(429, {"Retry-After": "120"}, b"<html>")
    assert isinstance(slow, MetaUnavailable)
    assert (slow.in_doubt, slow.retry_after) == (False, timedelta(minutes=2))


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"message":"log in first"}', b'{"error":"unauthorized"}'])
def test_a_401_that_is_not_metas_breaks_no_connection(body: bytes) -> None:
    error = error_from(401, {}, body)

    assert isinstance(error, MetaUnavailable)
    assert (error.in_doubt, error.throttled) == (False, False)


@pytest.mark.parametrize("trace", ["A" * 65, "a\nb", 7, None, "ü"])
def test_a_trace_id_that_is_not_fit_to_keep_is_dropped(trace: object) -> None:
    assert graph_error(400, code=100, fbtrace_id=trace).trace_id is None


def test_the_text_of_an_error_quotes_nothing_of_the_answer() -> None:
    error = graph_error(400, code=100, error_subcode=2804050, error_user_msg="jane@example.com")

    assert str(error) == "Meta did not take the events (code 100, subcode 2804050)"


def test_every_line_of_the_table_is_reached() -> None:
    for code, subcode in TABLE:
        error = graph_error(400, code=code, error_subcode=subcode)
        assert (error.code, error.subcode) == (code, subcode)
        assert isinstance(error, (MetaRefused, MetaDisconnected, MetaUnavailable))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
FIELDS = ("code", "error_subcode", "message", "is_transient", "fbtrace_id")


@given(
    st.integers(100, 999),
    st.dictionaries(st.sampled_from(["Retry-After", "X-Business-Use-Case-Usage", "X-Ad-Account-Usage"]), st.text()),
    st.binary(max_size=99)
    | JSON.map(json.dumps).map(str.encode)
    | st.dictionaries(st.sampled_from(FIELDS), JSON).map(lambda error: json.dumps({"error": error}).encode()),
)
def test_no_answer_is_too_strange(status: int, headers: dict[str, str], body: bytes) -> None:
    assert isinstance(error_from(status, headers, body), MetaError)
