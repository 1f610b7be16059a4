"""Meta's own Python library reads the stand-in's figures: they are counted from what it really received."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from facebook_business.adobjects.adspixel import AdsPixel
from facebook_business.adobjects.adspixelcapiintegrationquality import AdsPixelCAPIIntegrationQuality
from facebook_business.adobjects.adspixelstatsresult import AdsPixelStatsResult
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from tests.sandbox.conftest import DATASET, TOKEN, Sandbox

TOTALS = AdsPixelStatsResult.Aggregation.event_total_counts
OURS = "backstop_1_0"


@pytest.fixture
def graph(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setattr(FacebookSession, "GRAPH", f"{sandbox.url}/meta")
    FacebookAdsApi.init(access_token=TOKEN, crash_log=False)
    yield sandbox
    FacebookAdsApi.set_default_api(None)


def send(*orders: int, agent: str | None = OURS) -> None:
    events = [
        Event(
            event_name="Purchase",
            event_time=int(time.time()),
            event_id=f"purchase.{order}",
            event_source_url="https://lantern.example/",
            action_source=ActionSource.WEBSITE,
            user_data=UserData(emails=["mara@example.com"], client_user_agent="Test/1"),
            custom_data=CustomData(value=12.5, currency="eur", order_id=str(order)),
        )
        for order in orders
    ]
    EventRequest(DATASET, events=events, partner_agent=agent).execute()


def browse(graph: Sandbox, *orders: int) -> None:
    for order in orders:
        fields = {"id": DATASET, "ev": "Purchase", "eid": f"purchase.{order}"}
        assert requests.get(f"{graph.url}/meta/tr/", params=fields, timeout=5).status_code == 200


def count(**asked: Any) -> int:
    """Purchases as the library reads them."""
    found = AdsPixel(DATASET).get_stats(params={"aggregation": TOTALS} | asked)
    rows = [row for bucket in found for row in bucket[AdsPixelStatsResult.Field.data]]
    return sum(row["count"] for row in rows if row["value"] == "Purchase")


def quality(**asked: Any) -> list[AdsPixelCAPIIntegrationQuality]:
    fields = "web{event_name,event_match_quality{composite_score},event_coverage{percentage},dedupe_key_feedback}"
    asked = {"dataset_id": DATASET, "fields": fields} | asked
    said = FacebookAdsApi.get_default_api().call("GET", ["dataset_quality"], params=asked).json()
    found = [AdsPixelCAPIIntegrationQuality() for _ in said["web"]]
    for one, told in zip(found, said["web"], strict=True):
        one.set_data(told)
    return found


def test_counts_are_told_by_source_and_by_agent(graph: Sandbox) -> None:
    send(1, 2)
    send(3, agent=None)
    browse(graph, 1, 2, 4, 5)
    graph.post("/meta/other-sender", {"purchases": 3})

    assert count() == 10
    assert count(event_source="WEB_ONLY") == 4
    assert count(event_source="SERVER_ONLY") == 6
    assert count(event_source="SERVER_ONLY", agent="backstop") == 2
    assert count(event_source="SERVER_ONLY", agent="othersender") == 3
    assert count(event_source="SERVER_ONLY", agent="nobody") == 0


def test_copies_are_counted_too(graph: Sandbox) -> None:
    send(1)
    send(1)

    assert [one["deduplicated"] for one in graph.received()] == [False, True]
    assert count(event_source="SERVER_ONLY") == 2


def test_what_lies_outside_the_asked_time_is_not_counted(graph: Sandbox) -> None:
    send(1)
    graph.advance(hours=25)
    send(2)
    now = int(time.time()) + 25 * 3600

    assert count(start_time=now - 3600, end_time=now + 60) == 1
    assert count(start_time=now - 26 * 3600, end_time=now + 60) == 2
    hourly = AdsPixel(DATASET).get_stats(params={"aggregation": "event"})
    assert [row["data"][0]["count"] for row in hourly] == [1, 1]
    with pytest.raises(FacebookRequestError) as refused:
        count(start_time=now - 8 * 86_400)
    assert refused.value.api_error_code() == 100


def test_coverage_is_the_share_of_the_browsers_purchases_that_a_server_sent_too(graph: Sandbox) -> None:
    send(1, 5)
    browse(graph, 1, 2, 3, 4)
    graph.post("/meta/other-sender")

    (found,) = quality(agent_name="backstop")

    assert found["event_name"] == "Purchase"
    assert found["event_coverage"] == {"percentage": 25.0, "goal_percentage": 75}
    assert found["event_match_quality"]["composite_score"] == 2
    (key,) = found["dedupe_key_feedback"]
    assert key["dedupe_key"] == "event_id"
    assert key["overall_browser_coverage_from_dedupe_key"]["percentage"] == 25.0
    assert quality(agent_name="nobody") == []


@pytest.mark.parametrize(("fault", "code"), [("reports_denied", 200), ("reports_500", 2)])
def test_what_it_does_not_tell_is_an_error_of_graphs(graph: Sandbox, fault: str, code: int) -> None:
    graph.fault(fault)

    for ask in (count, quality):
        with pytest.raises(FacebookRequestError) as refused:
            ask()
        assert refused.value.api_error_code() == code


def test_a_dataset_without_figures_is_empty(graph: Sandbox) -> None:
    send(1)
    graph.fault("reports_empty")

    assert list(AdsPixel(DATASET).get_stats(params={"aggregation": TOTALS})) == []
    assert quality() == []


def test_tokens_datasets_and_fields_are_checked(graph: Sandbox) -> None:
    with pytest.raises(FacebookRequestError) as unknown:
        quality(dataset_id="5555555555")
    assert unknown.value.api_error_subcode() == 2044055
    with pytest.raises(FacebookRequestError) as misspelt:
        quality(fields="web{dedup_key_feedback}")
    assert misspelt.value.api_error_code() == 100
    with pytest.raises(FacebookRequestError) as wrong:
        AdsPixel(DATASET).get_stats(params={"aggregation": AdsPixelStatsResult.Aggregation.host})
    assert wrong.value.api_error_code() == 100
    FacebookAdsApi.init(app_id="77", app_secret="not-its-app", access_token=TOKEN, crash_log=False)
    with pytest.raises(FacebookRequestError) as proved:
        count()
    assert proved.value.api_error_code() == 100
    graph.post("/meta/datasets", {"token": TOKEN, "revoke": True})
    with pytest.raises(FacebookRequestError) as dead:
        count()
    assert dead.value.api_error_code() == 190


@pytest.mark.parametrize("purchases", [0, 1001, "3", None])
def test_another_sender_sends_a_sensible_number(graph: Sandbox, purchases: Any) -> None:
    graph.post("/meta/other-sender", {"purchases": purchases}, status=400)

    assert graph.received() == []
