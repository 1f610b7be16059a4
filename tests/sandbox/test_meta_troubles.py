from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import DATASET, TOKEN, Sandbox, purchase


def post(sandbox: Sandbox, *events: dict[str, Any], **more: Any) -> requests.Response:
    body = {"access_token": TOKEN, "data": list(events) or [purchase()]}
    return requests.post(f"{sandbox.url}/meta/v26.0/{DATASET}/events", json=body, timeout=10, **more)


def test_a_connection_cut_before_the_body_leaves_no_trace(sandbox: Sandbox) -> None:
    sandbox.fault("meta_reset_early", count=1)

    with pytest.raises(requests.ConnectionError):
        post(sandbox)

    assert sandbox.get("/meta/received.json")["requests"] == []


def test_too_many_requests_may_be_said_before_graph_is_reached(sandbox: Sandbox) -> None:
    sandbox.fault("meta_429", count=1, seconds=90)

    answer = post(sandbox)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "90")
    assert sandbox.received() == []


@pytest.mark.parametrize(
    ("header", "name", "told"),
    [
        ("app", "x-app-usage", {"call_count": 97, "total_time": 5, "total_cputime": 3}),
        (
            "account",
            "x-ad-account-usage",
            {"acc_id_util_pct": 97, "reset_time_duration": 180, "ads_api_access_tier": "limited"},
        ),
    ],
)
def test_a_good_answer_may_say_that_a_limit_is_near(
    sandbox: Sandbox, header: str, name: str, told: dict[str, Any]
) -> None:
    sandbox.fault("meta_usage", header=header, percent=97, minutes=3)

    answer = post(sandbox)

    assert answer.json()["events_received"] == 1
    assert json.loads(answer.headers[name]) == told


def test_a_businesss_usage_is_told_by_business(sandbox: Sandbox) -> None:
    sandbox.fault("meta_usage", header="business", percent=88, minutes=0)

    [[use]] = json.loads(post(sandbox).headers["x-business-use-case-usage"]).values()

    assert (use["call_count"], use["estimated_time_to_regain_access"]) == (88, 0)


def test_an_answer_may_drip(sandbox: Sandbox) -> None:
    sandbox.fault("meta_drip", count=1, delay=0.01)
    began = time.monotonic()

    assert post(sandbox).json()["events_received"] == 1
    assert time.monotonic() - began > 0.5


def test_an_answer_may_be_a_bomb(sandbox: Sandbox) -> None:
    sandbox.fault("meta_bomb", megabytes=8)

    with post(sandbox, stream=True) as answer:
        packed = answer.raw.read(decode_content=False)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(packed) < 20_000
    assert len(gzip.decompress(packed)) == 8 * 1024 * 1024
    assert len(sandbox.received()) == 1


def test_an_answer_may_be_huge_as_it_is(sandbox: Sandbox) -> None:
    sandbox.fault("meta_bomb", megabytes=2, plain=True)

    assert len(post(sandbox).content) == 2 * 1024 * 1024


@pytest.mark.parametrize(("off_by", "place"), [(0, "1"), (1, "2")])
def test_a_refusal_may_name_the_event_rightly_or_wrongly(sandbox: Sandbox, off_by: int, place: str) -> None:
    sandbox.fault("meta_reject", order="2", blame=True, off_by=off_by)

    error = post(sandbox, purchase(1), purchase(2), purchase(3)).json()["error"]

    assert error["error_data"] == {"blame_field_specs": [["data", place, "event_id"]]}


def test_a_refusal_may_have_any_code(sandbox: Sandbox) -> None:
    sandbox.fault("meta_reject", code=987_654, subcode=7)

    error = post(sandbox).json()["error"]

    assert (error["code"], error["error_subcode"]) == (987_654, 7)
    assert "error_data" not in error


def test_a_request_is_dated_by_its_beginning(sandbox: Sandbox) -> None:
    sandbox.fault("meta_slow", delay=0.4)
    before = time.time()
    post(sandbox)

    [told] = sandbox.get("/meta/received.json")["requests"]
    assert before <= told["real_at"] < before + 0.35
