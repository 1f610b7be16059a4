"""Meta's own Python library drives the stand-in: what it sends is understood, what it is told it understands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from tests.sandbox.conftest import DATASET, TOKEN, Sandbox


@pytest.fixture
def graph(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setattr(FacebookSession, "GRAPH", f"{sandbox.url}/meta")
    FacebookAdsApi.init(access_token=TOKEN, crash_log=False)
    yield sandbox
    FacebookAdsApi.set_default_api(None)


def event(**changes: Any) -> Event:
    fields: dict[str, Any] = {
        "event_name": "Purchase",
        "event_time": int(time.time()),
        "event_id": "purchase.5001",
        "event_source_url": "https://lantern.example/",
        "action_source": ActionSource.WEBSITE,
        "user_data": UserData(emails=["Mara@Example.com"], phones=["+49 30 23125 042"], client_user_agent="Test/1"),
        "custom_data": CustomData(value=12.5, currency="eur", order_id="5001"),
    }
    return Event(**fields | changes)


def test_its_request_is_taken(graph: Sandbox) -> None:
    answer = EventRequest(DATASET, events=[event(), event(event_id="purchase.5002")]).execute()

    assert answer.events_received == 2
    assert answer.fbtrace_id.startswith("A")
    first = graph.received()[0]
    assert first["event_id"] == "purchase.5001"
    assert first["payload"]["user_data"]["em"][0].isalnum()


def test_its_second_copy_is_dropped(graph: Sandbox) -> None:
    for _ in range(2):
        EventRequest(DATASET, events=[event()]).execute()

    assert [one["deduplicated"] for one in graph.received()] == [False, True]


@pytest.mark.parametrize(
    ("changes", "code", "subcode", "status"),
    [
        ({"event_time": int(time.time()) - 8 * 86_400}, 100, 2804003, 400),
        ({"user_data": UserData(cities=["Berlin"], country_codes=["de"])}, 100, 2804050, 400),
    ],
)
def test_it_reads_a_refusal(graph: Sandbox, changes: dict[str, Any], code: int, subcode: int, status: int) -> None:
    with pytest.raises(FacebookRequestError) as refused:
        EventRequest(DATASET, events=[event(**changes)]).execute()

    assert (refused.value.api_error_code(), refused.value.api_error_subcode()) == (code, subcode)
    assert refused.value.http_status() == status
    assert graph.received() == []


def test_it_reads_that_its_token_is_dead(graph: Sandbox) -> None:
    graph.post("/meta/datasets", {"token": TOKEN, "revoke": True})

    with pytest.raises(FacebookRequestError) as refused:
        EventRequest(DATASET, events=[event()]).execute()

    assert refused.value.api_error_code() == 190
    assert refused.value.http_status() == 401


def test_it_reads_that_a_failure_will_pass(graph: Sandbox) -> None:
    graph.fault("meta_500", count=1)

    with pytest.raises(FacebookRequestError) as failed:
        EventRequest(DATASET, events=[event()]).execute()

    assert failed.value.api_transient_error()


def test_its_proof_fits_a_token_of_its_app_and_no_other(graph: Sandbox) -> None:
    FacebookAdsApi.init(app_id="77", app_secret="app-secret", access_token=TOKEN, crash_log=False)
    with pytest.raises(FacebookRequestError) as refused:
        EventRequest(DATASET, events=[event()]).execute()
    assert refused.value.api_error_code() == 100

    graph.post("/meta/datasets", {"dataset": DATASET, "token": TOKEN, "app_secret": "app-secret"})
    assert EventRequest(DATASET, events=[event()]).execute().events_received == 1


def test_its_batch_with_one_bad_event_is_refused_whole(graph: Sandbox) -> None:
    graph.fault("meta_reject", order="5002", subcode=2804007)
    batch = [event(), event(event_id="purchase.5002", custom_data=CustomData(value=1, currency="eur", order_id="5002"))]

    with pytest.raises(FacebookRequestError) as refused:
        EventRequest(DATASET, events=batch).execute()

    assert (refused.value.api_error_code(), refused.value.api_error_subcode()) == (100, 2804007)
    assert graph.received() == []
    assert EventRequest(DATASET, events=batch[:1]).execute().events_received == 1


def test_its_batch_with_one_stale_event_is_refused_whole(graph: Sandbox) -> None:
    batch = [event(), event(event_id="purchase.5002", event_time=int(time.time()) - 8 * 86_400)]

    with pytest.raises(FacebookRequestError) as refused:
        EventRequest(DATASET, events=batch).execute()

    assert refused.value.api_error_subcode() == 2804003
    assert graph.received() == []


def test_its_largest_batch_is_taken_and_one_more_event_is_refused(graph: Sandbox) -> None:
    batch = [event(event_id=f"purchase.{number}") for number in range(1001)]

    assert EventRequest(DATASET, events=batch[:1000]).execute().events_received == 1000
    with pytest.raises(FacebookRequestError) as refused:
        EventRequest(DATASET, events=batch).execute()

    assert refused.value.api_error_code() == 100
    assert len(graph.received()) == 1000


@pytest.mark.parametrize(("fault", "status"), [("meta_throttle", 400), ("meta_denied", 403)])
def test_it_reads_the_other_refusals(graph: Sandbox, fault: str, status: int) -> None:
    graph.fault(fault, count=1)

    with pytest.raises(FacebookRequestError) as refused:
        EventRequest(DATASET, events=[event()]).execute()

    assert refused.value.http_status() == status


def test_it_reads_a_good_answer_that_says_a_limit_is_near(graph: Sandbox) -> None:
    graph.fault("meta_usage", percent=97)

    assert EventRequest(DATASET, events=[event()]).execute().events_received == 1
